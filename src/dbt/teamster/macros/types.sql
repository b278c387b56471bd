{#
    Vendors' text, typed. What does not fit becomes null: an ugly value costs itself, not the build.
#}
{# dbt's own `safe_cast` is a plain `cast` on DuckDB. #}
{% macro safe_cast(expression, type) %}
    {{- return(adapter.dispatch("safe_cast", "teamster")(expression, type)) -}}
{% endmacro %}

{% macro default__safe_cast(expression, type) -%}
    {{ dbt.safe_cast(expression, type) }}
{%- endmacro %}

{% macro duckdb__safe_cast(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}

{# Rounded, where a vendor writes `12.0`: halves away from zero. #}
{% macro to_integer(expression) %}
    {{- return(adapter.dispatch("to_integer", "teamster")(expression)) -}}
{% endmacro %}

{# BigQuery casts no text with a point to an integer. #}
{% macro default__to_integer(expression) -%}
    {{ teamster.safe_cast(
        "round(" ~ teamster.safe_cast(expression, dbt.type_numeric()) ~ ")", dbt.type_int()
    ) }}
{%- endmacro %}

{# DuckDB's `int` has four bytes. #}
{% macro duckdb__to_integer(expression) -%}
    {{ teamster.safe_cast(expression, dbt.type_bigint()) }}
{%- endmacro %}

{% macro to_number(expression) %}
    {{- return(adapter.dispatch("to_number", "teamster")(expression)) -}}
{% endmacro %}

{% macro default__to_number(expression) -%}
    {{ teamster.safe_cast(expression, dbt.type_float()) }}
{%- endmacro %}

{# DuckDB's `float` has four bytes. #}
{% macro duckdb__to_number(expression) -%}
    {{ teamster.safe_cast(expression, "double") }}
{%- endmacro %}

{# In UTC, where a text says how far it is from there. #}
{% macro to_timestamp(expression) %}
    {{- return(adapter.dispatch("to_timestamp", "teamster")(expression)) -}}
{% endmacro %}

{# BigQuery casts no text without seconds, nor with a blank around it. #}
{% macro default__to_timestamp(expression) -%}
    {%- set text = "trim(" ~ expression ~ ")" -%}
    coalesce(
        {{ teamster.safe_cast(text, dbt.type_timestamp()) }},
        {{ teamster.safe_cast("concat(" ~ text ~ ", ':00')", dbt.type_timestamp()) }}
    )
{%- endmacro %}

{# Cast to a plain timestamp, DuckDB forgets the offset; it also knows `epoch` and `infinity`. #}
{% macro duckdb__to_timestamp(expression) -%}
    {%- set text = "trim(" ~ expression ~ ")" -%}
    case
        when regexp_matches({{ text }}, ':[0-9.]+ ?[+-][0-9:]+$')
            then make_timestamp(epoch_us(try_cast({{ text }} as timestamptz)))
        when regexp_matches({{ text }}, '^[0-9]{4}-') then try_cast({{ text }} as timestamp)
    end
{%- endmacro %}

{# `2026-08-27`, `2026-08-27T12:30:00Z` (the day as it is written) or `8/27/2026`. #}
{% macro to_date(expression) -%}
    {%- set day = dbt.split_part(dbt.split_part("trim(" ~ expression ~ ")", "'T'", 1), "' '", 1) -%}
    case
        when {{ expression }} like '%/%' then {{ teamster.parse_us_date(expression) }}
        when {{ teamster.to_timestamp(expression) }} is not null
            then {{ teamster.safe_cast(day, "date") }}
    end
{%- endmacro %}

{% macro parse_us_date(expression) %}
    {{- return(adapter.dispatch("parse_us_date", "teamster")(expression)) -}}
{% endmacro %}

{% macro default__parse_us_date(expression) -%}
    safe.parse_date('%m/%d/%Y', {{ expression }})
{%- endmacro %}

{% macro duckdb__parse_us_date(expression) -%}
    cast(try_strptime({{ expression }}, '%m/%d/%Y') as date)
{%- endmacro %}

{% macro to_boolean(expression) -%}
    case
        when lower({{ expression }}) in ('y', 'yes', 'true', 't', '1') then true
        when lower({{ expression }}) in ('n', 'no', 'false', 'f', '0') then false
    end
{%- endmacro %}

{#
    A select list of a vendor's columns: `typed_columns(text="SchoolName", integer="ScaledScore")` is
    `"SchoolName" as school_name, try_cast("ScaledScore" as int) as scaled_score`.

    Each argument is a text of column names between white space: text, integer, number, boolean, date,
    timestamp.
#}
{% macro typed_columns() %}
    {%- set expressions = [] -%}
    {%- for kind, names in kwargs.items() -%}
        {%- for name in names.split() -%}
            {%- do expressions.append(
                teamster.typed(kind, adapter.quote(name)) ~ " as " ~ teamster.snake_case(name)
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ expressions | join(",\n    ") }}
{%- endmacro %}

{% macro typed(kind, expression) %}
    {%- if kind == "text" -%} {{ return(expression) }}
    {%- elif kind == "integer" -%} {{ return(teamster.to_integer(expression)) }}
    {%- elif kind == "number" -%} {{ return(teamster.to_number(expression)) }}
    {%- elif kind == "boolean" -%} {{ return(teamster.to_boolean(expression)) }}
    {%- elif kind == "date" -%} {{ return(teamster.to_date(expression)) }}
    {%- elif kind == "timestamp" -%} {{ return(teamster.to_timestamp(expression)) }}
    {%- else -%} {{ exceptions.raise_compiler_error("teamster.typed knows no kind " ~ kind) }}
    {%- endif -%}
{% endmacro %}

{# `StudentUserID` is `student_user_id`. #}
{% macro snake_case(name) %}
    {%- set words = modules.re.sub("([A-Z]+)([A-Z][a-z])", "\\1_\\2", name) -%}
    {{- return(modules.re.sub("([a-z0-9])([A-Z])", "\\1_\\2", words) | lower) -}}
{% endmacro %}
