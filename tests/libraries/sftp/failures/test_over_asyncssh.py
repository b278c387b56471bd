"""Each line of docs/failures.md, over asyncssh's server, in this process."""

import pytest

from tests.libraries.sftp.failures.cases import Case, Scene
from tests.libraries.sftp.failures.harness import Ears, run_case
from tests.libraries.sftp.failures.table import cases_on

SERVER = "asyncssh"


@pytest.mark.parametrize("case", cases_on(SERVER), ids=lambda case: case.name)
def test_what_comes_of(case: Case, scene: Scene, ears: Ears) -> None:
    run_case(case, scene, ears)
