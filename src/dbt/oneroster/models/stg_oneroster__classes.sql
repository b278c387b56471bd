select
    {{ oneroster.base_columns() }},
    coalesce(schoolSourcedId, orgSourcedId) as school_sourced_id,
    coalesce(termSourcedIds, sessionSourcedIds) as term_sourced_ids,
    {{ teamster.typed_columns(
        text="
            title grades courseSourcedId classCode classType location subjects subjectCodes periods
        ",
    ) }}
from {{ source("oneroster", "classes") }}
