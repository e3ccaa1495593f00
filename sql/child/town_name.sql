-- town_name: the 町名 inside an address (大阪府豊中市庄内東町1丁目… → 庄内東町); '' when nothing is left of it.
create or replace temp macro town_name(address) as (
    regexp_replace(
        regexp_extract(
            regexp_replace(
                regexp_replace(translate(address, ' 　', ''), '^(北海道|東京都|京都府|大阪府|[^0-9０-９]{2,3}県)', ''),
                '^[^0-9０-９市]{1,6}市', ''
            ),
            '^[^0-9０-９]*'
        ),
        '[一二三四五六七八九十]+丁目.*$', ''
    )
);
