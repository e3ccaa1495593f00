-- dwelling_text: an address or 方書 reduced to a key that two spellings of the same door share:
-- digits and hyphens half-width, 丁目・番地・番・号 as hyphens, no blanks. A key for comparing only, never shown.
create or replace temp macro dwelling_text(written) as (
    rtrim(
        regexp_replace(
            translate(
                replace(replace(replace(replace(replace(
                    upper(nfc_normalize(written)), '丁目', '-'), '番地の', '-'), '番地', '-'), '号室', ''), '号棟', '棟'),
                '０１２３４５６７８９一二三四五六七八九－ー―‐−–—ｰ番号　 ',
                '0123456789123456789----------'
            ),
            '-+', '-', 'g'
        ),
        '-'
    )
);
