from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._baseline_file import (
    baseline_path,
    find_baseline,
    load_baseline,
    save_baseline,
)
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers.errors import BaselineError, ConfigError

CREATED = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
BASELINE = Baseline("churn", "7", CREATED, "train.csv", WindowProfile(3), {})


@given(st.text(), st.text())
def test_paths_are_safe_and_reversible(model, version):
    """A name is one path component, and can be read back from it."""
    home = Path("/home/baselines")
    path = baseline_path(home, model, version)
    assert (home, ".toml") == (path.parent.parent, path.suffix)
    read = [unquote("" if name == "%" else name) for name in (path.parent.name, path.stem)]
    assert [model, version] == read


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("7.1", "7.1.toml"),
        ("..", "%2E..toml"),
        ("a/b", "a%2Fb.toml"),
        ("", "%.toml"),
        ("%", "%25.toml"),
        ("a b", "a b.toml"),
    ],
)
def test_file_names(name, file):
    """Usual names stay as they are; what a path would misread is escaped."""
    assert Path("/b/churn") / file == baseline_path(Path("/b"), "churn", name)


def keep(home, version, days, model="churn"):
    """Store a baseline made so many days later; give its path."""
    path = baseline_path(home, model, version)
    created = CREATED + timedelta(days=days)
    save_baseline(replace(BASELINE, model=model, version=version, created=created), path)
    return path


def test_find_the_exact_version(tmp_path):
    """The version's own baseline counts, even if another is newer."""
    old = keep(tmp_path, "7", 0)
    keep(tmp_path, "8", 1)
    assert old == find_baseline(tmp_path, "churn", "7")


def test_inherit_the_newest(tmp_path):
    """A version without a baseline, or none, inherits the one made last for the model."""
    keep(tmp_path, "9", 0)
    newest = keep(tmp_path, "10", 2)
    keep(tmp_path, "8", 1)
    keep(tmp_path, "1", 5, model="fraud")
    expected = [newest, newest]
    assert expected == [find_baseline(tmp_path, "churn", version) for version in ("11", None)]


def test_newest_whatever_the_zone(tmp_path):
    """Times of creation are compared as moments."""
    early = keep(tmp_path, "7", 0)
    created = (CREATED + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-5)))
    late = baseline_path(tmp_path, "churn", "8")
    save_baseline(replace(BASELINE, version="8", created=created), late)
    assert (late, created) == (find_baseline(tmp_path, "churn"), load_baseline(late).created)
    assert early != late


def test_no_baseline(tmp_path):
    """Without a baseline the error says where it looked and which command makes one."""
    with pytest.raises(BaselineError) as caught:
        find_baseline(tmp_path, "churn", "7")
    assert str(caught.value) == (
        f"model 'churn' has no baseline in {tmp_path}/churn;"
        " make one with `driftlog baseline --model churn --input FILE`"
    )


def test_a_broken_candidate_is_named(tmp_path):
    """Rather than inherit another in silence, a broken baseline is reported."""
    keep(tmp_path, "7", 0)
    broken = keep(tmp_path, "8", 1)
    broken.write_text(broken.read_text().replace("events", "evnts"))
    with pytest.raises(ConfigError, match=r"8.toml has 2 problems"):
        find_baseline(tmp_path, "churn")
