"""YAML that remembers where each value stands, so that an error can name file and line."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from teamster.core.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


class LocatedText(str):
    """A text of a YAML file that knows its place, ``file:line``."""

    place: str


class LocatedList(list[Any]):
    """A sequence of a YAML file that knows its place, ``file:line``."""

    place: str


class LocatedDict(dict[str, Any]):
    """A mapping of a YAML file that knows its place, ``file:line``."""

    place: str


class _Loader(yaml.SafeLoader):
    """The safe loader, its values located."""

    def place(self, node: yaml.Node) -> str:
        path = Path(node.start_mark.name)
        try:
            path = path.resolve().relative_to(Path.cwd())
        except ValueError:
            path = Path(path.name)
        return f"{path}:{node.start_mark.line + 1}"


def _text(loader: _Loader, node: yaml.ScalarNode) -> LocatedText:
    value = LocatedText(loader.construct_scalar(node))
    value.place = loader.place(node)
    return value


def _sequence(loader: _Loader, node: yaml.SequenceNode) -> LocatedList:
    value = LocatedList(loader.construct_sequence(node, deep=True))
    value.place = loader.place(node)
    return value


def _mapping(loader: _Loader, node: yaml.MappingNode) -> LocatedDict:
    loader.flatten_mapping(node)
    value = LocatedDict()
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in value:
            raise ConfigError(f"{loader.place(key_node)}: {key} stands twice")
        value[key] = loader.construct_object(value_node, deep=True)
    value.place = loader.place(node)
    return value


_Loader.add_constructor("tag:yaml.org,2002:str", _text)
_Loader.add_constructor("tag:yaml.org,2002:seq", _sequence)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def config_from_files(config_files: Iterable[str | Path]) -> dict[str, Any]:
    """Reads YAML files and merges their top-level keys: Dagster's function, with places kept.

    Args:
        config_files: Paths of YAML files. Lists under the same key are joined in order.

    Returns:
        Plain data. Its texts, lists and mappings know their ``file:line``, which the factories use
        in their errors.

    Raises:
        ConfigError: A file is absent, is not YAML, or has a key twice.
    """
    merged: dict[str, Any] = {}
    for file in map(Path, config_files):
        for key, value in _read(file).items():
            if isinstance(value, list) and isinstance(merged.get(key), list):
                merged[key] = [*merged[key], *value]
            elif key in merged and not str(key).startswith("x-"):
                raise ConfigError(f"{file.name}: {key} stands in another of these files too")
            else:
                merged[key] = value
    return merged


def _read(file: Path) -> Mapping[str, Any]:
    try:
        with file.open(encoding="utf-8") as stream:
            data = yaml.load(stream, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
    except FileNotFoundError:
        raise ConfigError(
            f"there is no YAML file {file}; paths start at {Path.cwd().name}/"
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{file.name}{line}: {getattr(error, 'problem', 'not YAML')}") from None
    if not isinstance(data, Mapping):
        raise ConfigError(f"{file.name}: a mapping is expected at the top, such as 'assets:'")
    return data


def place_of(value: Any) -> str | None:
    """Returns the ``file:line`` of a value read by :func:`config_from_files`, else None."""
    return getattr(value, "place", None)


def validated(model: type[Model], given: Mapping[str, Any], subject: str) -> Model:
    """Makes a typed model of a factory's arguments.

    Args:
        model: What the arguments must be.
        given: The arguments.
        subject: What they are for, to begin the error with.

    Raises:
        ConfigError: It names the place in the YAML where there is one, the subject, the argument,
            and what is wrong.
    """
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        problems = [_problem(model, given, detail) for detail in error.errors()]
        raise ConfigError(f"{subject}: " + "; ".join(problems)) from None


def _problem(model: type[BaseModel], given: Mapping[str, Any], detail: Mapping[str, Any]) -> str:
    location: Sequence[Any] = detail["loc"]
    name = str(location[0]) if location else "?"
    dotted = ".".join(map(str, location))
    key = next((key for key in given if key == name), None)
    place = place_of(given.get(name)) or place_of(key)
    where = f"{place}: " if place else ""
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, model.model_fields, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{where}{dotted} is no option of this factory{hint}"
    return f"{where}{dotted}: {detail['msg']}"
