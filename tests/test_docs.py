import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def test_every_promise_names_a_test_that_exists():
    """A guarantee without its test would be a wish."""
    promised = re.findall(
        r"\[([\w/.:]+)\]\(\.\./tests/", (ROOT / "docs" / "guarantees.md").read_text()
    )
    missing = []
    for test in promised:
        file, _, name = test.partition("::")
        path = ROOT / "tests" / file
        if not path.exists() or (name and not re.search(rf"def {name}\b", path.read_text())):
            missing.append(test)

    assert [] == missing
    assert len(promised) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    """A link to a file of the project leads to one."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())

    assert [] == [link for link in links if not (page.parent / link).exists()]
