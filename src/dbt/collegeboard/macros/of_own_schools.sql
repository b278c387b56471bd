{#
    Keeps the files of a region's own schools: a file's name begins with the school's number (AI
    code), as in `312345_SAT_20251104_1.csv`. No number in the var `ai_codes` keeps all.
#}
{% macro of_own_schools() %}
    {%- if var("ai_codes") -%}
        {%- set name = dbt.split_part("source_file_name", "'/'", -1) -%}
        {{ dbt.split_part(name, "'_'", 1) }} in ('{{ var("ai_codes") | join("', '") }}')
    {%- else -%}
        true
    {%- endif -%}
{% endmacro %}
