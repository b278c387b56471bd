"""OneRoster's asset factory for REST endpoints, of versions 1.1 and 1.2.

Sources: 1EdTech "OneRoster" 1.1 Final (2017), section 3, "REST Binding"; 1EdTech "OneRoster
Rostering Service REST/JSON Binding" 1.2 Final (2022).
"""

from collections.abc import Mapping
from typing import Any, Unpack

from dagster import AssetsDefinition

from teamster.core.config import LocatedList, place_of
from teamster.core.errors import ConfigError
from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike
from teamster.libraries.oneroster import api_schema
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.options import RestOptions

BASE_PATHS = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
"""What stands between a server's name and an endpoint, by version."""

_SCHEMAS: dict[str, SchemaLike] = {
    "academicSessions": api_schema.AcademicSessions,
    "classes": api_schema.Classes,
    "courses": api_schema.Courses,
    "demographics": api_schema.Demographics,
    "enrollments": api_schema.Enrollments,
    "orgs": api_schema.Orgs,
    "users": api_schema.Users,
}
_COLLECTIONS = {
    **{name: name for name in _SCHEMAS},
    "gradingPeriods": "academicSessions",
    "schools": "orgs",
    "students": "users",
    "teachers": "users",
    "terms": "academicSessions",
}
"""The last part of an endpoint -> the name of the array in its answers."""

_SECRETS = {"users": ["password", "userProfiles"]}
"""Fields of a collection that are never stored: credentials, of this system and of others."""

_SORTED = {"sort": "sourcedId", "orderBy": "asc"}
"""Pages by offset need an order that does not move."""

_TOTAL = {"type": "header", "name": "X-Total-Count"}
_PAGES = {"type": "offset", "size": 1000}

_CHANGED = "dateLastModified>='{since}'"
# A student information system tells its API of changes once a night, as a rule, but dates each by
# the hour it was made: what is asked for reaches back well beyond that.
_SINCE = {"overlap": "2 days", "time_format": "%Y-%m-%dT%H:%M:%S.000Z"}


def build_oneroster_asset(
    name: str,
    endpoint: str,
    code_location: str,
    rest_resource_key: str = "rest_oneroster",
    version: str = "1.2",
    only_changes: bool | Mapping[str, Any] = False,
    integration: str = "oneroster",
    avro_schema: SchemaLike | None = None,
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[RestOptions],
) -> AssetsDefinition:
    """Makes an asset of a OneRoster endpoint's records.

    Records with the status ``tobedeleted`` are records: whoever reads the table decides.
    ``sourcedId`` is a key within one server only.

    Args:
        name: The table's name.
        endpoint: The path below the version's base path, such as ``/users`` or
            ``/schools/{school}/classes``.
        code_location: The code location.
        rest_resource_key: Key of the
            :class:`~teamster.libraries.oneroster.resources.OneRosterResource`.
        version: ``"1.1"`` or ``"1.2"``.
        only_changes: Ask for what changed since the last run only; a mapping replaces ``overlap``
            and other options of ``since``.
        integration: The asset key's second part.
        avro_schema: The records' schema, where it is not the standard's.
        partitions_def: Partitions, as a definition or as plain data.
        **options: See :class:`~teamster.libraries.rest.options.RestOptions`. ``params`` are added
            to the factory's own; ``total: null`` for a server that states no total.

    Returns:
        An asset with the check ``avro_schema_valid``, written by ``io_manager_gcs_avro``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.
    """
    asset_key = _located([code_location, integration, name], name)
    try:
        base = _base_path(version)
        collection = _collection(endpoint)
        params = {**_SORTED, **(options.get("params") or {})}
        chosen: dict[str, Any] = {
            "records": collection,
            "pagination": _PAGES,
            "total": _TOTAL,
            "key": "sourcedId",
            **_since(only_changes, params),
            **options,
            "params": params,
            "ignore_cols": [*_SECRETS.get(collection, []), *options.get("ignore_cols", [])],
        }
        schema = avro_schema or _SCHEMAS[collection]
    except ConfigError as error:
        place = place_of(name)
        key = "/".join(asset_key)
        raise ConfigError(f"{f'{place}: ' if place else ''}{key}: {error}") from None
    path = f"{base}/{endpoint.lstrip('/')}"
    return build_rest_asset(asset_key, path, rest_resource_key, schema, partitions_def, **chosen)


def _located(parts: list[str], value: Any) -> list[str]:
    """Returns an asset key that stands, for errors, where a value of the YAML stands."""
    place = place_of(value)
    if place is None:
        return parts
    key = LocatedList(parts)
    key.place = place
    return key


def _base_path(version: Any) -> str:
    try:
        return BASE_PATHS[str(version)]
    except KeyError:
        known = " or ".join(f'"{each}"' for each in BASE_PATHS)
        raise ConfigError(f"version: there is no {version!r}; give {known}") from None


def _collection(endpoint: str) -> str:
    """Returns the name of the standard's collection that an endpoint is of."""
    last = endpoint.rstrip("/").rpartition("/")[2]
    if last in _COLLECTIONS:
        return _COLLECTIONS[last]
    raise ConfigError(
        f"endpoint: {endpoint!r} ends in no collection of OneRoster; there are: "
        f"{', '.join(sorted(_COLLECTIONS))}"
    )


def _since(only_changes: bool | Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the option by which only changes are asked for, if they are to be."""
    if not only_changes:
        return {}
    given = {} if isinstance(only_changes, bool) else only_changes
    own = params.get("filter")
    if own and (" AND " in own or " OR " in own):
        raise ConfigError(
            "params.filter: OneRoster joins two conditions at most, and only_changes needs one"
        )
    condition = f"{own} AND {_CHANGED}" if own else _CHANGED
    return {"since": {"params": {"filter": condition}, **_SINCE, **given}}
