"""The roster of a region as a OneRoster 1.2 API tells it: the rows of its archive as JSON records.

Sources: 1EdTech "OneRoster Rostering Service Information Model" 1.2 Final (2022), section 5, "Data
Model", and "OneRoster CSV Binding" 1.2.1 (2023), which names the same values.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from teamster.cli.demo.drop.oneroster import roster_archive
from teamster.cli.demo.drop.population import Population
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.drop.writing import Row
from teamster.cli.demo.drop.years import CURRENT

_HREF = "https://sis.example.org/ims/oneroster/rostering/v1p2"
_MODIFIED = CURRENT.exported.strftime("%Y-%m-%dT%H:%M:%S.000Z")
_LEAVES_EVERY = 211
"""Of so many enrollments one has been ended: its status is ``tobedeleted``."""

_LISTS = {"grades", "subjects", "subjectCodes", "periods"}
_LINKS = {
    "parentSourcedId": "parent",
    "schoolYearSourcedId": "schoolYear",
    "orgSourcedId": "org",
    "courseSourcedId": "course",
    "schoolSourcedId": "school",
    "termSourcedIds": "terms",
    "classSourcedId": "class",
    "userSourcedId": "user",
    "primaryOrgSourcedId": "primaryOrg",
    "agentSourcedIds": "agents",
}
"""Column of ids -> field of links."""

_TARGETS = {
    "schoolYear": "academicSession",
    "org": "org",
    "course": "course",
    "school": "org",
    "terms": "term",
    "class": "class",
    "user": "user",
    "primaryOrg": "org",
    "agents": "user",
}
_COLLECTIONS = {
    "academicSession": "academicSessions",
    "class": "classes",
    "course": "courses",
    "org": "orgs",
    "term": "academicSessions",
    "user": "users",
}


def roster_records(population: Population, staff: Staff) -> dict[str, list[dict[str, Any]]]:
    """Returns a region's roster of the current year: name of a collection -> its records."""
    archive = roster_archive(population, staff)
    rows = {
        table.path.rpartition("/")[2].removesuffix(".csv"): table.rows for table in archive.members
    }
    roles: dict[str, list[Row]] = {}
    for row in rows["roles"]:
        roles.setdefault(row["userSourcedId"], []).append(row)
    records = {
        name: [_record(name, row) for row in rows[name]]
        for name in (*_COLLECTIONS.values(), "enrollments", "demographics")
    }
    for user in records["users"]:
        user["roles"] = [_role(row) for row in roles[user["sourcedId"]]]
    for enrollment in records["enrollments"][::-_LEAVES_EVERY]:
        enrollment["status"] = "tobedeleted"
    _add_children(records["orgs"], "org")
    return records


def _record(name: str, row: Row) -> dict[str, Any]:
    record: dict[str, Any] = {
        "sourcedId": row["sourcedId"],
        "status": "active",
        "dateLastModified": _MODIFIED,
    }
    if name == "orgs":
        record["metadata"] = {"classification": "public", "internet": {"mbps": 1000}}
    parent = "academicSession" if name == "academicSessions" else "org"
    for column, cell in row.items():
        if column in _LINKS and cell:
            field = _LINKS[column]
            links = [_link(each, _TARGETS.get(field, parent)) for each in cell.split(",")]
            record[field] = links if column.endswith("Ids") else links[0]
        elif column == "userIds":
            record[column] = [
                {"type": kind, "identifier": number}
                for kind, number in re.findall(r"\{(\w+):(\w+)\}", cell)
            ]
        elif column in _LISTS:
            record[column] = cell.split(",")
        elif column not in record and cell:
            record[column] = cell
    return record


def _role(row: Row) -> dict[str, Any]:
    kept = ("roleType", "role", "beginDate", "endDate")
    return {**{name: row[name] for name in kept}, "org": _link(row["orgSourcedId"], "org")}


def _link(sourced_id: str, kind: str) -> dict[str, str]:
    href = f"{_HREF}/{_COLLECTIONS[kind]}/{sourced_id}"
    return {"href": href, "sourcedId": sourced_id, "type": kind}


def _add_children(records: Sequence[dict[str, Any]], kind: str) -> None:
    by_id: Mapping[str, dict[str, Any]] = {record["sourcedId"]: record for record in records}
    for record in records:
        record.setdefault("children", [])
        if "parent" in record:
            parent = by_id[record["parent"]["sourcedId"]]
            parent.setdefault("children", []).append(_link(record["sourcedId"], kind))
