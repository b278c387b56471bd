"""dbt resources as Dagster assets: their keys, their groups, and when they are built."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetKey, AutomationCondition
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from teamster.libraries.dbt.sources import meta_of, source_key


class CustomDagsterDbtTranslator(DagsterDbtTranslator):
    """Prefixes dbt's asset keys with the code location.

    A model is ``[code_location, schema, name]`` (``kippnewark/iready/stg_iready__orders``) and a
    source ``[code_location, source, table]``: the key of the asset that ingests it, so lineage runs
    from file to table. ``meta.dagster.asset_key`` names a key as it is, for tables of other code
    locations too; ``meta.dagster.asset_key_prefix`` of a source does so for all its tables.

    A model's ``meta.dagster.auto_materialize_policy``, deprecated but still read by dagster-dbt,
    comes before the automation condition given here.

    Args:
        code_location: The code location's name.
        settings: dagster-dbt's own settings.
        automation_condition: When models are built by themselves; by default never.
    """

    def __init__(
        self,
        code_location: str,
        settings: DagsterDbtTranslatorSettings | None = None,
        automation_condition: AutomationCondition[Any] | None = None,
    ) -> None:
        super().__init__(settings)
        self.code_location = code_location
        self.automation_condition = automation_condition

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

    def get_automation_condition(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> AutomationCondition[Any] | None:
        """Returns when a dbt resource is built by itself."""
        return super().get_automation_condition(dbt_resource_props) or self.automation_condition
