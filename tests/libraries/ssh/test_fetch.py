"""Downloads: whole, in order, under names of our own; and archives read without a download."""

import hashlib
import os
import time
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import regex

from teamster.core.errors import (
    FileChanged,
    NoMatchingFile,
    PermissionRefused,
    ServerUnavailable,
    SpoolFull,
)
from teamster.libraries.ssh.files import Content, LocalFile, RemoteFile
from teamster.libraries.ssh.walk import WalkSpec

BIG = os.urandom(1 << 20)


def remote(path: str, size: int = 0) -> RemoteFile:
    return RemoteFile(path, size, datetime.fromtimestamp(0, UTC))


def everything(session: Any, folder: str) -> list[RemoteFile]:
    files: list[RemoteFile] = session.walk(
        WalkSpec(folder, regex.compile(".*"), regex.compile(".*"))
    ).files
    return files


def held(spool: Path) -> list[str]:
    return sorted(path.name for path in spool.iterdir())


@pytest.mark.parametrize("kind", ["asyncssh", "openssh"])
def test_what_is_fetched_is_what_lies_there(
    request: pytest.FixtureRequest, kind: str, connect: Any, spool: Path, root: Path
) -> None:
    if kind == "openssh":
        served = request.getfixturevalue("sshd")
        folder = served.root / "fetch"
        folder.mkdir()
    else:
        served, folder = request.getfixturevalue("serve")(), root
    contents = {"a.csv": b"", "b c.csv": b"1", "d.csv": BIG, "e.csv": b"\0" * 300_000}
    for number, (name, content) in enumerate(contents.items()):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (0, 1_700_000_000 + number))
    session = connect(served)
    files = everything(session, str(folder) if kind == "openssh" else "/")
    fetched = session.fetch(files, spool)
    assert [file.remote for file in fetched] == files
    for number, (name, content) in enumerate(contents.items()):
        local = fetched[number]
        assert (local.name, local.member) == (name, None)
        assert local.remote.size == len(content)
        assert local.remote.mtime == datetime.fromtimestamp(1_700_000_000 + number, UTC)
        assert local.path.read_bytes() == content
        assert local.sha256 == hashlib.sha256(content).hexdigest()
    assert held(spool) == ["download-0", "download-1", "download-2", "download-3"]


def test_order_is_kept_and_downloads_are_limited(
    serve: Any, plant: Any, connect: Any, spool: Path
) -> None:
    plant({f"{number}.csv": bytes([number]) * (20_000 - number) for number in range(20)})
    names = [f"/{number}.csv" for number in (7, 3, 19, 0, 11, 5)]
    served = serve(Slow)
    for limit in (1, 2, 32):
        Slow.most = Slow.under_way = 0
        session = connect(served, max_downloads=limit)
        fetched = session.fetch([remote(name) for name in names], spool)
        assert [file.remote.path for file in fetched] == names
        assert [file.path.read_bytes()[0] for file in fetched] == [7, 3, 19, 0, 11, 5]
        assert Slow.most == min(limit, 6)
    assert session.fetch([], spool) == []


class Slow:
    """Knows how many files are open at once."""

    under_way = 0
    most = 0

    def open(self, *arguments: Any) -> Any:
        Slow.under_way += 1
        Slow.most = max(Slow.most, Slow.under_way)
        return super().open(*arguments)

    def close(self, file_obj: Any) -> Any:
        Slow.under_way -= 1
        return super().close(file_obj)


def test_file_named_as_the_vendor_pleases_lies_under_our_name(
    serve: Any, connect: Any, spool: Path, root: Path
) -> None:
    names = ["..csv", "-rf", "%2e%2e", "..\\..\\x.csv", "~", "$(id)", "CON", "a" * 250]
    for name in names:
        (root / name).write_bytes(name.encode())
    session = connect(serve())
    fetched = session.fetch(everything(session, "/"), spool)
    assert {file.path.read_text() for file in fetched} == set(names)
    assert {file.path.parent for file in fetched} == {spool}
    assert all(regex.fullmatch(r"download-\d+", name) for name in held(spool))


class Deceiving:
    """Lists a name with a path in it, and answers whatever is asked for."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        attrs = asyncssh.SFTPAttrs(permissions=0o100644, size=3, mtime=0)
        for name in (b"../../../tmp/evil.csv", b"/tmp/evil.csv", b"fine.csv"):
            yield asyncssh.SFTPName(name, attrs=attrs)


def test_hostile_names_never_become_local_names(
    serve: Any, plant: Any, connect: Any, spool: Path
) -> None:
    plant({"fine.csv": b"abc"})
    session = connect(serve(Deceiving))
    fetched = session.fetch(everything(session, "/"), spool)
    assert [file.remote.path for file in fetched] == ["/fine.csv"]
    assert held(spool) == ["download-0"]


class Growing:
    """Appends to a file when it is read, as often as ``times`` says."""

    times = 0

    def read(self, file_obj: Any, offset: int, size: int) -> Any:
        data = super().read(file_obj, offset, size)
        if Growing.times:
            Growing.times -= 1
            with open(file_obj.name, "ab") as file:  # noqa: PTH123
                file.write(b"more\n")
        return data


def test_a_file_that_grows_while_fetched_is_fetched_again(
    serve: Any, plant: Any, connect: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({"a.csv": b"head\n", "steady.csv": b"as it was\n"})
    served = serve(Growing)
    monkeypatch.setattr(Growing, "times", 1)
    grown, steady = connect(served).fetch([remote("/a.csv"), remote("/steady.csv")], spool)
    assert grown.path.read_bytes() == b"head\nmore\n"
    assert grown.remote.size == 10
    assert grown.sha256 == hashlib.sha256(b"head\nmore\n").hexdigest()
    assert steady.path.read_bytes() == b"as it was\n"
    assert len(served.connections) == 1, "a changed file is no reason for a new connection"


def test_a_file_that_never_stops_growing(
    serve: Any, plant: Any, connect: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({"a.csv": b"head\n"})
    monkeypatch.setattr(Growing, "times", 1_000)
    with pytest.raises(FileChanged, match=r"/a\.csv"):
        connect(serve(Growing), attempts=3).fetch([remote("/a.csv")], spool)


def test_a_file_changed_since_it_was_listed_is_reported_as_it_is_now(
    serve: Any, root: Path, connect: Any, spool: Path
) -> None:
    (root / "a.csv").write_bytes(b"old")
    session = connect(serve())
    files = everything(session, "/")
    (root / "a.csv").write_bytes(b"newer")
    (fetched,) = session.fetch(files, spool)
    assert (fetched.remote.size, fetched.path.read_bytes()) == (5, b"newer")


def test_a_vanished_file(serve: Any, sshd: Any, connect: Any, spool: Path) -> None:
    for served in (serve(), sshd):
        with pytest.raises(NoMatchingFile):
            connect(served, attempts=5).fetch([remote("/no/such.csv")], spool)
        with pytest.raises(NoMatchingFile), connect(served).open(remote("/no.zip", 9)) as file:
            file.read()


class Unreadable:
    def open(self, *arguments: Any) -> Any:
        raise asyncssh.SFTPPermissionDenied("not yours")


def test_a_file_that_may_not_be_read(serve: Any, plant: Any, connect: Any, spool: Path) -> None:
    plant({"a.csv": b"a"})
    with pytest.raises(PermissionRefused, match="not yours"):
        connect(serve(Unreadable), attempts=5).fetch([remote("/a.csv")], spool)


class Dropping:
    """Cuts the first connections off in the middle of a big file."""

    def read(self, file_obj: Any, offset: int, size: int) -> Any:
        if self.session < 3 and offset > len(BIG) // 2:
            self.connection.abort()
        return super().read(file_obj, offset, size)


def test_a_connection_dropped_in_mid_download(
    serve: Any, plant: Any, connect: Any, spool: Path
) -> None:
    plant({"a.csv": b"small", "b.csv": BIG})
    served = serve(Dropping)
    files = [remote("/a.csv"), remote("/b.csv")]
    small, big = connect(served, attempts=3, max_downloads=1).fetch(files, spool)
    assert (small.path.read_bytes(), big.path.read_bytes()) == (b"small", BIG)
    assert served.sessions == 3
    assert held(spool) == ["download-0", "download-1"]
    assert served.opened.count("/a.csv") == 1, "what had arrived is not fetched again"


def test_a_connection_dropped_too_often(serve: Any, plant: Any, connect: Any, spool: Path) -> None:
    plant({"b.csv": BIG})
    served = serve(Dropping)
    with pytest.raises(ServerUnavailable):
        connect(served, attempts=2).fetch([remote("/b.csv")], spool)
    assert served.sessions == 2


def test_an_archives_directory_is_read_without_the_archive(
    serve: Any, root: Path, connect: Any
) -> None:
    with zipfile.ZipFile(root / "big.zip", "w", zipfile.ZIP_STORED) as archive:
        for number in range(4):
            archive.writestr(f"{number}.csv", BIG)
    served = serve()
    session = connect(served)
    (file,) = everything(session, "/")
    with session.open(file) as stream, zipfile.ZipFile(stream) as archive:
        assert archive.namelist() == ["0.csv", "1.csv", "2.csv", "3.csv"]
        assert served.read < file.size / 10
        assert archive.read("2.csv") == BIG


def test_a_remote_file_reads_as_a_local_one(serve: Any, root: Path, connect: Any) -> None:
    (root / "x").write_bytes(BIG)
    session = connect(serve())
    (file,) = everything(session, "/")
    with session.open(file) as stream, (root / "x").open("rb") as local:
        for offset, whence, size in ((0, 0, 10), (-7, 2, 100), (5, 0, 0), (3, 1, 70_000)):
            assert stream.seek(offset, whence) == local.seek(offset, whence)
            assert stream.read(size) == local.read(size)
            assert stream.tell() == local.tell()
        assert stream.seek(10, os.SEEK_END) == len(BIG) + 10
        assert stream.read() == b""
        assert stream.seek(0) == 0
        assert stream.read() == BIG


def test_names_of_local_files() -> None:
    content = Content(Path("download-0"))
    whole = LocalFile(Path("download-0"), remote("/x/newark.zip"), content)
    member = LocalFile(Path("member-0"), remote("/x/newark.zip"), content, "SM.csv")
    assert (whole.name, member.name) == ("newark.zip", "newark.zip/SM.csv")


def test_a_member_knows_the_hash_of_the_remote_file(tmp_path: Path) -> None:
    (tmp_path / "download-0").write_bytes(b"archive")
    (tmp_path / "member-0").write_bytes(b"member")
    content = Content(tmp_path / "download-0")
    archive = LocalFile(tmp_path / "download-0", remote("/x/newark.zip"), content)
    member = replace(archive, path=tmp_path / "member-0", member="SM.csv")
    assert archive.sha256 == member.sha256 == hashlib.sha256(b"archive").hexdigest()


def test_nothing_is_left_behind(
    serve: Any, plant: Any, connect: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = spool.parent / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    plant({"a.csv": b"a", "b.csv": BIG})
    began = time.time()
    session = connect(serve(Dropping), attempts=3)
    session.fetch([remote("/a.csv"), remote("/b.csv")], spool)
    with session.open(remote("/b.csv", len(BIG))) as stream:
        assert len(stream.read()) == len(BIG)
    assert list(temporary.iterdir()) == []
    new = [path for path in Path.cwd().iterdir() if path.stat().st_ctime > began]
    assert not [path for path in new if path.name.startswith(("download", "a.csv", "b.csv"))]


def test_a_full_disk_here_is_not_the_servers_failure(
    serve: Any, plant: Any, connect: Any, spool: Path
) -> None:
    plant({"a.csv": BIG})
    (spool / "download-0").symlink_to("/dev/full")
    served = serve()
    with pytest.raises(SpoolFull, match="TEAMSTER_SPOOL_DIR") as failure:
        connect(served, attempts=5).fetch([remote("/a.csv", len(BIG))], spool)
    assert str(spool) not in str(failure.value)
    assert served.opened == ["/a.csv"], "trying again would not help"
