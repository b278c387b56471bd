"""The lines of docs/failures.md are the cases that are tested, and no others."""

import re
from pathlib import Path
from typing import get_args

from tests.libraries.sftp.failures.cases import Case, Outcome
from tests.libraries.sftp.failures.table import CASES, GROUPS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "failures.md"


def lines(text: str, columns: int) -> list[list[str]]:
    """Returns the cells of a text's tables of so many columns, without their headers."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\|.*\|$", text, re.M)
    ]
    return [row for row in rows if len(row) == columns and row[0] not in ("case", "---")]


def line_of(case: Case) -> list[str]:
    return [case.name, case.outcome, f"`{case.error.__name__}`" if case.error else ""]


def test_each_line_is_a_case_and_each_case_a_line_in_the_same_groups_and_order() -> None:
    sections = re.split(r"^## (.*)$", PAGE.read_text(), flags=re.M)[1:]
    assert sections[::2] == list(GROUPS)
    for name, text in zip(sections[::2], sections[1::2], strict=True):
        assert [line[:3] for line in lines(text, 4)] == [line_of(case) for case in GROUPS[name]]


def test_each_outcome_is_explained() -> None:
    intro = PAGE.read_text().partition("\n## ")[0]
    explained = {row[0] for row in lines(intro, 2)} - {"outcome"}
    assert explained == set(get_args(Outcome)) == {case.outcome for case in CASES}


def test_no_two_cases_share_a_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 90


def test_an_error_says_what_there_is_to_do() -> None:
    for line in lines(PAGE.read_text(), 4):
        if line[2]:
            assert line[3], line[0]
