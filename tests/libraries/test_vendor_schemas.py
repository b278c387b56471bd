"""The vendors' schemas: valid Avro, the vendors' columns, and what real files have beyond them.

No value of a row is read here: only headers.
"""

import csv
import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import fastavro
import pytest
import yaml

from teamster.core.schema import column_names, field_names, resolve_schema

ROOT = Path(__file__).resolve().parents[2]
LOCATION = ROOT / "src/teamster/code_locations/kippnewark"
VENDORS = ROOT.parent / "shared/vendors"
REALDATA = ROOT.parent / "shared/realdata"

MODELS = {
    "iready": "DiagnosticResults PersonalizedInstructionByLesson",
    "renlearn": "Star StarDashboardStandards StarSkillArea",
    "collegeboard": "Psat Sat",
    "oneroster": "Orgs Users Roles Classes Courses Enrollments AcademicSessions Demographics "
    "Relationships",
}
REFERENCES = [
    f"teamster.libraries.{vendor}.schema:{name}"
    for vendor, names in MODELS.items()
    for name in names.split()
]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("reference", REFERENCES)
def test_schema_is_valid_avro_of_nullable_text(reference: str) -> None:
    schema = resolve_schema(reference)
    fastavro.parse_schema(deepcopy(schema))
    assert schema["name"] == snake(reference.rpartition(":")[2])
    assert {json.dumps(field["type"]) for field in schema["fields"]} == {'["null", "string"]'}
    assert field_names(schema)[-1] == "source_file_name"


@pytest.mark.parametrize(
    "reference", [r for r in REFERENCES if "oneroster" not in r and "StarSkillArea" not in r]
)
def test_schema_has_exactly_the_vendors_fields(reference: str) -> None:
    vendor, name = reference.split(".")[2], reference.rpartition(":")[2]
    facts = VENDORS / f"{vendor}.json"
    if not facts.exists():
        pytest.skip("no vendors' facts beside this clone")
    expected = set(json.loads(facts.read_text(encoding="utf-8"))[snake(name)]["fields"])
    assert set(field_names(resolve_schema(reference))) == expected | {"source_file_name"}


GROWTH_USED = {"diagnostic_used_to_establish_growth_measures_y_n"}
STATE_IDS = {
    "district_state_id",
    "account_state_id",
    "school_state_id",
    "student_state_id",
    "norming_window",
}
PROJECTIONS = {
    "proficiency_if_student_shows_no_additional_growth",
    "projection_if_student_achieves_typical_growth",
    "projection_if_student_achieves_stretch_growth",
}
LESSONS = "vendor_iready/personalized_instruction_by_lesson"
STAR = "vendor_renlearn_star/SR"
BOARD = "vendor_collegeboard/sample_anonymized_file"

# A real file, its schema, and the columns that the schema lacks (blanks left out): the drift that
# `avro_schema_valid` is to report.
REAL_FILES: list[tuple[str, str, set[str]]] = [
    ("vendor_iready/diagnostic_results_ela/ela.csv", "DiagnosticResults", GROWTH_USED),
    ("vendor_iready/diagnostic_results_math/math.csv", "DiagnosticResults", GROWTH_USED),
    ("vendor_iready/sample_anonymized_file_ela.csv", "DiagnosticResults", STATE_IDS),
    ("vendor_iready/sample_anonymized_file_math.csv", "DiagnosticResults", STATE_IDS | PROJECTIONS),
    (f"{LESSONS}_ela/ela.csv", "PersonalizedInstructionByLesson", set()),
    (f"{LESSONS}_math/math.csv", "PersonalizedInstructionByLesson", set()),
    (f"{STAR}_sample_anonymized_file.csv", "Star", set()),
    (f"{STAR}_Dashboard_Standards_v2_sample_anonymized_file.csv", "StarDashboardStandards", set()),
    (f"{STAR}_SkillArea_v1_sample_anonymized_file.csv", "StarSkillArea", set()),
    (f"{BOARD}_psat_nmsqt.csv", "Psat", set()),
    (f"{BOARD}_sat.csv", "Sat", set()),
    *(
        (f"oneroster_ms_sds_v21/{name[0].lower()}{name[1:]}.csv", name, set[str]())
        for name in MODELS["oneroster"].split()
    ),
]


def feed_of(model: str) -> dict[str, Any]:
    """The entry of the region's YAML that loads into a model."""
    entries = [
        entry
        for path in LOCATION.glob("*/config/*.yaml")
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["assets"]
        if "remote_dir_regex" in entry
    ]
    found: dict[str, Any]
    (found,) = (e for e in entries if e["avro_schema"].endswith(f":{model}"))
    return found


@pytest.mark.parametrize(("file", "model", "drift"), REAL_FILES, ids=[f[0] for f in REAL_FILES])
def test_real_header_fits_but_for_known_drift(file: str, model: str, drift: set[str]) -> None:
    path = REALDATA / file
    if not path.exists():
        pytest.skip("no real files beside this clone")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines))
    feed = feed_of(model)
    names = column_names(
        header,
        slugify_cols=feed.get("slugify_cols", True),
        replacements=feed.get("slugify_replacements", ()),
    )
    fields = set(field_names(resolve_schema(feed["avro_schema"])))
    unknown = {name for name in names if name not in fields} - set(feed.get("ignore_cols", ()))
    assert {name for name in unknown if not re.fullmatch(r"filler_\d+", name)} == drift
    assert len(unknown) < len(names) / 4


STANDARD_HEADERS = {
    "AcademicSessions": "title,type,startDate,endDate,parentSourcedId,schoolYear",
    "Classes": "title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods",
    "Courses": "schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
    "Demographics": "birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,"
    "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,"
    "hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,"
    "publicSchoolResidenceStatus",
    "Enrollments": "classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
    "Orgs": "name,type,identifier,parentSourcedId",
    "Users 1.1": "enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password",
    "Users 1.2": "enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,"
    "sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,"
    "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
    "Roles 1.2": "userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId",
}


@pytest.mark.parametrize("file", STANDARD_HEADERS)
def test_oneroster_has_the_standards_columns_in_its_order(file: str) -> None:
    # Source: 1EdTech OneRoster CSV Binding 1.1 and 1.2.1; the first three columns are common.
    header = ["sourcedId", "status", "dateLastModified", *STANDARD_HEADERS[file].split(",")]
    header = [column for column in header if column != "password"]  # a secret: never stored
    fields = field_names(resolve_schema(f"teamster.libraries.oneroster.schema:{file.split()[0]}"))
    assert [field for field in fields if field in header] == header
