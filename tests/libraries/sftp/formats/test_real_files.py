"""Real public files, where ../shared/realdata is beside this clone: every row is taken."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from teamster.core.schema import text_model
from teamster.libraries.sftp.assets import build_sftp_archive_asset
from tests.libraries.sftp.formats.taking import REAL, Taken, read
from tests.libraries.sftp.vendor import KEY, Vendor, check_of, metadata_of

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="no real files beside this clone")


def taken_of(spool: Path, path: str, columns: Any, **options: Any) -> Taken:
    """Reads the only real file that a path matches."""
    (found,) = REAL.glob(path)
    return read(spool, found.read_bytes(), columns, **options)


def nested(name: str, **fields: Any) -> dict[str, Any]:
    """Returns a schema of nullable fields."""
    return {
        "type": "record",
        "name": name,
        "fields": [
            {"name": field, "type": ["null", kind], "default": None}
            for field, kind in fields.items()
        ],
    }


EDFI = {
    "students": (500, nested("student", studentuniqueid="string", visas="string")),
    "courses": (184, nested("course", coursecode="string", numberofparts="long")),
    "courseOfferings": (
        368,
        nested(
            "offering",
            localcoursecode="string",
            coursereference=nested("course", courseCode="string"),
        ),
    ),
    "schools": (5, nested("school", schoolid="long", nameofinstitution="string")),
    "studentSchoolAssociations": (
        500,
        nested(
            "association",
            entrydate={"type": "int", "logicalType": "date"},
            studentreference=nested("student", studentUniqueId="string"),
            entrytypedescriptor="string",
        ),
    ),
}


@pytest.mark.parametrize("resource", EDFI)
def test_ed_fis_json_lines(tmp_path: Path, resource: str) -> None:
    rows, schema = EDFI[resource]
    taken = taken_of(tmp_path, f"edfi_json/{resource}/*.json", schema, format="json_lines")
    assert len(taken.rows) == rows
    assert not taken.rejected
    assert "etag" in taken.summary.fields.extras
    assert all(next(iter(row.values())) is not None for row in taken.rows)


def test_ed_fis_lines_as_an_array_are_the_same_records(tmp_path: Path) -> None:
    (found,) = REAL.glob("edfi_json/students/*.json")
    lines = found.read_text("utf-8-sig").splitlines()
    array = json.dumps({"value": {"data": [json.loads(line) for line in lines]}})
    schema = EDFI["students"][1]
    by_line = read(tmp_path, found.read_bytes(), schema, format="json_lines")
    by_path = read(tmp_path, array, schema, format={"type": "json", "records": "value.data"})
    assert by_path.rows == by_line.rows


@pytest.mark.parametrize(
    ("path", "layout", "columns", "rows", "first"),
    [
        (
            "state_nj/njsla-ela04-2025.xlsx",
            {"sheet": "ELA04", "header_row": 3},
            "county_code county_name subgroup_type",
            7,
            ("01", "Atlantic", "All Students"),
        ),
        (
            "state_nj/spr-district-2025.xlsx",
            {"skip_until": "^CountyCode"},
            "countycode districtname chronicabsenteeismrate_district",
            5,
            ("01", "Absecon Public Schools District", "9.9%"),
        ),
        (
            "state_tx/8thGrade*.xlsx",
            {},
            "gender ethnicity _8th_grade_fy_2012",
            241,
            ("Female", "Others", "9925"),
        ),
    ],
)
def test_states_workbooks(
    tmp_path: Path,
    path: str,
    layout: dict[str, Any],
    columns: str,
    rows: int,
    first: tuple[str, ...],
) -> None:
    taken = taken_of(tmp_path, path, columns, format={"type": "excel", **layout})
    assert len(taken.rows) == rows
    assert taken.values[0] == first
    assert not taken.rejected


def test_a_workbook_in_an_archive(quick_vendor: Vendor) -> None:
    quick_vendor.put("/data/e.zip", (REAL / "state_nj" / "enrollment-2020.zip").read_bytes())
    asset = build_sftp_archive_asset(
        KEY,
        "/data",
        r"e\.zip",
        r"enrollment_\d{4}_fixture\.xlsx",
        "ssh_vendor",
        text_model("table", "district_code total_enrollment percent_white source_file_name"),
        format={"type": "excel", "sheet": "District", "skip_until": "^County Code"},
        slugify_replacements=[["%", "percent "]],
    )
    result = quick_vendor.run(asset)
    assert metadata_of(result)["records"] == len(quick_vendor.rows()) == 2
    assert not check_of(result).metadata["missing"].value
    assert quick_vendor.rows()[0] == {
        "district_code": "3970",
        "total_enrollment": "13590",
        "percent_white": "0.8",
        "source_file_name": "e.zip/enrollment_1920_fixture.xlsx",
    }


@pytest.mark.parametrize(("batch", "rows"), [("batch1", 12_000), ("batch2", 20)])
def test_a_student_information_systems_export(tmp_path: Path, batch: str, rows: int) -> None:
    columns = "id student_id school_year attendance_date presenceflag"
    taken = taken_of(tmp_path, f"sis_contoso/{batch}/studentattendance.csv", columns)
    assert len(taken.rows) == rows
    assert not taken.rejected
    assert not taken.summary.short_rows


def test_an_ap_file_with_headers_that_repeat(tmp_path: Path) -> None:
    (found,) = REAL.glob("vendor_collegeboard/SAMPLE_AP_2324.csv")
    with found.open(newline="") as file:
        cells = list(csv.reader(file))
    taken = taken_of(tmp_path, "vendor_collegeboard/SAMPLE_AP_2324.csv", "filler filler_2")
    assert len(taken.rows) == len(cells) - 1
    (warning,) = taken.summary.warnings
    assert "filler_2" in warning
