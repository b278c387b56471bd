{#
    Makes the sources that this invocation reads queryable: those with `meta.teamster` (see
    `teamster.libraries.dbt.sources`). Runs at the start of each run; by hand, for all sources:
    `dbt run-operation teamster.stage_sources`.
#}
{% macro stage_sources() %}
    {% if execute and flags.WHICH in ["run", "build", "test", "snapshot", "run-operation"] %}
        {% do adapter.dispatch("stage_sources", "teamster")() %}
    {% endif %}
{% endmacro %}

{% macro default__stage_sources() %}
    {% do exceptions.raise_compiler_error(
        "teamster.stage_sources does not know " ~ target.type ~ " yet"
    ) %}
{% endmacro %}

{# dbt cannot call Python there: Dagster stages before it runs dbt, and by hand `teamster dbt-stage`. #}
{% macro bigquery__stage_sources() %}
{% endmacro %}

{% macro duckdb__stage_sources() %}
    {% set parents = {} %}
    {% for node in graph.nodes.values() %}
        {% do parents.update({node.unique_id: node.depends_on.nodes}) %}
    {% endfor %}
    {# Opens the warehouse, where nothing did before. #}
    {% do run_query("select 1") %}
    {% do adapter.store_relation(
        "teamster",
        none,
        [],
        "",
        "",
        {
            "code_location": project_name,
            "sources": graph.sources.values() | list,
            "parents": parents,
            "selected": selected_resources,
        },
    ) %}
{% endmacro %}
