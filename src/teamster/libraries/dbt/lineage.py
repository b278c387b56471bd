"""What a dbt manifest says of a resource's upstream: its parents, and the version of its code."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from dagster_dbt import DbtProject

Properties = Mapping[str, Any]

_USES_A_VARIABLE = re.compile(r"\bvar\s*\(")
# These say nothing of what a resource's table holds.
_NO_CODE = frozenset({"access", "docs", "enabled", "freshness", "group", "meta", "tags"})


class Lineage:
    """A manifest's resources, upwards.

    A resource's version is that of its own code and of everything above it in the project, for a
    ``select *`` takes its columns from there. These are the resources that dbt's
    ``--select state:modified+`` builds.

    Args:
        manifest: dbt's manifest.
        variables: The project's variables, ``vars`` of its ``dbt_project.yml``.
    """

    def __init__(self, manifest: Mapping[str, Any], variables: Any = None) -> None:
        self.manifest = manifest
        self._variables = json.dumps(variables, sort_keys=True, default=str)
        self._macros = _own_macros(manifest)
        self._versions: dict[str, str] = {}

    @classmethod
    def of_project(cls, manifest: Mapping[str, Any], project: DbtProject | None) -> "Lineage":
        """Reads the project's variables beside its manifest.

        Args:
            manifest: dbt's manifest.
            project: The project; without one no variable is known.
        """
        if project is None:
            return cls(manifest)
        settings = yaml.safe_load((project.project_dir / "dbt_project.yml").read_text())
        return cls(manifest, settings.get("vars"))

    def parents(self, properties: Properties) -> Iterator[Properties]:
        """Yields what is directly upstream as a table or a view: ephemeral models are no relation.

        Args:
            properties: A resource's properties.
        """
        for unique_id in (properties.get("depends_on") or {}).get("nodes") or ():
            parent = self.manifest["nodes"].get(unique_id) or self.manifest["sources"].get(
                unique_id
            )
            if parent is None:
                continue
            if _materialized(parent) == "ephemeral":
                yield from self.parents(parent)
            else:
                yield parent

    def above(self, properties: Properties) -> Iterator[Properties]:
        """Yields the parents, and of each that is a view what is above it, some more than once.

        Args:
            properties: A resource's properties.
        """
        for parent in self.parents(properties):
            yield parent
            if is_view(parent):
                yield from self.above(parent)

    def version(self, properties: Properties) -> str:
        """Returns the version of a resource's code and of what is above it in the project.

        The code is its SQL or, of a seed, the file; the macros of this and other packages that it
        calls; its configuration; and the project's variables where it uses one. Not part of it are
        dbt's own macros and the environment.

        Args:
            properties: A resource's properties.
        """
        unique_id = properties["unique_id"]
        if unique_id not in self._versions:
            upstream = (properties.get("depends_on") or {}).get("nodes") or ()
            nodes = self.manifest["nodes"]
            known = [self.version(nodes[above]) for above in upstream if above in nodes]
            self._versions[unique_id] = _digest([*self._code(properties), *sorted(known)])
        return self._versions[unique_id]

    def _code(self, properties: Properties) -> Iterator[str]:
        checksum = (properties.get("checksum") or {}).get("checksum")
        code = properties.get("raw_code") or checksum or ""
        macros = [
            self._macros[name]
            for name in sorted(_closure(properties["depends_on"].get("macros"), self._macros))
        ]
        config = properties.get("config") or {}
        given = sorted((properties.get("unrendered_config") or {}).keys() - _NO_CODE)
        yield code
        yield from (macro["macro_sql"] for macro in macros)
        yield json.dumps({name: config.get(name) for name in given}, sort_keys=True, default=str)
        for unique_id in sorted(properties["depends_on"].get("nodes") or ()):
            source = self.manifest["sources"].get(unique_id)
            yield f"{source['schema']}.{source['identifier']}" if source else unique_id
        if any(_USES_A_VARIABLE.search(text) for text in (code, *(m["macro_sql"] for m in macros))):
            yield self._variables


def is_view(properties: Properties) -> bool:
    """Returns whether a resource is a view: what is built stands in what it reads."""
    return _materialized(properties) == "view"


def _materialized(properties: Properties) -> str | None:
    found: str | None = (properties.get("config") or {}).get("materialized")
    return found


def _own_macros(manifest: Mapping[str, Any]) -> Mapping[str, Properties]:
    """Returns the macros that are not dbt's or its adapter's own."""
    adapter = (manifest.get("metadata") or {}).get("adapter_type")
    theirs = {"dbt", f"dbt_{adapter}"}
    macros = (manifest.get("macros") or {}).items()
    return {name: macro for name, macro in macros if macro["package_name"] not in theirs}


def _closure(names: Iterable[str] | None, macros: Mapping[str, Properties]) -> set[str]:
    """Returns those of the macros that are called, directly or by another."""
    found: set[str] = set()
    waiting = list(names or ())
    while waiting:
        name = waiting.pop()
        if name in macros and name not in found:
            found.add(name)
            waiting.extend(macros[name]["depends_on"]["macros"])
    return found


def _digest(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()[:40]
