-- relation_chain: 続柄 as one letter a step from the 世帯主: C 子, S 夫・妻, U 未届の夫・妻, P 父・母, B 兄弟姉妹,
-- X 縁故者・同居人 or anything else. 世帯主 itself is '' and 妻の子 is 'SC'.
create or replace temp macro relation_chain(relation) as (
    array_to_string(
        list_transform(
            string_split(
                replace(replace(
                    regexp_replace(translate(relation, '（）　 ', '()'), '\s', '', 'g'),
                    '未届の', '未届'
                ), '甥姪', '甥'),
                'の'
            ),
            lambda step: case
                when step in ('世帯主', '本人', '世帯主本人') then ''
                when step like '%未届%' then 'U'
                when step in ('夫', '妻', '配偶者') then 'S'
                when step in ('孫') then 'CC'
                when step in ('曾孫', 'ひ孫', '曽孫') then 'CCC'
                when step in ('祖父', '祖母') then 'PP'
                when step in ('甥', '姪', 'おい', 'めい') then 'BC'
                when step in ('伯父', '叔父', '伯母', '叔母', 'おじ', 'おば') then 'PB'
                when step = '子' or step like '%男' or step like '%女' or step like '%養子%' or step like '%継子%' then 'C'
                when step in ('父', '母', '養父', '養母', '継父', '継母') then 'P'
                when step in ('兄', '弟', '姉', '妹', '兄弟', '姉妹', '兄弟姉妹') then 'B'
                else 'X'
            end
        ),
        ''
    )
);
