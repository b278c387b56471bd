with
    {# The same row may have come in two years' folders: the later folder's is the newer. #}
    diagnostics as (
        select
            *,
            row_number() over (
                partition by code_location, academic_year, subject, student_id, completion_date
                order by
                    _dagster_partition_academic_year desc, start_date desc, overall_scale_score desc
            ) as copy_number
        from {{ ref("stg_iready__diagnostic_results") }}
        where overall_scale_score is not null
    ),

    {# Where a layout does not flag the baseline or the most recent test, the dates tell. #}
    numbered as (
        select
            *,
            row_number() over (
                partition by code_location, academic_year, subject, student_id
                order by
                    case when is_baseline_diagnostic then 0 else 1 end,
                    completion_date nulls last
            ) as from_baseline,
            row_number() over (
                partition by code_location, academic_year, subject, student_id
                order by
                    case when is_most_recent_diagnostic then 0 else 1 end, completion_date desc
            ) as from_most_recent
        from diagnostics
        where copy_number = 1
    ),

    {# A student with one test has no growth yet. #}
    growth as (
        select
            most_recent.code_location,
            most_recent.academic_year,
            most_recent.subject,
            most_recent.school,
            most_recent.overall_scale_score - baseline.overall_scale_score as gain,
            coalesce(
                baseline.annual_typical_growth_measure, most_recent.annual_typical_growth_measure
            ) as typical_growth
        from numbered as most_recent
        inner join
            numbered as baseline
            on most_recent.code_location = baseline.code_location
            and most_recent.academic_year = baseline.academic_year
            and most_recent.subject = baseline.subject
            and most_recent.student_id = baseline.student_id
            and most_recent.completion_date > baseline.completion_date
        where most_recent.from_most_recent = 1 and baseline.from_baseline = 1
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by code_location, academic_year, subject, school order by gain
            ) as place,
            count(*) over (
                partition by code_location, academic_year, subject, school
            ) as places
        from growth
    )

select
    code_location,
    academic_year,
    subject,
    school,
    count(*) as students,
    round(avg(gain), 1) as mean_gain,
    {# The one in the middle, or the two. #}
    avg(case when 2 * place between places and places + 2 then gain end) as median_gain,
    round(
        100.0
        * sum(case when gain >= typical_growth then 1 else 0 end)
        / nullif(count(typical_growth), 0),
        1
    ) as percent_met_typical_growth
from ranked
group by code_location, academic_year, subject, school
