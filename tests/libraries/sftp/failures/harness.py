"""What every case is run with, and what is looked at afterwards."""

import gzip
import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetsDefinition,
    DagsterInstance,
    Definitions,
    RunsFilter,
    build_sensor_context,
)

from teamster.core.errors import (
    AuthenticationFailed,
    HostKeyUntrusted,
    NoSuchDirectory,
    Transient,
)
from teamster.core.resources import get_io_managers
from teamster.libraries.sftp.assets import (
    build_sftp_archive_asset,
    build_sftp_file_asset,
    build_sftp_folder_asset,
)
from teamster.libraries.sftp.sensors import build_sftp_sensor
from tests.libraries.sftp.failures.cases import CANARY, GOOD, Case, Scene
from tests.libraries.sftp.vendor import KEY, Vendor


@dataclass
class Ears:
    """Where something may be said that should not be.

    Attributes:
        instance: Dagster's own storage.
        log: What is logged.
        output: What is printed, by other processes too.
    """

    instance: DagsterInstance
    log: pytest.LogCaptureFixture
    output: pytest.CaptureFixture[str]


BUILD: Mapping[str, Callable[..., AssetsDefinition]] = {
    "file": build_sftp_file_asset,
    "archive": build_sftp_archive_asset,
    "folder": build_sftp_folder_asset,
}


TICK_FAILS = (AuthenticationFailed, HostKeyUntrusted, NoSuchDirectory)


def run_case(case: Case, scene: Scene, ears: Ears) -> None:
    """Brings a case about, runs its feed and its sensor, and looks at everything afterwards."""
    ears.log.set_level(logging.DEBUG)
    before = scene.vendor.object_at().read_bytes()
    case.arrange(scene)
    assert case.secret or CANARY in everything_in(scene.vendor.root), "no canary is planted"

    asset = asset_of(case, scene.vendor)
    tags = {"case": f"{case.name} {scene.kind}"}
    error = None
    try:
        result = scene.vendor.run(asset, instance=ears.instance, tags=tags)
        assert result.success
    except Exception as raised:
        error = raised
    (run,) = ears.instance.get_runs(RunsFilter(tags=tags))
    entries = ears.instance.all_logs(run.run_id)

    check_outcome(case, scene, error, [entry.user_message for entry in entries])
    check_objects(case, scene, before)
    events = [entry.to_json() for entry in entries]
    assert len(events) > 5
    failed, told = tick(scene, asset, ears.instance)
    if case.error in TICK_FAILS:
        assert failed
    elif case.error and issubclass(case.error, Transient):
        assert not failed
    said = [*chain(error), *events, *told]
    printed = ears.output.readouterr()
    check_nothing_leaked(scene, [*said, ears.log.text, printed.out, printed.err])


def asset_of(case: Case, vendor: Vendor) -> AssetsDefinition:
    """Makes the feed that a case is about."""
    suffix = "zip" if case.kind == "archive" else "csv"
    options = dict(case.options)
    arguments: dict[str, Any] = {
        "asset_key": KEY,
        "remote_dir_regex": vendor.folder(options.pop("folder", "/data")),
        "remote_file_regex": options.pop("file", rf"table\.{suffix}"),
        "ssh_resource_key": "ssh_vendor",
        "avro_schema": case.schema,
    }
    if case.kind == "archive":
        arguments["archive_file_regex"] = options.pop("member", r"table\.csv")
    return BUILD[case.kind](**arguments, **options)


def good_object(vendor: Vendor) -> bytes:
    """Materializes a good file, and gives the object."""
    vendor.put("/data/table.csv", GOOD)
    vendor.run(asset_of(Case("good", "read", lambda _: None), vendor))
    assert [row["name"] for row in vendor.rows()] == ["Good"]
    return vendor.object_at().read_bytes()


def check_outcome(case: Case, scene: Scene, error: Exception | None, events: Sequence[str]) -> None:
    """Looks at how the run ended, and at how often it was tried."""
    said = str(error) if error else "\n".join(events)
    assert type(error) is (case.error or type(None)), repr(error)
    for text in case.says:
        assert re.search(text, said), (text, said)
    for proxy in scene.proxies:
        again = proxy.connections + proxy.fired > 1
        assert again if case.outcome == "retried" else proxy.connections == case.connections


def check_objects(case: Case, scene: Scene, before: bytes) -> None:
    """Looks at the storage: the last object as it was or the new one whole, and nothing else."""
    there = {path.name for path in scene.vendor.storage.rglob("*") if path.is_file()}
    assert there == ({"data", "quarantine"} if case.rejected else {"data"})
    if case.rows is None:
        assert scene.vendor.object_at().read_bytes() == before
    else:
        found = [tuple(row.values()) for row in scene.vendor.rows()]
        assert found == [tuple(row) for row in case.rows], f"{len(found)} rows: {found[-2:]}"
    if case.rejected:
        assert len(scene.vendor.rejected()) == case.rejected


def tick(
    scene: Scene, asset: AssetsDefinition, instance: DagsterInstance
) -> tuple[bool, list[str]]:
    """Lets a sensor look at the feed; gives whether that fails, and all that it says and keeps."""
    resources = {"ssh_vendor": scene.vendor.resource, **get_io_managers("any")}
    watching = build_sftp_sensor("watching", [asset])
    definitions = Definitions(assets=[asset], sensors=[watching], resources=resources)
    with build_sensor_context(
        instance_ref=instance.get_ref(),
        resources={"ssh_vendor": scene.vendor.resource},
        definitions=definitions,
    ) as context:
        try:
            result = watching.evaluate_tick(context)
        except Exception as error:
            return True, list(chain(error))
    assert result.cursor
    return False, [result.cursor, repr(result)]


def chain(error: BaseException | None) -> Iterator[str]:
    """Gives what an error and all that it came of say."""
    seen: list[BaseException] = []
    left = [error]
    while left:
        each = left.pop()
        if each is None or each in seen:
            continue
        seen.append(each)
        yield f"{each} {each!r} {each.args!r} {getattr(each, '__notes__', '')}"
        left += [each.__cause__, each.__context__]
        left += getattr(each, "exceptions", ())


def check_nothing_leaked(scene: Scene, said: Sequence[str]) -> None:
    """Looks for the canary, and for this machine's own paths, in what was said and kept."""
    own_paths = str(scene.home.parent)
    for text in said:
        for leak in (CANARY, own_paths):
            assert leak not in text, text[max(0, text.find(leak) - 300) : text.find(leak) + 300]


def everything_in(folder: Path) -> str:
    """Gives all that the files below a folder hold, whatever it is packed or encoded in."""
    return "\n".join(
        text for path in folder.rglob("*") if path.is_file() for text in texts_of(path.read_bytes())
    )


def texts_of(data: bytes) -> Iterator[str]:
    yield data.decode("latin-1")
    yield data.decode("utf-16", errors="ignore")
    with suppress(OSError, EOFError), gzip.open(io.BytesIO(data)) as unpacked:
        yield unpacked.read(1000).decode("latin-1")
    with suppress(zipfile.BadZipFile, RuntimeError), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                yield member.read(1000).decode("latin-1")
