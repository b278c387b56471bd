select
    source_file_name,
    coalesce(userSourcedId, sourcedId) as user_sourced_id,
    coalesce(cityOfBirth, birthCity) as city_of_birth,
    coalesce(stateOfBirthAbbreviation, birthState) as state_of_birth,
    coalesce(countryOfBirthCode, birthCountry) as country_of_birth,
    {{ teamster.typed_columns(
        text="status sex publicSchoolResidenceStatus ethnicityCodes raceCodes",
        timestamp="dateLastModified",
        date="birthDate",
        boolean="
            americanIndianOrAlaskaNative asian blackOrAfricanAmerican
            nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces
            hispanicOrLatinoEthnicity
        ",
    ) }}
from {{ source("oneroster", "demographics") }}
