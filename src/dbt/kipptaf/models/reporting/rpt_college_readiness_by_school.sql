{%- set columns = "
    cb_id, ai_name, test_date, report_date, source_file_name,
    total, ebrw, math_section, ebrw_ccr_benchmark, math_ccr_benchmark
" -%}
with
    scores as (
        select code_location, 'SAT' as test_type, {{ columns }}
        from {{ ref("stg_collegeboard__sat") }}

        union all

        select code_location, test_type, {{ columns }}
        from {{ ref("stg_collegeboard__psat") }}
    ),

    {# A score comes again in later files; a student may take a test twice in a year. #}
    latest as (
        select
            *,
            row_number() over (
                partition by code_location, test_type, academic_year, cb_id
                order by test_date desc, report_date desc, source_file_name desc
            ) as copy_number
        from
            (
                select
                    *,
                    extract(year from test_date)
                    - case when extract(month from test_date) < 7 then 1 else 0 end as academic_year
                from scores
            ) as school_year
    )

select
    code_location,
    academic_year,
    test_type,
    ai_name as school,
    count(*) as students,
    round(avg(total), 0) as mean_total,
    round(avg(ebrw), 0) as mean_ebrw,
    round(avg(math_section), 0) as mean_math,
    round(
        100.0
        * sum(case when ebrw_ccr_benchmark and math_ccr_benchmark then 1 else 0 end)
        / count(*),
        1
    ) as percent_met_both_benchmarks
from latest
where copy_number = 1
group by code_location, academic_year, test_type, ai_name
