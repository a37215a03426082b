import types

import driftlog


def test_all_is_the_namespace():
    """``__all__`` names what the package holds, and nothing else."""
    public = [
        name
        for name, value in vars(driftlog).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    ]
    assert sorted(driftlog.__all__) == sorted(public)
