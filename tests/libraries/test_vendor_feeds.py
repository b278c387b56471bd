"""The regions' feeds keep the contract of every SFTP feed."""

from teamster.libraries.oneroster.archives import build_oneroster_archive_asset
from teamster.libraries.sftp.assets import (
    build_sftp_archive_asset,
    build_sftp_file_asset,
    build_sftp_folder_asset,
)
from tests.libraries.sftp.contract import FeedContract

NEWARK = "src/teamster/code_locations/kippnewark"


class TestIReadyDiagnosticResults(FeedContract):
    config = f"{NEWARK}/iready/config/assets-files.yaml"
    table = "diagnostic_results"
    build = staticmethod(build_sftp_file_asset)
    path = "exports/nj-newark/Current_Year/diagnostic_results_ela_CONFIDENTIAL.csv"
    partition_key = "2026|ela"
    header = "Last Name,Student ID,Overall Scale Score"


class TestIReadyLessons(FeedContract):
    config = f"{NEWARK}/iready/config/assets-files.yaml"
    table = "personalized_instruction_by_lesson"
    build = staticmethod(build_sftp_file_asset)
    path = "exports/nj-newark/2024/personalized_instruction_by_lesson_math.csv"
    partition_key = "2024|math"
    header = "Student ID,Lesson ID,Score"


class TestStar(FeedContract):
    config = f"{NEWARK}/renlearn/config/assets-archives.yaml"
    table = "star"
    build = staticmethod(build_sftp_archive_asset)
    path = "newark.zip"
    member = "SR.csv"
    partition_key = "2026-07-01|SR"
    header = "StudentIdentifier,AssessmentID,ScaledScore"


class TestPsat(FeedContract):
    config = f"{NEWARK}/collegeboard/config/assets-folders.yaml"
    table = "psat"
    build = staticmethod(build_sftp_folder_asset)
    path = "psat/312345_PSATNM_20251110_1.csv"
    partition_key = "PSATNM"
    header = "AI_CODE,CB_ID"


class TestSat(FeedContract):
    config = f"{NEWARK}/collegeboard/config/assets-folders.yaml"
    table = "sat"
    build = staticmethod(build_sftp_folder_asset)
    path = "sat/312345_SAT_20251104_1.csv"
    header = "AI_CODE,CB_ID"


class TestOneRosterUsers(FeedContract):
    config = f"{NEWARK}/oneroster/config/assets-archives.yaml"
    table = "users"
    build = staticmethod(build_oneroster_archive_asset)
    path = "newark/oneroster.zip"
    member = "users.csv"
    header = "sourcedId,givenName,password"
