select
    {{ oneroster.base_columns() }},
    {{ teamster.to_boolean(adapter.quote("primary")) }} as is_primary,
    {{ teamster.typed_columns(
        text="classSourcedId schoolSourcedId userSourcedId role", date="beginDate endDate"
    ) }}
from {{ source("oneroster", "enrollments") }}
