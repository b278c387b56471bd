select
    {{ renlearn.result_columns() }},
    {{ teamster.typed_columns(
        text="FamilyName SkillAreaName",
        integer="DomainScore SkillAreaMasteryScore",
    ) }}
from {{ source("renlearn", "star_skill_area") }}
