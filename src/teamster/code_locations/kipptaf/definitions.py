"""What Dagster loads for the network's central office."""

from dagster import Definitions, in_process_executor

from teamster.code_locations.kipptaf import CODE_LOCATION, LOCAL_TIMEZONE
from teamster.code_locations.kipptaf.coupa.assets import assets as coupa_assets
from teamster.code_locations.kipptaf.edfi.assets import assets as edfi_assets
from teamster.code_locations.kipptaf.grow.assets import assets as grow_assets
from teamster.code_locations.kipptaf.knowbe4.assets import assets as knowbe4_assets
from teamster.code_locations.kipptaf.overgrad.assets import assets as overgrad_assets
from teamster.code_locations.kipptaf.overgrad.sensors import sensors as overgrad_sensors
from teamster.code_locations.kipptaf.smartrecruiters.assets import assets as smartrecruiters_assets
from teamster.core.resources import get_io_managers
from teamster.core.schema_checks import build_schema_checks
from teamster.libraries.coupa.resources import get_coupa_resource
from teamster.libraries.dbt.assets import build_dbt_assets
from teamster.libraries.dbt.project import dbt_resource_key, get_dbt_cli_resource
from teamster.libraries.edfi.resources import get_edfi_resource
from teamster.libraries.grow.resources import get_grow_resource
from teamster.libraries.knowbe4.resources import get_knowbe4_resource
from teamster.libraries.overgrad.resources import get_overgrad_resource
from teamster.libraries.smartrecruiters.resources import get_smartrecruiters_resource

DBT = dbt_resource_key(CODE_LOCATION)
REST_ASSETS = [
    *coupa_assets,
    *edfi_assets,
    *grow_assets,
    *knowbe4_assets,
    *overgrad_assets,
    *smartrecruiters_assets,
]

defs = Definitions(
    assets=[
        *REST_ASSETS,
        build_dbt_assets(CODE_LOCATION, dbt_resource_key=DBT),
    ],
    asset_checks=[*build_schema_checks(REST_ASSETS, timezone=LOCAL_TIMEZONE.key)],
    sensors=[*overgrad_sensors],
    executor=in_process_executor,  # a run has one step: a process of its own would only cost
    resources={
        **get_io_managers(CODE_LOCATION),
        DBT: get_dbt_cli_resource(CODE_LOCATION),
        "rest_coupa": get_coupa_resource(),
        "rest_edfi": get_edfi_resource(),
        "rest_grow": get_grow_resource(),
        "rest_knowbe4": get_knowbe4_resource(),
        "rest_overgrad": get_overgrad_resource(),
        "rest_smartrecruiters": get_smartrecruiters_resource(),
    },
)
