import base64
import json
import os

import pytest

from driftlog._upload._quarantine import Refused, keep_refused

NOW = "2026-11-22T00:00:00.000000Z"


def refused(number, line=b'{"a":1}'):
    """Give a refused event."""
    return Refused(f"s-{number:x}", number, line, "mapper: no")


def test_kept_with_the_reason(tmp_path):
    """An event stands there with where, when, why, and its own bytes; for its owner alone."""
    path = tmp_path / "quarantine" / "s.ndjson"
    keep_refused(path, [refused(1), refused(2, b"\xff")], NOW)
    keep_refused(path, [refused(3)], NOW)
    first, second, third = map(json.loads, path.read_text().splitlines())
    known = {"@timestamp": NOW, "id": "s-1", "offset": 1, "reason": "mapper: no"}
    assert known | {"line": '{"a":1}'} == first
    assert b"\xff" == base64.b64decode(second["base64"])
    assert "s-3" == third["id"]
    assert (0o600, 0o700) == (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777)


def test_after_a_torn_record(tmp_path):
    """A record that a kill cut short spoils none of the next."""
    path = tmp_path / "s.ndjson"
    path.write_bytes(b'{"torn')
    keep_refused(path, [refused(1)], NOW)
    assert "s-1" == json.loads(path.read_text().splitlines()[1])["id"]


def test_a_failed_write_leaves_no_half(tmp_path, monkeypatch):
    """Where it cannot be kept, the file is as it was."""
    path = tmp_path / "s.ndjson"
    keep_refused(path, [refused(1)], NOW)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(OSError, match="No space"):
        keep_refused(path, [refused(2)], NOW)
    assert before == path.read_bytes()
