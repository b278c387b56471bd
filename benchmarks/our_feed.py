"""A feed as an asset: SFTP, Avro, in place, checked, in a run of Dagster's."""

import os
import re
from pathlib import Path

from dagster import DagsterInstance, materialize

from benchmarks.feed import LOCATION, TABLE, Feed
from teamster.core.resources import get_io_managers
from teamster.libraries.sftp.assets import build_sftp_folder_asset
from teamster.libraries.ssh.resources import SSHResource


def main(description: str) -> None:
    """Materializes the asset.

    Args:
        description: Where the feed's description lies.
    """
    feed = Feed.load(Path(description))
    os.environ["TEAMSTER_STORAGE_URL"] = feed.storage
    asset = build_sftp_folder_asset(
        asset_key=[LOCATION, "ours", TABLE],
        remote_dir_regex=re.escape(feed.drop),
        remote_file_regex=feed.pattern,
        ssh_resource_key="ssh_vendor",
        avro_schema=feed.schema,
    )
    server = SSHResource(
        remote_host="127.0.0.1",
        remote_port=feed.port,
        username=feed.username,
        key_string=feed.key,
        host_key_fingerprint=feed.fingerprint,
    )
    result = materialize(
        [asset],
        instance=DagsterInstance.ephemeral(),
        resources={"ssh_vendor": server, **get_io_managers(LOCATION)},
    )
    (check,) = result.get_asset_check_evaluations()
    assert check.passed
