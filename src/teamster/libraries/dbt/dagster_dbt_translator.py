"""dbt resources as Dagster assets: their keys, their groups, and when they are built."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from dagster import AssetKey, AssetSpec, AutomationCondition, PreviewWarning
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from teamster.libraries.dbt.automation import Automations, Default
from teamster.libraries.dbt.lineage import Lineage
from teamster.libraries.dbt.sources import meta_of, source_key

# Chosen with open eyes: docs/automation.md. Dagster would say so at every load, once a place.
warnings.filterwarnings("ignore", "Virtual assets is currently in preview", PreviewWarning)


class CustomDagsterDbtTranslator(DagsterDbtTranslator):
    """Prefixes dbt's asset keys with the code location.

    A model is ``[code_location, schema, name]`` (``kippnewark/iready/stg_iready__orders``) and a
    source ``[code_location, source, table]``: the key of the asset that ingests it, so lineage runs
    from file to table. ``meta.dagster.asset_key`` names a key as it is, for tables of other code
    locations too; ``meta.dagster.asset_key_prefix`` of a source does so for all its tables.

    A view is a virtual asset of Dagster's: what is below it is out of date when a table above it
    was updated, the view itself is not. A model's code version is that of
    :class:`~teamster.libraries.dbt.lineage.Lineage`.

    When a model is built by itself, ``meta.dagster.automation`` says, else the automation condition
    given here; before both comes ``meta.dagster.auto_materialize_policy``, deprecated but still
    read by dagster-dbt. See :mod:`teamster.libraries.dbt.automation`.

    Args:
        code_location: The code location's name.
        settings: dagster-dbt's own settings.
        automation_condition: When models are built by themselves: a condition for all, or
            ``by_kind`` for the one that fits what each is; by default never.
        timezone: The time zone of ``meta.dagster.automation.cron``.
    """

    def __init__(
        self,
        code_location: str,
        settings: DagsterDbtTranslatorSettings | None = None,
        automation_condition: Default = None,
        timezone: ZoneInfo | None = None,
    ) -> None:
        settings = settings or DagsterDbtTranslatorSettings()
        super().__init__(replace(settings, enable_dbt_views_as_virtual_assets=True))
        self.code_location = code_location
        self.automation_condition = automation_condition
        self.timezone = timezone
        self._lineage = Lineage({"nodes": {}, "sources": {}})

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> AssetSpec:
        """Returns the asset that a dbt resource is."""
        if self._lineage.manifest is not manifest:
            self._lineage = Lineage.of_project(manifest, project)
        return super().get_asset_spec(manifest, unique_id, project)

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Returns the asset key of a dbt resource, given its properties in the manifest."""
        if dbt_resource_props["resource_type"] == "source":
            return AssetKey(source_key(self.code_location, dbt_resource_props))
        key = super().get_asset_key(dbt_resource_props)
        named = (meta_of(dbt_resource_props).get("dagster") or {}).get("asset_key")
        return key if named else key.with_prefix(self.code_location)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Returns the group that dbt gives a resource, else its key's second part."""
        group = super().get_group_name(dbt_resource_props)
        if group:
            return group
        path = self.get_asset_key(dbt_resource_props).path
        return path[1] if len(path) > 2 else None

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Returns the version of a resource's code and of what is above it in the project."""
        if dbt_resource_props["resource_type"] == "source":
            return None
        return self._lineage.version(dbt_resource_props)

    def get_automation_condition(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> AutomationCondition[Any] | None:
        """Returns when a dbt resource is built by itself.

        Raises:
            ConfigError: Its ``meta.dagster.automation`` cannot be understood.
        """
        if dbt_resource_props["resource_type"] == "source":
            return None
        deprecated = super().get_automation_condition(dbt_resource_props)
        if deprecated is not None:
            return deprecated
        automations = Automations(
            self._lineage, self.get_asset_key, self.code_location, self.timezone
        )
        return automations.condition(dbt_resource_props, self.automation_condition)
