"""Walks: only where a file can match, each folder once, no link leading astray."""

import asyncio
import os
import tracemalloc
from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime
from typing import Any

import asyncssh
import pytest
import regex

from teamster.core.errors import NoSuchDirectory, PermissionRefused
from teamster.libraries.ssh.files import Listing
from teamster.libraries.ssh.remote import Remote
from teamster.libraries.ssh.walk import WalkSpec


def spec(
    start: str, folders: str = r".*", files: str = r".*\.csv", exclude: Collection[str] = ()
) -> WalkSpec:
    return WalkSpec(start, regex.compile(folders), regex.compile(files), exclude)


def paths(listing: Listing) -> list[str]:
    return [file.path for file in listing.files]


def test_only_folders_that_can_match_are_listed(serve: Any, plant: Any, connect: Any) -> None:
    plant(
        {
            "exports/nj/2025/a.csv": b"a",
            "exports/nj/2026/b.csv": b"bb",
            "exports/nj/2026/deep/x.csv": b"",
            "exports/ny/2026/c.csv": b"",
            "other/d.csv": b"",
        }
    )
    served = serve()
    listing = connect(served).walk(spec("/exports", r"/exports/nj/2026"))
    assert paths(listing) == ["/exports/nj/2026/b.csv"]
    assert sorted(served.listed) == ["/exports", "/exports/nj", "/exports/nj/2026"]
    assert sorted(listing.others) == [
        "/exports/nj/2025/",
        "/exports/nj/2026/deep/",
        "/exports/ny/",
    ]


def test_files_are_ordered_and_described(serve: Any, plant: Any, root: Any, connect: Any) -> None:
    plant({"b.csv": b"12345", "a.csv": b"1", "notes.txt": b""})
    os.utime(root / "b.csv", (0, 1_750_000_000))
    listing = connect(serve()).walk(spec("/", r"/"))
    assert paths(listing) == ["/a.csv", "/b.csv"]
    assert listing.files[1].size == 5
    assert listing.files[1].mtime == datetime.fromtimestamp(1_750_000_000, UTC)
    assert listing.others == ["/notes.txt"]


@pytest.mark.parametrize(
    ("start", "folders", "found"),
    [
        ("", "", ["a.csv"]),
        ("", ".*", ["a.csv", "data/x/b.csv"]),
        ("data/x", "data/x", ["data/x/b.csv"]),
        ("/", "/", ["/a.csv"]),
        ("/", ".*", ["/a.csv", "/data/x/b.csv"]),
        ("/data", r"/data/\w", ["/data/x/b.csv"]),
    ],
)
def test_starts(
    serve: Any, plant: Any, connect: Any, start: str, folders: str, found: list[str]
) -> None:
    plant({"a.csv": b"", "data/x/b.csv": b""})
    assert paths(connect(serve()).walk(spec(start, folders))) == found


def test_the_login_folder_spelled_as_a_dot(serve: Any, plant: Any, connect: Any) -> None:
    plant({"a.csv": b""})
    assert paths(connect(serve()).walk(spec(".", r"\."))) == ["./a.csv"]


@pytest.mark.parametrize("start", ["data/x", "."])
def test_relative_starts_on_openssh(sshd: Any, connect: Any, start: str) -> None:
    (sshd.root / "data" / "x").mkdir(parents=True, exist_ok=True)
    (sshd.root / "data" / "x" / "b.csv").write_bytes(b"1")
    listing = connect(sshd).walk(spec(start, r"(\./)?data/x"))
    assert [path.removeprefix("./") for path in paths(listing)] == ["data/x/b.csv"]


def test_a_missing_start_is_no_empty_listing(serve: Any, sshd: Any, connect: Any) -> None:
    for server, start in ((serve(), "/nowhere"), (sshd, f"{sshd.root}/nowhere/at/all")):
        with pytest.raises(NoSuchDirectory, match=start):
            connect(server).walk(spec(start))


def test_excluded_folders_are_not_listed(serve: Any, plant: Any, connect: Any) -> None:
    plant({"archive/a.csv": b"", "x/archive/b.csv": b"", "x/c.csv": b""})
    served = serve()
    assert paths(connect(served).walk(spec("/", exclude=["archive"]))) == ["/x/c.csv"]
    assert sorted(served.listed) == ["/", "/x"]


def test_loops_of_links_end(serve: Any, plant: Any, connect: Any) -> None:
    plant({"a/x.csv": b"", "a/up": "..", "a/self": "self", "a/here": ".", "b/back": "../a"})
    listing = connect(serve()).walk(spec("/"))
    assert paths(listing) == ["/a/x.csv", "/b/back/x.csv"]


def test_two_links_to_one_folder_are_two_ways_to_it(serve: Any, plant: Any, connect: Any) -> None:
    plant({"all/2026/x.csv": b"", "latest": "all/2026", "current": "all/2026"})
    served = serve()
    for name in ("latest", "current"):
        listing = connect(served).walk(spec("/", f"/{name}"))
        assert paths(listing) == [f"/{name}/x.csv"]
    served.listed.clear()
    assert len(connect(served).walk(spec("/")).files) == 3
    assert len(served.listed) == 3


def test_links_out_of_the_start_folder_are_not_followed(
    serve: Any, plant: Any, connect: Any
) -> None:
    plant(
        {
            "private/secret.csv": b"",
            "data-old/y.csv": b"",
            "data/real/x.csv": b"123",
            "data/folder": "../private",
            "data/sibling": "../data-old",
            "data/file.csv": "../private/secret.csv",
            "data/inside.csv": "real/x.csv",
            "data/nothing.csv": "gone.csv",
        }
    )
    served = serve()
    listing = connect(served).walk(spec("/data"))
    assert paths(listing) == ["/data/inside.csv", "/data/real/x.csv"]
    assert [file.size for file in listing.files] == [3, 3]
    assert sorted(served.listed) == ["/data", "/data/real"]


def test_links_on_openssh(sshd: Any, connect: Any) -> None:
    data = sshd.root / "links" / "data"
    data.mkdir(parents=True)
    (data.parent / "secret.csv").write_bytes(b"")
    (data / "x.csv").write_bytes(b"12")
    (data / "in.csv").symlink_to("x.csv")
    (data / "out.csv").symlink_to("../secret.csv")
    (data / "loop").symlink_to(data)
    listing = connect(sshd).walk(spec(str(data), regex.escape(str(data)) + ".*"))
    assert [(file.name, file.size) for file in listing.files] == [("in.csv", 2), ("x.csv", 2)]


class Refusing:
    """Does not let anyone list folders named ``locked``."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if path.endswith(b"locked"):
            raise asyncssh.SFTPPermissionDenied("no")
        async for entry in super().scandir(path):
            yield entry


def test_an_unreadable_folder_is_reported(serve: Any, plant: Any, connect: Any) -> None:
    plant({"a/locked/x.csv": b"", "a/open/y.csv": b""})
    session = connect(serve(Refusing))
    listing = session.walk(spec("/a"))
    assert paths(listing) == ["/a/open/y.csv"]
    assert listing.unreadable == ["/a/locked"]
    with pytest.raises(PermissionRefused, match="/a/locked"):
        session.walk(spec("/a/locked"))


class Hostile:
    """Lists names that no file here has."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        attrs = asyncssh.SFTPAttrs(permissions=0o100644, size=1, mtime=0)
        for name in (b"../up.csv", b"/etc/x.csv", b"a\nb.csv", b"\x1b[2J.csv", b"\xff.csv", b""):
            yield asyncssh.SFTPName(name, attrs=attrs)
        async for entry in super().scandir(path):
            yield entry


def test_hostile_names_are_passed_over_and_counted(serve: Any, plant: Any, connect: Any) -> None:
    plant({"good.csv": b"", "naïve – 日本.csv": b""})
    listing = connect(serve(Hostile)).walk(spec("/", "/"))
    assert paths(listing) == ["/good.csv", "/naïve – 日本.csv"]
    assert listing.hostile == 6
    assert listing.others == []


def test_control_characters_on_openssh(sshd: Any, connect: Any) -> None:
    folder = sshd.root / "control"
    folder.mkdir()
    for name in ("good.csv", "line\nbreak.csv", "bell\a.csv"):
        (folder / name).write_bytes(b"")
    listing = connect(sshd).walk(spec(str(folder)))
    assert ([file.name for file in listing.files], listing.hostile) == (["good.csv"], 2)


class Counting:
    """Lists slowly and knows how many folders are open at once."""

    under_way = 0
    most = 0

    def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        Counting.under_way += 1
        Counting.most = max(Counting.most, Counting.under_way)
        return self._slowly(super().scandir(path))

    async def _slowly(
        self, entries: AsyncIterator[asyncssh.SFTPName]
    ) -> AsyncIterator[asyncssh.SFTPName]:
        await asyncio.sleep(0.01)
        async for entry in entries:
            yield entry
        Counting.under_way -= 1


def test_at_most_so_many_listings_at_once(
    serve: Any, plant: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({f"{number}/x.csv": b"" for number in range(12)})
    for limit, expected in ((3, 3), (64, 12)):
        monkeypatch.setattr(Counting, "under_way", 0)
        monkeypatch.setattr(Counting, "most", 0)
        listing = connect(serve(Counting), max_listings=limit).walk(spec("/"))
        assert len(listing.files) == 12
        assert Counting.most == expected


def test_walks_share_their_listings(serve: Callable[..., Any], plant: Any, connect: Any) -> None:
    plant({"data/a/x.csv": b"", "data/b/y.csv": b"", "data/c/z.csv": b"", "link": "data/a"})
    served = serve()
    specs = [
        spec("/data", "/data/[ab]"),
        spec("/nowhere"),
        spec("/data", "/data/[bc]"),
        spec("/data/a"),
        spec("data", "data/a"),
        spec("link"),
    ]
    found = connect(served).walk_all(specs)
    assert isinstance(found.pop(1), NoSuchDirectory)
    assert [paths(listing) for listing in found] == [
        ["/data/a/x.csv", "/data/b/y.csv"],
        ["/data/b/y.csv", "/data/c/z.csv"],
        ["/data/a/x.csv"],
        ["data/a/x.csv"],
        ["link/x.csv"],
    ]
    assert sorted(served.listed) == ["/data", "/data/a", "/data/b", "/data/c", "/nowhere"]


def test_a_refused_start_spoils_no_other_walk(serve: Any, plant: Any, connect: Any) -> None:
    plant({"locked/x.csv": b"", "open/y.csv": b""})
    refused, whole, everything = connect(serve(Refusing)).walk_all(
        [spec("/locked"), spec("/open"), spec("/")]
    )
    assert isinstance(refused, PermissionRefused)
    assert paths(whole) == ["/open/y.csv"]
    assert (paths(everything), everything.unreadable) == (["/open/y.csv"], ["/locked"])


def test_no_walks_need_no_server(serve: Any, connect: Any) -> None:
    assert connect(serve()).walk_all([]) == []


def test_files_beside_the_wanted_ones_are_told(serve: Any, plant: Any, connect: Any) -> None:
    plant(
        {
            "data/a.csv": b"",
            "data/renamed.txt": b"",
            "data/other.json": b"",
            "data/deep/x.csv": b"",
            "elsewhere/y.txt": b"",
        }
    )
    one, two = connect(serve()).walk_all(
        [spec("/data", "/data", r"a\.csv"), spec("/data", "/data/deep", r"other\.json")]
    )
    assert sorted(one.beside) == ["/data/other.json", "/data/renamed.txt"]
    assert one.not_entered == ["/data/deep"]
    assert two.beside == ["/data/deep/x.csv"]


class Crowded:
    """A folder of very many files, of which one is wanted."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for number in range(30_000):
            yield asyncssh.SFTPName(
                b"%d.txt" % number, attrs=asyncssh.SFTPAttrs(permissions=0o100644)
            )
        yield asyncssh.SFTPName(b"wanted.csv", attrs=asyncssh.SFTPAttrs(permissions=0o100644))


def test_a_crowd_of_files_that_nobody_wants_takes_no_memory(serve: Any, connect: Any) -> None:
    session = connect(serve(Crowded))
    tracemalloc.start()
    try:
        listing = session.walk(spec("/", "/"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert paths(listing) == ["/wanted.csv"]
    assert len(listing.beside) + listing.beside_not_kept == 30_000
    assert peak < 12 * 1024**2, "with all their attributes it would be some 40 MiB"


def test_walks_that_take_too_long_are_given_up_and_the_others_kept(
    serve: Any, plant: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({"slow/x.csv": b"", "quick/y.csv": b""})
    quickly = Remote.entries

    # Here, not in the server: that answers one call of a session after the other.
    async def dawdling(self: Remote, folder: str) -> AsyncIterator[Any]:
        if folder == "/slow":
            await asyncio.sleep(30)
        async for entry in quickly(self, folder):
            yield entry

    monkeypatch.setattr(Remote, "entries", dawdling)
    served = serve()
    session = connect(served)
    slow, quick = session.walk_all([spec("/slow"), spec("/quick")], 0.5)
    assert slow is None
    assert paths(quick) == ["/quick/y.csv"]
    assert paths(session.walk(spec("/quick"))) == ["/quick/y.csv"]
    assert len(served.connections) == 2, "what still listed was cut off"
