{#- `password` is a secret of the person's: it stays where it came from. -#}
select
    {{ oneroster.base_columns() }},
    {{ teamster.typed_columns(
        text="
            orgSourcedIds primaryOrgSourcedId role username userIds identifier
            givenName familyName middleName
            preferredGivenName preferredFamilyName preferredMiddleName pronouns
            email sms phone agentSourcedIds grades userMasterIdentifier resourceSourcedIds
            activeDirectoryMatchId
        ",
        boolean="enabledUser",
    ) }}
from {{ source("oneroster", "users") }}
