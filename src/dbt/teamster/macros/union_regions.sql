{#
    The regions' tables of this model's name, one below the other, with the region in `code_location`.

    Sources are named `<region>_<integration>`; the regions are the var `regions`.
#}
{% macro union_regions(integration) %}
    {%- for region in var("regions") %}
    select '{{ region }}' as code_location, *
    from {{ source(region ~ "_" ~ integration, model.name) }}
    {%- if not loop.last %}
    {{ teamster.union_all_by_name() }}
    {%- endif %}
    {%- endfor %}
{% endmacro %}

{# Regions may be a release apart: columns meet by name, a missing one is null. #}
{% macro union_all_by_name() %}
    {{- return(adapter.dispatch("union_all_by_name", "teamster")()) -}}
{% endmacro %}

{% macro default__union_all_by_name() %}union all{% endmacro %}

{% macro duckdb__union_all_by_name() %}union all by name{% endmacro %}

{% macro bigquery__union_all_by_name() %}full union all by name{% endmacro %}
