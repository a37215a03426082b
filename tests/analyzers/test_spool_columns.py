import pytest

from driftlog_analyzers import _spool_columns
from driftlog_analyzers._segments import merge_names
from driftlog_analyzers._spool_columns import groups_of


@pytest.mark.parametrize("room", [1, 2, 7, 1000])
def test_groups_hold_every_name_once(room, monkeypatch):
    """Whatever the room, no name is lost, and names alike, of all sections, are read together."""
    monkeypatch.setattr(_spool_columns, "GROUP", room)
    names = {
        "num": frozenset({"a", "A", "b", "c"}),
        "list": frozenset({"B", "d"}),
        "na": frozenset({"a", "e"}),
        "prediction.num": frozenset({"a"}),
    }

    groups = groups_of(names)

    assert names == merge_names(groups)
    inputs = [
        {name.lower() for section, found in group.items() if "." not in section for name in found}
        for group in groups
    ]
    assert sum(map(len, inputs)) == len({"a", "b", "c", "d", "e"})
    assert [{}] == groups_of({})
