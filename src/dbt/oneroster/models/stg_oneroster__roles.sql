select
    {{ oneroster.base_columns() }},
    case
        when roleType is not null then lower(roleType) = 'primary'
        else {{ teamster.to_boolean("isPrimary") }}
    end as is_primary,
    coalesce(
        {{ teamster.to_date("beginDate") }}, {{ teamster.to_date("roleStartDate") }}
    ) as begin_date,
    coalesce({{ teamster.to_date("endDate") }}, {{ teamster.to_date("roleEndDate") }}) as end_date,
    {{ teamster.typed_columns(
        text="userSourcedId role orgSourcedId userProfileSourcedId sessionSourcedId grade"
    ) }}
from {{ source("oneroster", "roles") }}
