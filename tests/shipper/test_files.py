"""A segment's file at the moments between its making and its first line."""

import fcntl
import os

import pytest

from driftlog import _files
from driftlog._upload import read_status


@pytest.fixture
def between(monkeypatch):
    """Give a function that makes a segment and calls back after open(2), before flock(2)."""
    locks = fcntl.flock

    def make(path, look):
        def flock(fd, flags):
            monkeypatch.setattr(fcntl, "flock", locks)
            look()
            locks(fd, flags)

        monkeypatch.setattr(fcntl, "flock", flock)
        return _files.create(str(path), b"{}\n")

    return make


@pytest.mark.parametrize(
    ("look", "expected"), [(_files.is_live, True), (_files.delete_closed, None)]
)
def test_a_segment_in_the_making(tmp_path, between, look, expected):
    """A file that is not locked yet is neither closed nor to be deleted, and no look is in its way."""
    path = tmp_path / "m-1.ndjson"
    seen = []
    fd = between(path, lambda: seen.append(look(str(path))))
    assert [expected] == seen
    assert (True, b"{}\n") == (_files.is_live(path), path.read_bytes())
    os.close(fd)
    assert not _files.is_live(path)


def test_status_skips_a_segment_in_the_making(spool, make, between):
    """Whoever looks at a spool at that moment sees the other segments only, and sees it later."""
    make().log({"age": 1})
    seen = []
    fd = between(spool / "m-1.ndjson", lambda: seen.append(len(read_status(spool).segments)))
    assert [1] == seen
    os.close(fd)
    assert 2 == len(read_status(spool).segments)
