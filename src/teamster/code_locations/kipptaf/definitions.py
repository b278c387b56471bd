"""What Dagster loads for the network's central office."""

from dagster import Definitions, in_process_executor

from teamster.code_locations.kipptaf import CODE_LOCATION
from teamster.core.resources import get_io_managers
from teamster.libraries.dbt.assets import build_dbt_assets
from teamster.libraries.dbt.project import dbt_resource_key, get_dbt_cli_resource

DBT = dbt_resource_key(CODE_LOCATION)

defs = Definitions(
    assets=[
        build_dbt_assets(CODE_LOCATION, dbt_resource_key=DBT),
    ],
    executor=in_process_executor,  # a run has one step: a process of its own would only cost
    resources={
        **get_io_managers(CODE_LOCATION),
        DBT: get_dbt_cli_resource(CODE_LOCATION),
    },
)
