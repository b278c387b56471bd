select
    {{ oneroster.base_columns() }},
    {{ teamster.typed_columns(
        text="title type parentSourcedId", date="startDate endDate", integer="schoolYear"
    ) }}
from {{ source("oneroster", "academic_sessions") }}
