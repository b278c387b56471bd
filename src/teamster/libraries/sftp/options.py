"""The keyword options of the factories, in three groups, each with its defaults."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, TypedDict, TypeVar

from dagster import AutomationCondition
from pydantic import BaseModel, ConfigDict, Field, field_validator

from teamster.core.durations import parse_duration
from teamster.core.volume import VolumeOptions
from teamster.libraries.sftp.formats.choice import Format
from teamster.libraries.sftp.formats.text import Regex
from teamster.libraries.sftp.read_options import ReadOptions

_STRICT = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

Select = Literal["one", "newest", "all"]
Pairs = Sequence[tuple[str, str]]
Group = TypeVar("Group", bound=BaseModel)


class AssetOptions(BaseModel):
    """How the asset stands in Dagster."""

    model_config = _STRICT

    group_name: str | None = Field(default=None, description="The asset key's second part.")
    description: str | None = Field(default=None, description="What the feed is.")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags of the asset.")
    op_tags: dict[str, Any] = Field(default_factory=dict, description="Tags of its step.")
    owners: list[str] = Field(default_factory=list, description="E-mail addresses or team:name.")
    automation_condition: Any = Field(
        default=None, description="A condition, 'eager', 'on_missing', or {on_cron: '0 3 * * *'}."
    )
    io_manager_key: str = Field(default="io_manager_gcs_avro", description="Who writes it.")
    pool: str | None = Field(default=None, description="Dagster pool that limits its runs.")
    expected_every: timedelta | None = Field(
        default=None, description="How often a file comes, e.g. '1 day': longer is overdue."
    )
    volume: VolumeOptions | None = Field(
        default=None, description="When a drop's row count is suspect, and what then happens."
    )

    @field_validator("expected_every", mode="before")
    @classmethod
    def _duration(cls, given: Any) -> timedelta | None:
        if given is None or isinstance(given, timedelta):
            return given
        return parse_duration(str(given))

    @field_validator("automation_condition")
    @classmethod
    def _condition(cls, given: Any) -> AutomationCondition[Any] | None:
        match given:
            case None | AutomationCondition():
                return given
            case "eager":
                return AutomationCondition.eager()
            case "on_missing":
                return AutomationCondition.on_missing()
            case {"on_cron": str(cron), **rest} if set(rest) <= {"timezone"}:
                return AutomationCondition.on_cron(str(cron), str(rest.get("timezone", "UTC")))
        raise ValueError("give a condition, 'eager', 'on_missing' or {on_cron: '0 3 * * *'}")


class MatchOptions(BaseModel):
    """Which remote files are taken, and how their paths spell a partition."""

    model_config = _STRICT

    select: Select | None = Field(
        default=None, description="Of several matches: fail unless one, the newest, or all."
    )
    when_missing: Literal["fail", "skip"] = Field(
        default="fail", description="Nothing matches: fail, or leave the last object alone."
    )
    exclude_dirs: list[str] = Field(default_factory=list, description="Folders not gone into.")
    ignore_files: list[Regex] = Field(
        default_factory=list,
        description="Regular expressions of names beside the feed's files that nobody should miss.",
    )
    partition_aliases: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="Dimension -> value -> the vendor's spelling."
    )
    partition_formats: dict[str, str] = Field(
        default_factory=dict, description="Dimension -> strftime format of its dates in paths."
    )
    partition_sources: dict[str, Literal["mtime"]] = Field(
        default_factory=dict, description="Dimension that no path carries -> where it comes from."
    )


class AllOptions(AssetOptions, MatchOptions, ReadOptions):
    """All keyword options in one."""

    def group(self, model: type[Group]) -> Group:
        """Returns one group of the options."""
        given = model.model_fields.keys() & self.model_fields_set
        return model(**{name: getattr(self, name) for name in given})


class SftpOptions(TypedDict, total=False):
    """The keyword options of the three factories; each is described in its group above."""

    group_name: str | None
    description: str | None
    tags: Mapping[str, str]
    op_tags: Mapping[str, Any]
    owners: Sequence[str]
    automation_condition: AutomationCondition[Any] | str | Mapping[str, str] | None
    io_manager_key: str
    pool: str | None
    expected_every: str | timedelta | None
    volume: VolumeOptions | Mapping[str, Any] | None
    select: Select
    when_missing: Literal["fail", "skip"]
    exclude_dirs: Sequence[str]
    ignore_files: Sequence[str]
    partition_aliases: Mapping[str, Mapping[str, str]]
    partition_formats: Mapping[str, str]
    partition_sources: Mapping[str, Literal["mtime"]]
    format: Format | Mapping[str, Any] | str | None
    file_sep: str
    file_quote: str
    file_encoding: str
    slugify_cols: bool
    slugify_replacements: Pairs | Sequence[Sequence[str]]
    ignore_cols: Sequence[str]
    max_rejected_rows: int
    max_unpacked_bytes: int
    max_members: int
    archive_password_env: str | None
