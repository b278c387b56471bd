select
    _dagster_partition_key,
    _dagster_partition_key as test_type,
    {{ collegeboard.student_columns() }},
    state_student_id,
    {{ collegeboard.score_columns("latest_psat_") }},
    {{ collegeboard.skill_columns("latest_psat_") }},
    {{ collegeboard.percentile_columns("psat") }},
    {{ teamster.to_integer("selection_index") }} as selection_index,
    national_merit,
    {{ teamster.typed_columns(
        text="
            ap_seminar ap_arthis ap_bio ap_calc ap_chem ap_compgovpol ap_compsci ap_compsciprin
            ap_englang ap_englit ap_envsci ap_eurhist ap_humgeo ap_macecon ap_micecon ap_music
            ap_physi ap_physmag ap_physmech ap_psych ap_stat ap_usgovpol ap_ushist ap_wrldhist
        ",
    ) }}
from {{ source("collegeboard", "psat") }}
where {{ collegeboard.of_own_schools() }}
