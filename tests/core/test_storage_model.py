"""Whatever is done to an object, in whatever order: each storage does as a dictionary would."""

import uuid

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from upath import UPath

from teamster.core.errors import ObjectChanged
from teamster.core.storage import (
    NOTHING,
    private_spool,
    put_in_place,
    remove,
    stored,
    stored_under,
    version_of,
)
from tests.core.lying import content

NAMES = ["data", "a/data", "a/b=%2F/data"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove"]),
        st.sampled_from(NAMES),
        st.sampled_from(["whatever", "present", "nothing", "stale"]),
        st.binary(max_size=20),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_storage_is_a_dictionary_of_versions(
    root: UPath, steps: list[tuple[str, str, str, bytes]]
) -> None:
    root = root / uuid.uuid4().hex
    model: dict[str, tuple[str, bytes]] = {}
    past: dict[str, str] = {}
    for what, name, seen, body in steps:
        there = model.get(name, (NOTHING, b""))[0]
        stale = past.get(name, "1" if there != "1" else "2")
        replacing = {"whatever": None, "present": there, "nothing": NOTHING, "stale": stale}[seen]
        try:
            if what == "put":
                new = put(root / name, body, replacing)
            else:
                remove(root / name, replacing=replacing)
        except ObjectChanged:
            assert replacing not in (None, there)
            continue
        assert replacing in (None, there) or (what == "remove" and not there)
        past[name] = there
        if what == "put":
            assert new not in (NOTHING, there)
            model[name] = (new, body)
        else:
            model.pop(name, None)
    found = {each.path: each.version for each in stored_under(root, "data")}
    assert found == {root / name: version for name, (version, _) in model.items()}
    for name, (version, body) in model.items():
        assert version_of(stored(root / name)) == version
        assert content(root / name) == body


def put(target: UPath, body: bytes, replacing: str | None) -> str:
    with private_spool() as spool:
        (spool / "new").write_bytes(body)
        return put_in_place(spool / "new", target, replacing=replacing)
