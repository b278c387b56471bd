"""The check that tells when a vendor's fields and our schema drift apart."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, AssetKey

from teamster.core.drift import FieldsSeen
from teamster.core.records import Records
from teamster.core.schema import SchemaLike, resolve_schema

CHECK_NAME = "avro_schema_valid"


def build_check_spec_avro_schema_valid(asset_key: AssetKey | Sequence[str] | str) -> AssetCheckSpec:
    """Declares the check ``avro_schema_valid`` of an asset.

    Args:
        asset_key: The asset that is checked.

    Returns:
        A check that warns and never blocks.
    """
    return AssetCheckSpec(
        name=CHECK_NAME,
        asset=_asset_key(asset_key),
        description="The records hold no field that the Avro schema lacks.",
        blocking=False,
    )


def check_avro_schema_valid(
    asset_key: AssetKey | Sequence[str] | str,
    records: Iterable[Mapping[str, Any]],
    avro_schema: SchemaLike,
) -> AssetCheckResult:
    """Compares the fields that records have with the fields of their schema.

    Args:
        asset_key: The asset that is checked.
        records: A list of records, or a :class:`~teamster.core.records.Records` stream that has
            been read to its end; nested records are looked into.
        avro_schema: The schema.

    Returns:
        The result of the check ``avro_schema_valid``, severity WARN: it passes when no record has
        a field that the schema lacks. Metadata ``extras`` names those fields and ``missing`` the
        schema's fields that no record has, each as dotted names, sorted and comma-separated.

    Raises:
        RuntimeError: The stream has not been read to its end.
    """
    if isinstance(records, Records):
        fields = records.summary.fields
    else:
        fields = FieldsSeen(resolve_schema(avro_schema))
        for record in records:
            fields.record(record)
    extras = sorted(fields.extras)
    missing = fields.missing
    return AssetCheckResult(
        check_name=CHECK_NAME,
        asset_key=_asset_key(asset_key),
        passed=not extras,
        severity=AssetCheckSeverity.WARN,
        metadata={"extras": ", ".join(extras), "missing": ", ".join(missing)},
        description=_describe(extras, missing),
    )


def _asset_key(given: AssetKey | Sequence[str] | str) -> AssetKey:
    return given if isinstance(given, AssetKey) else AssetKey(given)


def _describe(extras: Sequence[str], missing: Sequence[str]) -> str:
    parts = []
    if extras:
        parts.append(f"fields that the schema lacks: {len(extras)}")
    if missing:
        parts.append(f"fields of the schema that are absent: {len(missing)}")
    return "; ".join(parts) or "the fields are those of the schema"
