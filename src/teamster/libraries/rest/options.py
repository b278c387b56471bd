"""The keyword options of the factory, in groups, each with its defaults."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, field_validator, model_validator

from teamster.core.asset_options import AssetArguments, AssetOptions, Grouped
from teamster.core.durations import parse_duration
from teamster.libraries.rest.answers import Format
from teamster.libraries.rest.keysets import Keyset
from teamster.libraries.rest.kinds import STRICT
from teamster.libraries.rest.pagination import Pagination, SinglePage
from teamster.libraries.rest.paths import JsonPath
from teamster.libraries.rest.totals import (
    Total,
    TotalByRequest,
    TotalInBody,
    TotalInHeader,
)


def _text(given: Any) -> Any:
    if isinstance(given, bool):
        return "true" if given else "false"
    return str(given) if isinstance(given, (int, float)) else given


def _texts(given: Any) -> Any:
    return [_text(each) for each in given] if isinstance(given, list) else _text(given)


def _paths(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


Value: TypeAlias = Annotated[str | list[str] | None, BeforeValidator(_texts)]
"""A parameter's value: true is ``true``, a list repeats the parameter, null leaves it out."""

Keys: TypeAlias = Annotated[tuple[JsonPath, ...], BeforeValidator(_paths)]
"""One path, or several that are a key together."""


class Listing(BaseModel):
    """What is asked for at an endpoint, and where the records stand in the answers."""

    model_config = STRICT

    params: dict[str, Value] = Field(
        default_factory=dict, description="The query; values may have {placeholders}."
    )
    headers: dict[str, str] = Field(
        default_factory=dict, description="Headers; values may have {placeholders}."
    )
    format: Format = Field(default="json", description="json, or csv with a header.")
    records: JsonPath = Field(
        default=(), description="Path of the array of records; by default the whole answer."
    )
    record: JsonPath = Field(default=(), description="Path of the record in each element.")
    lone_record: bool = Field(
        default=False, description="One record may stand there as an object without an array."
    )
    absent_is_empty: bool = Field(
        default=False, description="An answer without the array has no records."
    )
    pagination: Pagination = Field(
        default_factory=SinglePage, description="How the next page is asked for."
    )
    total: Total | None = Field(
        default=None, description="Where the server states how many records there are."
    )
    key: Keys = Field(default=(), description="Path of what no two records share.")
    read_twice: bool | None = Field(
        default=None,
        description="Read everything once more and compare. By default so where pages are found "
        "by counting and state no total.",
    )
    max_records: int | None = Field(default=None, gt=0, description="More fail the run.")

    @model_validator(mode="after")
    def _csv_stands_alone(self) -> Self:
        if self.format == "csv" and (self.records or self.record):
            raise ValueError("format csv has no records or record: each row is one")
        return self

    @model_validator(mode="after")
    def _fits_keyset(self) -> Self:
        kind = self.pagination
        if not isinstance(kind, Keyset):
            return self
        if isinstance(self.total, TotalInHeader | TotalInBody):
            raise ValueError(
                "pagination keyset takes no total but of type endpoint: answers count what is left"
            )
        if kind.join and isinstance(self.params.get(kind.param), list):
            raise ValueError(f"pagination.join: params.{kind.param} must be one text")
        return self

    @property
    def is_read_twice(self) -> bool:
        """Whether one reading could not tell that the list moved meanwhile."""
        if self.read_twice is not None:
            return self.read_twice
        is_stated_by_pages = isinstance(self.total, TotalInHeader | TotalInBody)
        return self.pagination.counts_places and not is_stated_by_pages

    @property
    def templates(self) -> Iterator[str]:
        """All texts that may have placeholders."""
        yield from self.headers.values()
        total = self.total.params if isinstance(self.total, TotalByRequest) else {}
        for value in [*self.params.values(), *map(str, total.values())]:
            yield from value if isinstance(value, list) else [] if value is None else [value]
        if isinstance(self.total, TotalByRequest):
            yield self.total.endpoint


class Parent(Listing):
    """An endpoint whose every record has an answer of its own at the asset's endpoint."""

    endpoint: str = Field(description="Path below base_url.")
    fields: dict[str, JsonPath] = Field(
        min_length=1, description="Placeholder -> path of what fills it in the parent's record."
    )
    copied: dict[str, JsonPath] = Field(
        default_factory=dict,
        description="Field to add to each record -> its path in the parent's record.",
    )
    when_missing: Literal["fail", "skip"] = Field(
        default="fail", description="A parent's answer has status 404: fail, or go on."
    )
    parent: "Parent | None" = Field(default=None, description="The parent's own parent.")


class Mark(BaseModel):
    """A request that tells how far the server's changes go, such as a change version."""

    model_config = STRICT

    endpoint: str = Field(description="Path below base_url.")
    path: JsonPath = Field(description="Path of the mark in the answer.")
    overlap: int = Field(
        default=0,
        ge=0,
        description="How many counts to ask for again, for what was counted before the mark and "
        "could be seen only after it.",
    )


class Since(BaseModel):
    """Only what changed since the last run is asked for, and laid over what is there by key."""

    model_config = STRICT

    params: dict[str, Value] = Field(
        min_length=1,
        description="Added to the query; {since} is the last mark, {until} the one of this run.",
    )
    mark: Mark | None = Field(
        default=None, description="Where the mark comes from; by default the server's clock."
    )
    time_format: str = Field(
        default="%Y-%m-%dT%H:%M:%SZ", description="strftime format of the server's time, UTC."
    )
    overlap: timedelta = Field(
        default=timedelta(hours=1),
        description="Asked for again by the clock, for what came late; mark has its own.",
    )
    full_every: timedelta = Field(
        default=timedelta(weeks=1), description="How often everything is read all the same."
    )
    deleted: JsonPath | None = Field(
        default=None, description="Path of a record's word that it is deleted: it is left out."
    )
    deleted_values: list[str] = Field(
        default_factory=lambda: ["true"], description="What that word then is, in lower case."
    )

    @field_validator("overlap", "full_every", mode="before")
    @classmethod
    def _duration(cls, given: Any) -> Any:
        return given if isinstance(given, timedelta) else parse_duration(str(given))


class RequestOptions(Listing):
    """The endpoint's own listing, and how it depends on partitions, a parent and the last run."""

    parent: Parent | None = Field(default=None, description="The endpoint of its parents.")
    since: Since | None = Field(default=None, description="Ask for what changed only.")
    partition_aliases: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="Dimension -> value -> the vendor's spelling."
    )
    resource_dimensions: list[str] = Field(
        default_factory=list, description="Dimensions that the resource takes, by its key say."
    )
    when_empty: Literal["write", "fail", "skip"] | None = Field(
        default=None,
        description="No records: write none, fail, or leave the last object alone. By default "
        "they are written where the server states a total of 0, else the run fails.",
    )
    max_reads: int = Field(
        default=3, ge=1, description="Reads from the start when records move meanwhile."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.since and not self.key:
            raise ValueError("since needs key: what changed is laid over what is there by it")
        return self


class FitOptions(BaseModel):
    """How records become rows."""

    model_config = STRICT

    slugify_cols: bool = Field(
        default=False, description="Slug the fields' names; by default they are mended only."
    )
    slugify_replacements: list[tuple[str, str]] = Field(
        default_factory=list, description="Pairs (text, substitute) applied before slugging."
    )
    ignore_cols: list[str] = Field(
        default_factory=list, description="Fields deliberately not taken, and no drift."
    )
    max_rejected_rows: int = Field(default=0, ge=0, description="More fail the run.")


class AllOptions(Grouped, AssetOptions, RequestOptions, FitOptions):
    """All keyword options in one."""


class RestOptions(AssetArguments, total=False):
    """The keyword options of the factory; each is described in its group above."""

    params: Mapping[str, Any]
    headers: Mapping[str, str]
    format: Format
    records: str | Sequence[str]
    record: str | Sequence[str]
    lone_record: bool
    absent_is_empty: bool
    pagination: Pagination | Mapping[str, Any] | str
    total: Total | Mapping[str, Any] | None
    read_twice: bool | None
    key: str | Sequence[str | Sequence[str]]
    max_records: int | None
    parent: Parent | Mapping[str, Any] | None
    since: Since | Mapping[str, Any] | None
    partition_aliases: Mapping[str, Mapping[str, str]]
    resource_dimensions: Sequence[str]
    when_empty: Literal["write", "fail", "skip"] | None
    max_reads: int
    slugify_cols: bool
    slugify_replacements: Sequence[Sequence[str]]
    ignore_cols: Sequence[str]
    max_rejected_rows: int
