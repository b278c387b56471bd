{# The partition that a row came in, and the year and subject. #}
{% macro partition_columns() %}
    _dagster_partition_start_date,
    _dagster_partition_subject,
    source_file_name,
    {{ teamster.to_integer("left(SchoolYear, 4)") }} as academic_year,
    case _dagster_partition_subject
        when 'SM' then 'Math'
        when 'SR' then 'Reading'
        when 'SEL' then 'Early Literacy'
    end as subject
{% endmacro %}
