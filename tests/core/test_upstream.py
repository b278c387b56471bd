"""Partitions that are loaded when asked for, in a dict as any other."""

import pytest

from teamster.core.upstream import UpstreamPartitions


def partitions() -> tuple[UpstreamPartitions, list[str]]:
    loaded: list[str] = []

    def load(key: str) -> str:
        loaded.append(key)
        return key.upper()

    return UpstreamPartitions(["a", "b"], load), loaded


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    many, loaded = partitions()
    assert (len(many), list(many), "a" in many, list(many.keys())) == (
        2,
        ["a", "b"],
        True,
        ["a", "b"],
    )
    assert loaded == []
    for key, value in many.items():
        assert value == key.upper()
        assert loaded[-1] == key
    assert loaded == ["a", "b"]


def test_each_is_loaded_anew() -> None:
    many, loaded = partitions()
    assert many["a"] == many["a"] == "A"
    assert loaded == ["a", "a"]


def test_as_any_dict() -> None:
    many, _ = partitions()
    assert dict(many) == {**many} == dict(many.copy()) == {"a": "A", "b": "B"}
    assert list(many.values()) == ["A", "B"]
    assert (many.get("a"), many.get("c"), many.get("c", 1)) == ("A", None, 1)
    with pytest.raises(KeyError):
        many["c"]
    assert (many.pop("a"), many.pop("c", None), list(many)) == ("A", None, ["b"])
    with pytest.raises(KeyError):
        many.pop("a")
    assert isinstance(many, dict)
