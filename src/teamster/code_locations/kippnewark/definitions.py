"""What Dagster loads for this region."""

from dagster import Definitions, in_process_executor

from teamster.code_locations.kippnewark import CODE_LOCATION, LOCAL_TIMEZONE
from teamster.code_locations.kippnewark.collegeboard.assets import assets as collegeboard_assets
from teamster.code_locations.kippnewark.deanslist.assets import assets as deanslist_assets
from teamster.code_locations.kippnewark.iready.assets import assets as iready_assets
from teamster.code_locations.kippnewark.oneroster.assets import assets as oneroster_assets
from teamster.code_locations.kippnewark.oneroster_api.assets import (
    assets as oneroster_api_assets,
)
from teamster.code_locations.kippnewark.powerschool.assets import assets as powerschool_assets
from teamster.code_locations.kippnewark.renlearn.assets import assets as renlearn_assets
from teamster.core.resources import get_io_managers
from teamster.core.schema_checks import build_schema_checks
from teamster.libraries.dbt.assets import build_dbt_assets
from teamster.libraries.dbt.project import dbt_resource_key, get_dbt_cli_resource
from teamster.libraries.deanslist.resources import DeansListResource
from teamster.libraries.oneroster.resources import OneRosterResource
from teamster.libraries.powerschool.resources import PowerSchoolResource
from teamster.libraries.sftp.arrivals import build_sftp_checks
from teamster.libraries.sftp.sensors import build_sftp_sensor
from teamster.libraries.ssh.resources import SSHResource

DBT = dbt_resource_key(CODE_LOCATION)
SFTP_ASSETS = [*collegeboard_assets, *iready_assets, *oneroster_assets, *renlearn_assets]
REST_ASSETS = [*deanslist_assets, *oneroster_api_assets, *powerschool_assets]

defs = Definitions(
    assets=[
        *SFTP_ASSETS,
        *REST_ASSETS,
        build_dbt_assets(CODE_LOCATION, dbt_resource_key=DBT),
    ],
    asset_checks=[
        *build_sftp_checks(SFTP_ASSETS),
        *build_schema_checks([*SFTP_ASSETS, *REST_ASSETS], timezone=LOCAL_TIMEZONE.key),
    ],
    sensors=[build_sftp_sensor(f"{CODE_LOCATION}__sftp", SFTP_ASSETS)],
    executor=in_process_executor,  # a run has one step: a process of its own would only cost
    resources={
        **get_io_managers(CODE_LOCATION),
        DBT: get_dbt_cli_resource(CODE_LOCATION),
        "rest_deanslist": DeansListResource.from_env("DEANSLIST", requests_per_minute=120),
        "rest_oneroster_newark": OneRosterResource.from_env("ONEROSTER_NEWARK"),
        "rest_powerschool_newark": PowerSchoolResource.from_env("POWERSCHOOL_NEWARK"),
        "ssh_collegeboard": SSHResource.from_env("COLLEGEBOARD"),
        "ssh_iready": SSHResource.from_env("IREADY"),
        "ssh_oneroster": SSHResource.from_env("ONEROSTER"),
        "ssh_renlearn": SSHResource.from_env("RENLEARN"),
    },
)
