{#
    What every file of the standard says about its rows. `status` is empty in bulk files; a row that
    is `tobedeleted` is gone at its source.
#}
{% macro base_columns() %}
    source_file_name,
    {{ teamster.typed_columns(text="sourcedId status", timestamp="dateLastModified") }}
{% endmacro %}
