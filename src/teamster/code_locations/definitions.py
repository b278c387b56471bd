"""All code locations as one, for ``dg list defs``, ``dg check defs`` and ``dg launch``.

``workspace.yaml`` loads each code location by itself, which is what the UI and a deployment show.
"""

from collections.abc import Iterable
from typing import Any

from dagster import Definitions, in_process_executor

from teamster.code_locations.kippcamden import definitions as kippcamden
from teamster.code_locations.kippnewark import definitions as kippnewark
from teamster.code_locations.kipptaf import definitions as kipptaf
from teamster.core.errors import ConfigError
from teamster.core.resources import get_io_managers

_BY_LOCATION = frozenset(get_io_managers())


def merge_code_locations(locations: Iterable[Definitions]) -> Definitions:
    """Joins code locations whose resources of one key differ by the code location only.

    Args:
        locations: Definitions, their asset keys prefixed with the code location.

    Returns:
        Definitions in which the IO managers take the code location from each asset's key.

    Raises:
        ConfigError: One key stands for two resources: a run would read the wrong region's server.
    """
    parts = list(locations)
    resources: dict[str, Any] = {}
    for part in parts:
        for key, resource in (part.resources or {}).items():
            if key not in _BY_LOCATION and resources.setdefault(key, resource) != resource:
                raise ConfigError(f"two code locations mean different things by the resource {key}")
    return Definitions.merge(
        *(
            Definitions(
                assets=part.assets,
                asset_checks=part.asset_checks,
                jobs=part.jobs,
                schedules=part.schedules,
                sensors=part.sensors,
            )
            for part in parts
        ),
        Definitions(
            resources={**resources, **get_io_managers()},
            executor=in_process_executor,
        ),
    )


# Modules, not their ``defs``: Dagster takes a module's one Definitions object.
defs = merge_code_locations([kippnewark.defs, kippcamden.defs, kipptaf.defs])
