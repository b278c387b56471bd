"""Cloud Storage as networks are: what fails is tried again, and an object is whole or not there."""

import gc
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from upath import UPath

from teamster.core import gcs as gcs_storage
from teamster.core import gcs_reading
from teamster.core.errors import (
    AuthenticationFailed,
    ConfigError,
    ObjectChanged,
    Permanent,
    PermissionRefused,
    ServerUnavailable,
)
from teamster.core.storage import (
    NOTHING,
    open_object,
    put_in_place,
    remove,
    stored,
    stored_under,
    version_of,
)
from tests.core.faults import (
    CUT,
    DAMAGED_ANSWER,
    DAMAGED_REQUEST,
    RESET_AFTER,
    RESET_BEFORE,
    Asked,
    Fault,
    Faults,
    faults_before,
)
from tests.core.lying import content
from tests.emulators import GcsEmulator

SMALL, LARGE = 1000, 9 << 20
"""Bytes of an upload in one request, and of one in several (the library's limit is 8 MiB)."""


@pytest.fixture
def faults(gcs: GcsEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """A proxy before the emulator, and patience for what goes wrong there."""
    monkeypatch.setattr(gcs_storage, "CHUNK", 4 << 20)
    quick = gcs_storage.RETRY.with_delay(initial=0.01, maximum=0.02).with_timeout(0.5)
    monkeypatch.setattr(gcs_storage, "RETRY", quick)
    with faults_before(gcs.endpoint) as running:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", running.endpoint)
        yield running


@pytest.fixture
def target(gcs: GcsEmulator, faults: Faults) -> UPath:
    return UPath(f"gs://{gcs.bucket}/{uuid.uuid4().hex}/data")


def spooled(folder: Path, body: bytes) -> Path:
    path = folder / "spooled"
    path.write_bytes(body)
    return path


def a_write(asked: Asked) -> bool:
    return asked.sends


def a_read(asked: Asked) -> bool:
    return asked.reads


def the_last_part(asked: Asked) -> bool:
    return asked.sends and not asked.headers.get("Content-Range", "/9437184").startswith("bytes 0-")


def anything(asked: Asked) -> bool:
    return True


# --- writes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("fault", [429, 500, 503, RESET_BEFORE, RESET_AFTER, DAMAGED_REQUEST])
@pytest.mark.parametrize("before", [b"", b"old"])
def test_a_write_that_fails_once_is_tried_again(
    target: UPath, faults: Faults, tmp_path: Path, fault: Fault, size: int, before: bytes
) -> None:
    seen = put_in_place(spooled(tmp_path, before), target) if before else NOTHING
    body = os.urandom(size)
    faults.add(fault, a_write)
    version = put_in_place(spooled(tmp_path, body), target, replacing=seen, metadata={"a": "b"})
    assert faults.all_met
    found = stored(target)
    assert found
    assert (found.version, found.size, found.metadata["a"]) == (version, size, "b")
    assert content(target) == body


@pytest.mark.parametrize("fault", [RESET_AFTER, CUT])
def test_an_answer_lost_with_the_last_part_is_no_lost_write(
    target: UPath, faults: Faults, tmp_path: Path, fault: Fault
) -> None:
    faults.add(fault, lambda asked: asked.sends and "8388608-" in str(asked.headers))
    body = os.urandom(LARGE)
    version = put_in_place(spooled(tmp_path, body), target, replacing=NOTHING)
    assert faults.all_met
    assert version == version_of(stored(target))
    assert content(target) == body


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_another_write_is_not_taken_for_our_own(
    target: UPath, faults: Faults, tmp_path: Path, size: int
) -> None:
    """Even one of the same content: who wrote it says what else belongs to it."""
    body = os.urandom(size)
    theirs = put_in_place(spooled(tmp_path, body), target)
    with pytest.raises(ObjectChanged):
        put_in_place(spooled(tmp_path, body), target, replacing=NOTHING)
    with pytest.raises(ObjectChanged):
        put_in_place(spooled(tmp_path, body), target, replacing="1")
    assert version_of(stored(target)) == theirs


def test_who_begins_first_and_ends_last_loses(
    target: UPath, faults: Faults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The generation is compared when the object comes to be, not only when its upload begins."""
    body = os.urandom(LARGE)
    slow = spooled(tmp_path, body)
    theirs = []

    def another_writes(asked: Asked) -> bool:
        if asked.method == "PUT" and not theirs:
            theirs.append("")
            (tmp_path / "theirs").write_bytes(b"theirs")
            theirs.append(put_in_place(tmp_path / "theirs", target, replacing=NOTHING))
        return False

    monkeypatch.setattr(faults, "meet", _called_first(faults.meet, another_writes))
    with pytest.raises(ObjectChanged):
        put_in_place(slow, target, replacing=NOTHING)
    assert content(target) == b"theirs"
    assert version_of(stored(target)) == theirs[1]


def _called_first(
    meet: Callable[[Asked], Fault | None], first: Callable[[Asked], bool]
) -> Callable[[Asked], Fault | None]:
    def met(asked: Asked) -> Fault | None:
        first(asked)
        return meet(asked)

    return met


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (429, ServerUnavailable),
        (503, ServerUnavailable),
        (RESET_BEFORE, ServerUnavailable),
        (401, AuthenticationFailed),
        (403, PermissionRefused),
        (400, Permanent),
    ],
)
def test_a_write_that_cannot_succeed_leaves_the_old_object(
    target: UPath,
    faults: Faults,
    tmp_path: Path,
    fault: Fault,
    error: type[Exception],
    size: int,
) -> None:
    old = put_in_place(spooled(tmp_path, b"old"), target)
    faults.add(fault, a_write, times=1000)
    with pytest.raises(error) as raised:
        put_in_place(spooled(tmp_path, os.urandom(size)), target, replacing=old)
    assert content(target) == b"old"
    assert version_of(stored(target)) == old
    assert fault == 401 or str(target) in str(raised.value)
    assert_says_nothing_secret(raised.value)


def test_damage_on_every_way_is_refused_by_its_checksum(
    target: UPath, faults: Faults, tmp_path: Path
) -> None:
    put_in_place(spooled(tmp_path, b"old"), target)
    faults.add(DAMAGED_REQUEST, a_write, times=1000)
    with pytest.raises(Permanent, match="400"):
        put_in_place(spooled(tmp_path, os.urandom(SMALL)), target)
    assert content(target) == b"old"


def test_a_lost_session_begins_anew(target: UPath, faults: Faults, tmp_path: Path) -> None:
    body = os.urandom(LARGE)
    for status in (404, 410):
        faults.add(status, lambda asked: asked.method == "PUT")
    put_in_place(spooled(tmp_path, body), target, replacing=NOTHING)
    assert faults.all_met
    assert content(target) == body


@pytest.mark.parametrize("fault", [429, 503, RESET_BEFORE, RESET_AFTER])
def test_a_removal_is_tried_again(
    target: UPath, faults: Faults, tmp_path: Path, fault: Fault
) -> None:
    version = put_in_place(spooled(tmp_path, b"old"), target)
    faults.add(fault, lambda asked: asked.method == "DELETE")
    remove(target, replacing=version)
    assert faults.all_met
    assert stored(target) is None


# --- reads ---------------------------------------------------------------------------------------


# Google's library leaves refused downloads to the garbage collector, their sockets open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("fault", [429, 503, RESET_BEFORE, RESET_AFTER, CUT])
@pytest.mark.parametrize("size", [0, SMALL, LARGE])
def test_a_read_that_fails_is_taken_up_again(
    target: UPath, faults: Faults, tmp_path: Path, fault: Fault, size: int
) -> None:
    body = os.urandom(size)
    put_in_place(spooled(tmp_path, body), target)
    faults.add(fault, a_read, times=2)
    assert content(target) == body
    assert faults.all_met == bool(size)
    gc.collect()


def test_damage_does_not_reach_the_end_of_a_read(
    target: UPath, faults: Faults, tmp_path: Path
) -> None:
    put_in_place(spooled(tmp_path, os.urandom(LARGE)), target)
    faults.add(DAMAGED_ANSWER, a_read)
    with pytest.raises(ServerUnavailable, match="CRC32C"):
        content(target)


def test_a_read_is_of_one_version(target: UPath, faults: Faults, tmp_path: Path) -> None:
    put_in_place(spooled(tmp_path, b"a" * LARGE), target)
    with open_object(target) as file:
        assert file.read(10) == b"a" * 10
        put_in_place(spooled(tmp_path, b"b" * LARGE), target)
        with pytest.raises(ObjectChanged, match="while it was read"):
            file.read()


def test_a_read_asks_for_what_is_wanted_when_it_is(
    target: UPath, faults: Faults, tmp_path: Path
) -> None:
    body = os.urandom(40 << 20)
    put_in_place(spooled(tmp_path, body), target)
    faults.asked.clear()

    def ranges() -> list[int]:
        asked = [asked.headers["range"] for asked in faults.asked if asked.reads]
        ends = [text.removeprefix("bytes=").split("-") for text in asked]
        return [int(last) - int(first) + 1 for first, last in ends]

    with open_object(target) as file:
        assert ranges() == []
        assert file.read(100) == body[:100]
        assert ranges() == [gcs_reading.FIRST_RANGE]
        read = b"".join(iter(lambda: file.read(1 << 16), b""))
    assert read == body[100:]
    assert sum(ranges()) == len(body)
    assert max(ranges()) == gcs_reading.LARGEST_RANGE
    with open_object(target) as file:
        file.seek(-5, os.SEEK_END)
        assert file.read() == body[-5:]
        file.seek(7)
        assert file.read(5) == body[7:12]
        assert file.tell() == 12


def test_a_listing_is_tried_again(target: UPath, faults: Faults, tmp_path: Path) -> None:
    put_in_place(spooled(tmp_path, b"x"), target, metadata={"a": "b"})
    faults.add(503, anything)
    (found,) = stored_under(target.parent, "data")
    assert found == stored(target)
    assert list(stored_under(target.parent, "other")) == []


# --- what someone must change --------------------------------------------------------------------


def assert_says_nothing_secret(error: BaseException) -> None:
    said = str(error)
    assert "canary" not in said
    assert "upload_id" not in said
    assert "http" not in said
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_no_bucket(faults: Faults, tmp_path: Path) -> None:
    nowhere = UPath("gs://teamster-nowhere/a/data")
    calls: list[Callable[[], object]] = [
        lambda: stored(nowhere),
        lambda: list(stored_under(nowhere.parent, "data")),
        lambda: open_object(nowhere),
        lambda: put_in_place(spooled(tmp_path, b"x"), nowhere),
        lambda: put_in_place(spooled(tmp_path, os.urandom(LARGE)), nowhere),
    ]
    for call in calls:
        with pytest.raises(
            ConfigError, match=r"no bucket teamster-nowhere: .*TEAMSTER_STORAGE_URL"
        ):
            call()


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (401, AuthenticationFailed, "gcloud auth application-default login"),
        (
            403,
            PermissionRefused,
            r"403, forbidden.*roles/storage.objectUser on the bucket teamster-",
        ),
        (400, Permanent, "400, other"),
        (503, ServerUnavailable, "did not answer"),
    ],
)
def test_refusals_say_what_to_do(
    target: UPath, faults: Faults, status: int, error: type[Exception], text: str
) -> None:
    faults.add(status, anything, times=1000)
    calls: list[Callable[[], object]] = [
        lambda: stored(target),
        lambda: list(stored_under(target.parent, "data")),
        lambda: remove(target),
    ]
    for call in calls:
        with pytest.raises(error, match=text) as raised:
            call()
        assert_says_nothing_secret(raised.value)


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, faults: Faults) -> Faults:
    """Cloud Storage that wants credentials, on a machine that has none."""
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    monkeypatch.setenv("API_ENDPOINT_OVERRIDE", faults.endpoint)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    gcs_storage._client_of.cache_clear()
    return faults


def test_no_credentials(google: Faults) -> None:
    with pytest.raises(AuthenticationFailed, match=r"no Google credentials.*gcloud auth") as raised:
        stored(UPath("gs://teamster-test-bucket/a/data"))
    assert_says_nothing_secret(raised.value)
    assert google.asked == []


def service_account(folder: Path, token_uri: str) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "account.json"
    account = {
        "type": "service_account",
        "project_id": "teamster-test",
        "private_key_id": "1",
        "private_key": key.decode(),
        "client_email": "canary@example.iam.gserviceaccount.com",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(account))
    return path


def test_a_service_accounts_file(
    google: Faults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variable that all of Google's tools know; a token that expires is made anew."""
    account = service_account(tmp_path, f"{google.endpoint}/token")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    for token in ("first", "second"):
        answer = {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}
        google.add(answer, lambda asked: asked.path == "/token")
    google.add(401, lambda asked: asked.path != "/token")
    assert stored(UPath("gs://teamster-test-bucket/a/data")) is None
    assert google.all_met
    sent = [asked.headers.get("authorization") for asked in google.asked if asked.path != "/token"]
    assert sent == ["Bearer first", "Bearer second", "Bearer second"]


def test_refused_credentials(
    google: Faults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = service_account(tmp_path, f"{google.endpoint}/token")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    google.add(400, lambda asked: asked.path == "/token", times=100)
    with pytest.raises(AuthenticationFailed, match="Google refused the credentials") as raised:
        stored(UPath("gs://teamster-test-bucket/a/data"))
    assert_says_nothing_secret(raised.value)
    assert {asked.path for asked in google.asked} == {"/token"}


@pytest.mark.parametrize("hidden", ["google", "google.cloud.storage"])
def test_without_the_extra(hidden: str) -> None:
    code = f"""
import sys
sys.modules.update({{{hidden!r}: None, "gcsfs": None}})
from upath import UPath
from teamster.core.storage import stored
target = UPath("gs://bucket/{{}}".format("kippnewark")) / "a" / "data"
try:
    stored(target)
except ValueError as error:
    print(target, type(error).__name__, error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("gs://bucket/kippnewark/a/data ConfigError")
    assert "pip install 'teamster[gcs]'" in found.stdout
