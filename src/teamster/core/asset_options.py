"""The keyword options by which an asset of any transport stands in Dagster."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypedDict, TypeVar

from dagster import AutomationCondition
from pydantic import BaseModel, ConfigDict, Field, field_validator

from teamster.core.durations import parse_duration
from teamster.core.volume import VolumeOptions

STRICT = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

Group = TypeVar("Group", bound=BaseModel)


class AssetOptions(BaseModel):
    """How the asset stands in Dagster."""

    model_config = STRICT

    group_name: str | None = Field(default=None, description="The asset key's second part.")
    description: str | None = Field(default=None, description="What it is.")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags of the asset.")
    op_tags: dict[str, Any] = Field(default_factory=dict, description="Tags of its step.")
    owners: list[str] = Field(default_factory=list, description="E-mail addresses or team:name.")
    automation_condition: Any = Field(
        default=None, description="A condition, 'eager', 'on_missing', or {on_cron: '0 3 * * *'}."
    )
    io_manager_key: str = Field(default="io_manager_gcs_avro", description="Who writes it.")
    pool: str | None = Field(default=None, description="Dagster pool that limits its runs.")
    expected_every: timedelta | None = Field(
        default=None, description="How often something new comes, e.g. '1 day': longer is overdue."
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


class Grouped(BaseModel):
    """Options of several groups, checked together: a misspelt name is compared with all of them."""

    def group(self, model: type[Group]) -> Group:
        """Returns one group of the options."""
        given = model.model_fields.keys() & self.model_fields_set
        return model(**{name: getattr(self, name) for name in given})


class AssetArguments(TypedDict, total=False):
    """The same as a factory takes them."""

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
