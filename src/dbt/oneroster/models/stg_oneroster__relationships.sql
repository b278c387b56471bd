select
    source_file_name,
    {{ teamster.typed_columns(
        text="userSourcedId relationshipUserSourcedId relationshipRole"
    ) }}
from {{ source("oneroster", "relationships") }}
