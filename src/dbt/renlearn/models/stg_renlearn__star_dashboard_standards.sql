select
    {{ renlearn.result_columns() }},
    {{ teamster.typed_columns(
        text="
            DomainGroup DomainConfidenceLevel DomainMasteryLevel
            StandardName StandardDescription StandardConfidenceLevel StandardMasteryLevel
        ",
        integer="DomainPercentMastery StandardPercentMastery",
    ) }}
from {{ source("renlearn", "star_dashboard_standards") }}
