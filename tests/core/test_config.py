"""YAML with places: the same data as Dagster's, and errors that name file and line."""

import re
from pathlib import Path
from typing import Any

import dagster
import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from teamster.core.config import config_from_files, place_of, validated
from teamster.core.errors import ConfigError

CODE_LOCATIONS = Path(__file__).resolve().parents[2] / "src/teamster/code_locations"
OWN_FILES = sorted(CODE_LOCATIONS.glob("**/*.yaml"))


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes YAML files into the current folder, which is one of the test's own."""
    monkeypatch.chdir(tmp_path)

    def _write(text: str | bytes, name: str = "a.yaml") -> Path:
        path = Path(name)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return _write


# --- data --------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", OWN_FILES, ids=lambda file: "/".join(file.parts[-4:]))
def test_the_same_data_as_dagsters_own_function(file: Path) -> None:
    assert config_from_files([file]) == dagster.config_from_files([str(file)])


def test_there_are_files_of_our_own() -> None:
    assert len(OWN_FILES) >= 8


DOCUMENT = """
text: plain
quoted: "007"
number: 7
real: 1.5
flag: true
nothing: null
day: 2025-07-01
multi: |
  one
  two
2026: year
list: [a, 1, {b: c}]
base: &base { a: 1, c: 2 }
other: &other { a: 5, d: 6 }
merged: { <<: *base, a: 3 }
merged_again: &again
  <<: *base
  a: 4
deep: { <<: *again, e: 7 }
several: { <<: [*base, *other], c: 8 }
twice:
  <<: *base
  <<: *other
same: *again
"""


def test_the_same_data_as_the_safe_loader(write: Any) -> None:
    file = write(DOCUMENT)
    read = config_from_files([file])
    assert read == yaml.safe_load(DOCUMENT)
    assert read["deep"] == {"a": 4, "c": 2, "e": 7}
    assert read["several"] == {"a": 1, "d": 6, "c": 8}


def test_a_byte_order_mark_is_no_matter(write: Any) -> None:
    assert config_from_files([write(b"\xef\xbb\xbfa: 1\n")]) == {"a": 1}


def test_several_files_are_joined_in_order(write: Any) -> None:
    files = [
        write("x-shared: &s {a: 1}\nassets: [one, *s]\n", "a.yaml"),
        write("x-shared: &s {a: 2}\nassets: [two, *s]\nsensors: [three]\n", "b.yaml"),
    ]
    joined = config_from_files(files)
    assert joined["assets"] == ["one", {"a": 1}, "two", {"a": 2}]
    assert joined["sensors"] == ["three"]
    assert place_of(joined["assets"][2]) == "b.yaml:2"


def test_places(write: Any) -> None:
    read = config_from_files(
        [write("assets:\n  - asset_key: [a, b]\n    name: x\n    number: 3\n")]
    )
    (asset,) = read["assets"]
    assert place_of(asset) == "a.yaml:2"
    assert place_of(asset["asset_key"]) == "a.yaml:2"
    assert place_of(asset["name"]) == "a.yaml:3"
    assert place_of(asset["number"]) is None
    assert [place_of(key) for key in asset] == ["a.yaml:2", "a.yaml:3", "a.yaml:4"]
    assert place_of("text of no file") is None


def test_places_start_at_the_current_folder(write: Any, tmp_path: Path) -> None:
    Path("config").mkdir()
    write("a: x\n", "config/a.yaml")
    assert place_of(config_from_files([tmp_path / "config/a.yaml"])["a"]) == "config/a.yaml:1"


def test_places_elsewhere_are_names_alone(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / write("a: x\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert place_of(config_from_files([file])["a"]) == "a.yaml:1"


# --- files that cannot be read -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3: a stands twice"),
        ("x:\n  - a: 1\n    'a': 3\n", "a.yaml:3: a stands twice"),
        ("x: &x {a: 1}\ny:\n  <<: *x\n  b: 1\n  b: 2\n", "a.yaml:5: b stands twice"),
        ("x: {? [a, b] : 1}\n", "a.yaml:1: a key must be a single value"),
        ("a: [1\nb: 2\n", "a.yaml:2: expected ',' or ']'"),
        ("a: *nowhere\n", "a.yaml:1: found undefined alias"),
        ("a: &a [*a]\n", "a.yaml:1: found unconstructable recursive node"),
        (
            "\na: !!python/object/apply:os.getcwd []\n",
            "a.yaml:2: could not determine a constructor",
        ),
        ("a: \x07\n", "a.yaml: "),
        (b"a: \xff\n", "a.yaml: not UTF-8 at byte 3"),
        ("", "a.yaml: a mapping is expected at the top"),
        ("- a\n", "a.yaml: a mapping is expected at the top"),
    ],
)
def test_what_is_wrong_with_a_file(write: Any, text: str | bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}"):
        config_from_files([write(text)])


def test_a_file_that_is_not_there(write: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"^b\.yaml: No such file.*start at {tmp_path.name}/"):
        config_from_files([write("a: 1\n"), tmp_path / "b.yaml"])
    with pytest.raises(ConfigError, match=r"directory"):
        config_from_files([tmp_path])


def test_a_key_of_two_files(write: Any) -> None:
    files = [write("name: x\n", "a.yaml"), write("name: y\n", "b.yaml")]
    with pytest.raises(ConfigError, match=r"^b\.yaml: name stands in another"):
        config_from_files(files)


# --- arguments ---------------------------------------------------------------------------------


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    partition_aliases: dict[str, dict[str, str]] = Field(default_factory=dict)
    max_rejected_rows: int = 0
    select: str = "one"


def factory(**options: Any) -> Options:
    """Takes its arguments as asset factories do: as keywords."""
    return validated(Options, options, "kippnewark/iready/scores")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "- name: x\n  max_rejected_row: 3\n",
            "a.yaml:3: max_rejected_row is no option of this factory; did you mean "
            "max_rejected_rows?",
        ),
        ("- name: x\n  nonsense: {a: 1}\n", "a.yaml:3: nonsense is no option of this factory"),
        ("- name: x\n  max_rejected_rows: many\n", "a.yaml:3: max_rejected_rows: Input should be"),
        ("- name: 3\n", "a.yaml:2: name: Input should be a valid string"),
        ("- max_rejected_rows: 3\n", "a.yaml:2: name: Field required"),
        (
            "- name: x\n  partition_aliases:\n    year:\n      '2025': x\n      '2026': 7\n",
            "a.yaml:6: partition_aliases.year.2026: Input should be a valid string",
        ),
        (
            "- name: x\n  partition_aliases:\n    - year\n",
            "a.yaml:4: partition_aliases: Input should be a valid dictionary",
        ),
    ],
)
def test_errors_name_file_and_line(write: Any, text: str, message: str) -> None:
    (config,) = config_from_files([write("assets:\n" + text)])["assets"]
    with pytest.raises(ConfigError) as raised:
        factory(**config)
    assert str(raised.value).startswith(f"kippnewark/iready/scores: {message}")


def test_all_that_is_wrong_is_told_at_once(write: Any) -> None:
    (config,) = config_from_files([write("assets:\n- selct: all\n  max_rejected_rows: x\n")])[
        "assets"
    ]
    with pytest.raises(ConfigError) as raised:
        factory(**config)
    for part in ("a.yaml:2: name: ", "a.yaml:3: max_rejected_rows: ", "did you mean select?"):
        assert part in str(raised.value)


def test_arguments_from_python_have_no_place() -> None:
    with pytest.raises(
        ConfigError, match=r"^kippnewark/iready/scores: selct is no option.*select\?"
    ):
        factory(name="x", selct="all")
    with pytest.raises(ConfigError, match=r"^kippnewark/iready/scores: name: Field required"):
        factory()


def test_what_fits_passes() -> None:
    assert factory(name="x", max_rejected_rows=3).max_rejected_rows == 3
