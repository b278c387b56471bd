"""What Avro schema an asset declares, whichever factory made it, and where its objects lie."""

from weakref import WeakKeyDictionary

from dagster import AssetKey, AssetsDefinition, OpDefinition
from upath import UPath

from teamster.core.errors import ConfigError
from teamster.core.io_managers import ANY_CODE_LOCATION, AvroIOManager
from teamster.core.schema import AvroSchema, SchemaLike, resolve_schema

_DECLARED: "WeakKeyDictionary[OpDefinition, dict[str, AvroSchema]]" = WeakKeyDictionary()
"""Asset's op -> its outputs' schemas. Dagster keeps the op when it derives an asset from one."""


def declare_schema(
    definition: AssetsDefinition, schema: SchemaLike, asset_key: AssetKey | None = None
) -> None:
    """Notes the schema of an asset's records, for the check and the command that compare schemas.

    Args:
        definition: The asset.
        schema: Its schema.
        asset_key: Which asset of the definition is meant, if it makes several.
    """
    note_schema(definition, asset_key or definition.key, resolve_schema(schema))


def note_schema(definition: AssetsDefinition, asset_key: AssetKey, schema: AvroSchema) -> None:
    """Does what :func:`declare_schema` does, with a schema that is resolved and checked already."""
    output = definition.get_output_name_for_asset_key(asset_key)
    _DECLARED.setdefault(definition.op, {})[output] = schema


def declared_schema(definition: AssetsDefinition, asset_key: AssetKey) -> AvroSchema | None:
    """Returns the schema that an asset declares, or None."""
    if not definition.is_executable:
        return None
    output = definition.get_output_name_for_asset_key(asset_key)
    return _DECLARED.get(definition.op, {}).get(output)


def asset_folder(io_manager: object, asset_key: AssetKey) -> UPath:
    """Returns the folder in which an asset's objects lie.

    Args:
        io_manager: The asset's IO manager.
        asset_key: The asset.

    Raises:
        ConfigError: It is no Avro IO manager.
    """
    if not isinstance(io_manager, AvroIOManager):
        raise ConfigError(f"{asset_key.to_user_string()}: its IO manager writes no Avro objects")
    root = io_manager.root.replace(ANY_CODE_LOCATION, asset_key.path[0])
    return UPath(root).joinpath(*asset_key.path)
