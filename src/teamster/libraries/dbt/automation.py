"""When a dbt resource is built by itself: what it is decides, and its ``meta`` where it says so.

| resource | condition |
|---|---|
| table, incremental model, snapshot, every other materialization | \
:func:`~teamster.core.automation_conditions.on_new_upstream_data` |
| view; seed | :func:`~teamster.core.automation_conditions.on_new_code` |
| any, with ``cron`` | :func:`~teamster.core.automation_conditions.on_cron_if_new_data` |

A resource says otherwise in its ``config.meta``::

    meta:
      dagster:
        automation:
          cron: "0 5 * * *"          # or
          when: new_data             # or new_code, or never
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from dagster import AssetKey, AutomationCondition, DagsterInvalidDefinitionError, ScheduleDefinition
from pydantic import BaseModel, ConfigDict, Field, model_validator

from teamster.core.automation_conditions import (
    Condition,
    Upstream,
    on_cron_if_new_data,
    on_new_code,
    on_new_upstream_data,
)
from teamster.core.config import validated
from teamster.core.errors import ConfigError
from teamster.libraries.dbt.lineage import Lineage, Properties, is_view
from teamster.libraries.dbt.settings import bigquery_load
from teamster.libraries.dbt.sources import meta_of

Default: TypeAlias = Condition | Literal["by_kind"] | None

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Automation(BaseModel):
    """``meta.dagster.automation`` of a dbt resource."""

    model_config = _STRICT

    when: Literal["new_data", "new_code", "never"] | None = Field(
        default=None, description="Build when there is new data or code above, new code, or never."
    )
    cron: str | None = Field(
        default=None, description="Build at these times, if there is something new above."
    )
    timezone: str | None = Field(
        default=None, description="The times' time zone; by default the code location's."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> "Automation":
        if self.when and self.cron:
            raise ValueError("give when or cron, not both")
        if self.timezone and not self.cron:
            raise ValueError("timezone is that of cron, which is missing")
        if self.cron:
            try:  # Dagster's own check of both, which it has for schedules only
                ScheduleDefinition(
                    name="check",
                    job_name="check",
                    cron_schedule=self.cron,
                    execution_timezone=self.timezone,
                )
            except DagsterInvalidDefinitionError as error:
                raise ValueError(" ".join(str(error).split())) from None
        return self


class _DagsterMeta(BaseModel):
    model_config = _STRICT

    automation: Automation


class Automations:
    """Chooses the conditions of a project's resources.

    Args:
        lineage: The project's manifest.
        key_of: Returns a resource's asset key.
        code_location: The code location of the project: the first part of its own keys.
        timezone: The time zone of ``cron`` where a resource names none.
    """

    def __init__(
        self,
        lineage: Lineage,
        key_of: Callable[[Mapping[str, Any]], AssetKey],
        code_location: str,
        timezone: ZoneInfo | None = None,
    ) -> None:
        self._lineage = lineage
        self._key_of = key_of
        self._code_location = code_location
        self._timezone = timezone

    def condition(self, properties: Properties, default: Default) -> Condition | None:
        """Returns a resource's condition: as its ``meta`` says, else as given.

        Args:
            properties: The resource's properties.
            default: A condition for all, or the one that fits what each resource is, or never.

        Raises:
            ConfigError: ``meta.dagster.automation`` cannot be understood; it names the resource.
        """
        subject = f"dbt {properties['resource_type']} {properties['name']}, meta.dagster"
        given = (meta_of(properties).get("dagster") or {}).get("automation")
        automation = Automation()
        if given is not None:
            automation = validated(_DagsterMeta, {"automation": given}, subject).automation
        upstream = self._upstream(properties)
        if automation.cron:
            timezone = automation.timezone or (str(self._timezone) if self._timezone else None)
            if timezone is None:
                raise ConfigError(
                    f"{subject}.automation.cron needs a timezone: there, or build_dbt_assets' own"
                )
            return on_cron_if_new_data(automation.cron, timezone, upstream)
        match automation.when or default:
            case "never":
                return None
            case "new_data":
                return on_new_upstream_data(upstream)
            case "new_code":
                return on_new_code(upstream)
            case "by_kind":
                of_kind = on_new_code if self._follows_code(properties) else on_new_upstream_data
                return of_kind(upstream)
        return default if isinstance(default, AutomationCondition) else None

    def _upstream(self, properties: Properties) -> Upstream:
        return Upstream(
            views={
                self._key_of(parent)
                for parent in self._lineage.parents(properties)
                if is_view(parent)
            },
            elsewhere={
                key
                for above in self._lineage.above(properties)
                if (key := self._elsewhere(above)) is not None
            },
        )

    def _elsewhere(self, properties: Properties) -> AssetKey | None:
        """Returns the key of a source that another code location makes, by what its YAML says."""
        dagster = meta_of(properties).get("dagster") or {}
        if properties["resource_type"] != "source" or not dagster:
            return None
        key = self._key_of(properties)
        return None if key.path[0] == self._code_location else key

    def _follows_code(self, properties: Properties) -> bool:
        """Returns whether a resource is a seed, or a view that shows new data by itself.

        DuckDB's sources list their objects, and native tables hold copies of them: new objects are
        there after the next run that stages the source. So a view directly over one is built when
        there is new data.
        """
        if properties["resource_type"] == "seed":
            return True
        return is_view(properties) and not any(
            self._shows_objects_of_last_run(parent) for parent in self._lineage.parents(properties)
        )

    def _shows_objects_of_last_run(self, properties: Properties) -> bool:
        source = meta_of(properties).get("teamster")
        if properties["resource_type"] != "source" or not isinstance(source, Mapping):
            return False
        if self._lineage.manifest["metadata"].get("adapter_type") != "bigquery":
            return True
        return (source.get("load") or bigquery_load()) == "native"
