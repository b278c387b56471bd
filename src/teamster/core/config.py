"""YAML that remembers where each value stands, so that an error can name file and line."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

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


_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """The safe loader, its values located."""

    def place(self, node: yaml.Node) -> str:
        return f"{_shown(Path(node.start_mark.name))}:{node.start_mark.line + 1}"

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merges ``<<``; a mapping's own keys win, and stand once."""
        own: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError(f"{self.place(key)}: a key must be a single value")
            if (key.tag, key.value) in own and key.tag != _MERGE:
                raise ConfigError(f"{self.place(key)}: {key.value} stands twice")
            own.add((key.tag, key.value))
        super().flatten_mapping(node)
        # Own keys come last and win; merged ones go, so that they do not look like a repetition
        # where this mapping is merged into another.
        node.value = list(
            {(key.tag, key.value): (key, value) for key, value in node.value}.values()
        )


def _shown(path: Path) -> Path:
    """Returns a path as people may see it: from the current folder, or the name alone."""
    absolute = path.resolve()
    return (
        absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else Path(path.name)
    )


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
                raise ConfigError(f"{_shown(file)}: {key} stands in another of these files too")
            else:
                merged[key] = value
    return merged


def _read(file: Path) -> Mapping[str, Any]:
    try:
        with file.open(encoding="utf-8") as stream:
            data = yaml.load(stream, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
    except OSError as error:
        raise ConfigError(
            f"{_shown(file)}: {error.strerror}; paths start at {Path.cwd().name}/"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{_shown(file)}: not UTF-8 at byte {error.start}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", "not YAML")
        raise ConfigError(f"{_shown(file)}{line}: {problem}") from None
    if not isinstance(data, Mapping):
        raise ConfigError(f"{_shown(file)}: a mapping is expected at the top, such as 'assets:'")
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
    location = _without_tags(given, detail["loc"])
    owner = _model_at(model, detail["loc"][:-1])
    name = str(location[-1]) if location else "?"
    dotted = ".".join(map(str, location))
    place = _deepest_place(given, location)
    where = f"{place}: " if place else ""
    message = str(detail["msg"])
    match detail["type"]:
        case "extra_forbidden":
            options = list(owner.model_fields) if owner else []
            if len(location) == 1:
                return f"{where}{dotted} is no option of this factory{_near(name, options)}"
            belongs = ".".join(map(str, location[:-1]))
            hint = _near(name, options) or f"; there are: {', '.join(options)}"
            return f"{where}{dotted} is no option of {belongs}{hint}"
        case "union_tag_invalid":
            tags = detail["ctx"]["expected_tags"].replace("'", "").split(", ")
            tag = detail["ctx"]["tag"]
            message = f"there is no type {tag!r}{_near(tag, tags)}; there are: {', '.join(tags)}"
        case "union_tag_not_found":
            message = "its type is missing"
        case "value_error":
            message = message.removeprefix("Value error, ")
    return f"{where}{dotted}: {message}" if location else f"{where}{message}"


def _near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _without_tags(given: Any, location: Iterable[Any]) -> list[Any]:
    """Returns an error's location without the tags of unions, which stand in no YAML."""
    kept: list[Any] = []
    value = given
    for part in location:
        if isinstance(value, Mapping) and part not in value and value.get("type") == part:
            continue
        kept.append(part)
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            value = None
    return kept


def _model_at(model: type[BaseModel], location: Iterable[Any]) -> type[BaseModel] | None:
    """Returns the model that an error's location leads to; its parts are fields and tags."""
    models = [model]
    for part in location:
        tagged = [each for each in models if _tag(each) == part]
        fields = [each.model_fields[part] for each in models if part in each.model_fields]
        if fields and not tagged:
            models = list(_models_in(fields[0].annotation))
        elif tagged:
            models = tagged
    return models[0] if len(models) == 1 else None


def _tag(model: type[BaseModel]) -> Any:
    field = model.model_fields.get("type")
    return field.default if field else None


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _deepest_place(given: Mapping[str, Any], location: Sequence[Any]) -> str | None:
    """Returns the place of the value at a location, or of the nearest thing around it."""
    place = next(filter(None, map(place_of, [given, *given])), None)
    value: Any = given
    for part in location:
        if isinstance(value, Mapping) and part in value:
            key = next(key for key in value if key == part)
            place = place_of(key) or place
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            break
        place = place_of(value) or place
    return place
