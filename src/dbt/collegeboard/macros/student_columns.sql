{# What both files say about the student, the school and the score. #}
{% macro student_columns() %}
    source_file_name,
    {{ teamster.typed_columns(
        text="
            ai_code ai_name district_name cb_id secondary_id district_student_id
            name_last name_first name_mi gender derived_aggregate_race_eth grad_date
        ",
        date="birth_date report_date",
        integer="cohort_year",
        boolean="ebrw_ccr_benchmark math_ccr_benchmark",
    ) }}
{% endmacro %}

{#
    The scores of one administration, without its prefix: `latest_sat_total` is `total`.

    Args: the prefix before each column (`latest_sat_`), the alias's own (`` or `admin2_`).
#}
{% macro score_columns(prefix, alias="") %}
    {%- set sections = "
        total ebrw math_section reading writ_lang sci_cross hist_socst_cross words_context
        comm_evidence expr_ideas eng_convent heart_algebra adv_math probslv_data
    " %}
    {{ teamster.to_date(prefix ~ "date") }} as {{ alias }}test_date,
    {{ prefix }}grade as {{ alias }}grade,
    {%- for section in sections.split() %}
    {{ teamster.to_integer(prefix ~ section) }} as {{ alias }}{{ section }},
    {%- endfor %}
    {{ teamster.to_number(prefix ~ "math_test") }} as {{ alias }}math_test
{% endmacro %}

{# The digital tests' two sections and eight domains ("knowledge and skills"). #}
{% macro skill_columns(prefix) %}
    {%- set skills = "
        reading_section reading_craft reading_expression reading_information reading_standard
        math_section math_advanced math_algebra math_geometry math_problemsolving
    " %}
    {%- for skill in skills.split() %}
    {{ teamster.to_integer(prefix ~ "ks_" ~ skill) }} as ks_{{ skill }}{{ "," if not loop.last }}
    {%- endfor %}
{% endmacro %}

{# Percentiles among all students of the grade, and among those who took the test. #}
{% macro percentile_columns(assessment) %}
    {%- set scores = ["total", "ebrw", "math_section"] %}
    {%- for group in ["natrep", "natuser"] %}
    {%- for score in scores %}
    {%- set column = "percentile_" ~ group ~ "_" ~ assessment ~ "_" ~ score %}
    {{ teamster.to_integer(column) }} as percentile_{{ group }}_{{ score }},
    {%- endfor %}
    {%- endfor %}
    {{ teamster.typed_columns(
        integer="
            percentile_country_total percentile_country_rw percentile_country_math
            percentile_state_total percentile_state_rw percentile_state_math
        ",
    ) }}
{% endmacro %}
