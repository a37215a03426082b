"""The pages that describe the detectors name them all, with the floors that they have."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from driftlog_analyzers import detectors
from driftlog_analyzers.detectors import NAMES, _rates

ROOT = Path(__file__).parents[3]
PAGES = ("README.md", "docs/detection.md")
MODULES = {
    module.NAME: module
    for found in iter_modules(detectors.__path__)
    if hasattr(module := import_module(f"{detectors.__name__}.{found.name}"), "NAME")
}


def rows(page):
    """The lines of the page's first table of detectors, by the names in their first cell."""
    text = (ROOT / page).read_text()
    table = text[text.index("| detector |") :].split("\n\n", 1)[0]
    return {
        name: line
        for line in table.splitlines()
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_detector_has_its_row(page):
    """No detector is missing from a table, and none is described that does not exist."""
    assert set(NAMES) == rows(page).keys()


def test_floors():
    """Each floor is the constant that it is named by."""
    told = {
        (name, constant): float(value)
        for name, line in rows("docs/detection.md").items()
        for constant, value in re.findall(r"`([A-Z_]+)` = ([\d.]+)", line)
    }
    actual = {
        (name, constant): getattr(MODULES[name], constant, None) or getattr(_rates, constant)
        for name, constant in told
    }

    assert actual == told
    assert 20 < len(told)
