"""A feed: what an asset takes from a server, and how that becomes records."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, TypeVar

from dagster import (
    AssetKey,
    DynamicPartitionsDefinition,
    PartitionsDefinition,
)

from teamster.core.asset_options import AssetOptions
from teamster.core.config import place_of, validated
from teamster.core.errors import ConfigError
from teamster.core.partitions import (
    SINGLE,
    PartitionsLike,
    dimension_definitions,
    join_key,
    resolve_partitions_def,
    split_key,
    window_of,
)
from teamster.core.paths import PathPattern
from teamster.core.schema import AvroSchema, SchemaLike, resolve_schema
from teamster.core.volume import check_volume_options
from teamster.libraries.sftp.dimensions import Patterns, Spellings, named_dimensions
from teamster.libraries.sftp.inspecting import Look
from teamster.libraries.sftp.options import (
    AllOptions,
    MatchOptions,
    Select,
    SftpOptions,
)
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.ssh.files import RemoteFile
from teamster.libraries.ssh.walk import WalkSpec

Kind: TypeAlias = Literal["file", "archive", "folder"]
Options = TypeVar("Options", AssetOptions, MatchOptions, ReadOptions)
PartitionValues: TypeAlias = Mapping[str, str]
"""Dimension -> value."""


@dataclass(frozen=True)
class Feed:
    """What one asset takes from a server; made by :func:`make_feed`.

    Attributes:
        kind: Which factory made it.
        asset_key: The asset.
        ssh_resource_key: The server.
        patterns: Where its files lie.
        schema: The writer schema of its objects.
        partitions_def: The asset's partitions.
        asset: How it stands in Dagster.
        match: Which files are taken.
        read: How they are read.
        look: What looks into an archive before a member of it is taken.
    """

    kind: Kind
    asset_key: AssetKey
    ssh_resource_key: str
    patterns: Patterns
    schema: AvroSchema
    partitions_def: PartitionsDefinition[Any] | None
    asset: AssetOptions
    match: MatchOptions
    read: ReadOptions
    look: Look | None = None

    @cached_property
    def dimensions(self) -> dict[str, PartitionsDefinition[Any]]:
        """The partition's dimensions; a single one bears the name of the group that carries it."""
        return named_dimensions(self.partitions_def, self.patterns, self.match)

    @property
    def select(self) -> Select:
        """Which of several matches are taken: by default one, for a folder all."""
        return self.match.select or ("all" if self.kind == "folder" else "one")

    def values_of_key(self, partition_key: str | None) -> PartitionValues:
        """Returns a partition key's values by dimension; nothing without partitions."""
        if self.partitions_def is None or partition_key is None:
            return {}
        values = split_key(self.partitions_def, partition_key)
        if set(values) == {SINGLE}:
            return dict.fromkeys(self.dimensions, values[SINGLE])
        return values

    def key_of_values(self, values: PartitionValues) -> str | None:
        """Returns the partition key of values by dimension, or None for an unpartitioned asset."""
        if self.partitions_def is None:
            return None
        if SINGLE in dimension_definitions(self.partitions_def):
            return join_key(self.partitions_def, {SINGLE: next(iter(values.values()))})
        return join_key(self.partitions_def, values)

    def knows(self, values: PartitionValues) -> bool:
        """Tells whether the partitions definition has a key of these values, now."""
        return set(values) == set(self.dimensions) and all(
            isinstance(definition, DynamicPartitionsDefinition)
            or definition.has_partition_key(values[name])
            for name, definition in self.dimensions.items()
        )

    def walk_spec(self, values: PartitionValues) -> WalkSpec:
        """Returns where to look for the files of a partition, or with no values of all of them."""
        return WalkSpec(
            start=_start_folder(self.patterns.folder),
            folders=self.patterns.folder.bind(values),
            files=self.patterns.file.bind(values),
            exclude_dirs=frozenset(self.match.exclude_dirs),
        )

    def values_of_file(self, file: RemoteFile) -> PartitionValues | None:
        """Reads the partition values that a remote file carries.

        Returns:
            Dimension -> value, without the dimensions that only an archive member carries; None if
            the file belongs to no partition of the feed.
        """
        folder, _, name = file.path.rpartition("/")
        if file.path.startswith("/") and not folder:
            folder = "/"
        in_folder = self.patterns.folder.parse(folder)
        in_name = self.patterns.file.parse(name)
        if in_folder is None or in_name is None:
            return None
        values = {**in_folder, **in_name}
        if any(in_folder[dimension] != values[dimension] for dimension in in_folder):
            return None
        for dimension in self.match.partition_sources:
            key = window_of(self.dimensions[dimension], file.mtime)
            if key is None:
                return None
            values[dimension] = key
        return values


def make_feed(
    kind: Kind,
    core: Mapping[str, Any],
    options: SftpOptions,
    archive_file_regex: str | None = None,
    look: Look | None = None,
) -> Feed:
    """Checks a factory's arguments and makes the feed.

    Args:
        kind: The factory.
        core: The six core parameters of the specification.
        options: The keyword options.
        archive_file_regex: The member's regular expression, for archives.
        look: What looks into an archive before the member is taken.

    Raises:
        ConfigError: It names the place in the YAML, the asset, the argument and what is wrong.
    """
    asset_key = AssetKey([str(part) for part in core["asset_key"]])
    subject = asset_key.to_user_string()
    asset, match, read = _grouped(options, subject)
    try:
        definition = _partitions(core["partitions_def"])
        spellings = _spellings(definition, match)
        patterns = Patterns(
            folder=spellings.pattern(_without_trailing_slash(core["remote_dir_regex"])),
            file=spellings.pattern(core["remote_file_regex"]),
            member=spellings.pattern(archive_file_regex) if archive_file_regex else None,
        )
        feed = Feed(
            kind=kind,
            asset_key=asset_key,
            ssh_resource_key=core["ssh_resource_key"],
            patterns=patterns,
            schema=resolve_schema(_checked_schema(core["avro_schema"])),
            partitions_def=definition,
            asset=asset,
            match=match,
            read=read,
            look=look,
        )
        if asset.volume:
            check_volume_options(asset.volume, definition)
        feed.dimensions  # noqa: B018 - raises if dimensions and groups do not agree
    except ConfigError as error:
        raise ConfigError(f"{_place(core)}{subject}: {error}") from None
    return feed


def _place(core: Mapping[str, Any]) -> str:
    place = place_of(core["asset_key"])
    return f"{place}: " if place else ""


def _checked_schema(given: Any) -> SchemaLike:
    return str(given) if isinstance(given, str) else given


def _partitions(given: PartitionsLike | None) -> PartitionsDefinition[Any] | None:
    """Returns the definition; one object for equal data, which thousands of feeds may have."""
    if given is None:
        return None
    if not isinstance(given, Mapping) or _holds_definition(given):
        return resolve_partitions_def(given)
    data = json.dumps(given, default=str)  # dates mean what their text means
    if data not in _PARTITIONS:
        _PARTITIONS[data] = resolve_partitions_def(given)
    return _PARTITIONS[data]


def _holds_definition(given: Mapping[str, Any]) -> bool:
    return any(
        isinstance(value, PartitionsDefinition)
        or (isinstance(value, Mapping) and _holds_definition(value))
        for value in given.values()
    )


_PARTITIONS: dict[str, PartitionsDefinition[Any]] = {}
"""Data of definitions -> definition."""


def _grouped(options: SftpOptions, subject: str) -> tuple[AssetOptions, MatchOptions, ReadOptions]:
    # Checked together, so that a misspelt name is compared with every option there is.
    checked = validated(AllOptions, options, subject)
    has_condition = checked.automation_condition is not None  # which no JSON tells apart
    asset = checked.group(AssetOptions) if has_condition else _shared(checked, AssetOptions)
    return asset, _shared(checked, MatchOptions), _shared(checked, ReadOptions)


def _shared(checked: AllOptions, group: type[Options]) -> Options:
    """Returns one object for equal options: what feeds by the thousand keep slows all down."""
    key = (group, checked.model_dump_json(include=_FIELDS[group]))
    shared: Options | None = _OPTIONS.get(key)
    if shared is None:
        shared = _OPTIONS[key] = checked.group(group)
    return shared


_FIELDS = {group: set(group.model_fields) for group in (AssetOptions, MatchOptions, ReadOptions)}
"""Group of options -> their names."""


_OPTIONS: dict[tuple[type[Any], str], Any] = {}
"""Kind and JSON of options -> options."""


def _spellings(definition: PartitionsDefinition[Any] | None, match: MatchOptions) -> Spellings:
    """Returns one object for the same two, which are one object each for many feeds."""
    return _SPELLINGS.setdefault((id(definition), id(match)), Spellings(definition, match))


_SPELLINGS: dict[tuple[int, int], Spellings] = {}
"""Identities of a definition and of options, which the spellings keep alive -> spellings."""


def _without_trailing_slash(regex: str) -> str:
    for ending in ("/?", "/"):
        if regex.endswith(ending) and len(regex) > len(ending):
            return regex.removesuffix(ending)
    return regex


def _start_folder(pattern: PathPattern) -> str:
    """Returns the folder that every match lies in, whatever the partition."""
    prefix = pattern.literal_prefix
    if pattern.any_key.fullmatch(prefix):
        return prefix
    start = prefix[: prefix.rfind("/") + 1]
    return start if start == "/" else start.rstrip("/")
