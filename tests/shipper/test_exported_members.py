import types

import pytest

import driftlog


def test_all_is_the_namespace():
    """``__all__`` names what the package holds, and nothing else."""
    public = [
        name
        for name, value in vars(driftlog).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    ]
    late = ["Upload"]
    assert late == [getattr(driftlog, name).__name__ for name in late]
    assert sorted(driftlog.__all__) == sorted([*public, *late])


def test_no_such_member():
    """A name that is not there is an error that says so."""
    with pytest.raises(AttributeError, match="'Uploads'"):
        _ = driftlog.Uploads
