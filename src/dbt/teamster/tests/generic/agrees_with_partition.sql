{#
    Fails for each row whose own value is not the one that its partition begins with: a vendor that
    still delivers last year's rows in this year's folder.
#}
{% test agrees_with_partition(model, column_name, dimension) %}
    with
        spelled as (
            select
                cast({{ column_name }} as {{ dbt.type_string() }}) as its_own,
                _dagster_partition_{{ dimension }} as its_partition
            from {{ model }}
        )

    select its_own, its_partition
    from spelled
    where its_own <> left(its_partition, length(its_own))
{% endtest %}
