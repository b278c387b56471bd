select
    {{ oneroster.base_columns() }},
    {{ teamster.typed_columns(text="name type identifier parentSourcedId") }}
from {{ source("oneroster", "orgs") }}
