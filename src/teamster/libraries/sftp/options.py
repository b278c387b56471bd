"""The keyword options of the factories, in three groups, each with its defaults."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from teamster.core.asset_options import STRICT, AssetArguments, AssetOptions, Grouped
from teamster.libraries.sftp.formats.choice import Format
from teamster.libraries.sftp.formats.text import Regex
from teamster.libraries.sftp.read_options import ReadOptions

Select = Literal["one", "newest", "all"]
Pairs = Sequence[tuple[str, str]]


class MatchOptions(BaseModel):
    """Which remote files are taken, and how their paths spell a partition."""

    model_config = STRICT

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


class AllOptions(Grouped, AssetOptions, MatchOptions, ReadOptions):
    """All keyword options in one."""


class SftpOptions(AssetArguments, total=False):
    """The keyword options of the three factories; each is described in its group above."""

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
