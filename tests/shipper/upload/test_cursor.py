import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog._upload._account import Account
from driftlog._upload._cursor import Cursor, Position, Trouble, decode, encode, load, save

NUMBERS = st.integers(0, 2**53)
COUNTS = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=9), NUMBERS, max_size=3)
POSITIONS = st.builds(
    Position, st.just("f"), NUMBERS, st.text("0af"), NUMBERS, NUMBERS, st.none() | st.floats(0, 1e9)
)
CURSORS = st.builds(
    Cursor,
    st.floats(0, 1e9),
    NUMBERS,
    st.dictionaries(st.text("abc", min_size=1), POSITIONS, max_size=3),
    st.builds(Account, NUMBERS, NUMBERS, COUNTS, COUNTS),
    st.none() | st.floats(0, 1e9),
    st.none() | st.builds(Trouble, st.floats(0, 1e9), st.just("why"), st.booleans()),
)
CURSOR = Cursor(5.0, 7, {"a": Position("f", 9, "ab")}, Account(1, 2, {"x": 3}, {"y": 4}))


@given(CURSORS)
def test_round_trip(cursor):
    """What is written is read."""
    assert cursor == decode(encode(cursor))


@given(st.data())
def test_any_damage_is_seen(data):
    """A file with any byte changed, cut or added is not believed."""
    whole = encode(CURSOR)
    place = data.draw(st.integers(0, len(whole) - 2))
    flipped = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    for damaged in (whole[:place], flipped, flipped + whole[place + 1 :], whole + b"{}"):
        assert decode(damaged) is None


def test_of_another_format():
    """A file of another version is not believed."""
    from driftlog._upload import _cursor  # noqa: PLC0415 - to change it

    other = pytest.MonkeyPatch()
    other.setattr(_cursor, "_FORMAT", 2)
    data = encode(CURSOR)
    other.undo()
    assert decode(data) is None


@pytest.mark.parametrize("sync", [True, False])
def test_replaced_whole(tmp_path, sync):
    """A cursor file is private, and the one before until it is the new one."""
    path = tmp_path / "cursor.json"
    save(path, CURSOR, sync=sync)
    assert (CURSOR, "") == load(path)
    assert 0o600 == path.stat().st_mode & 0o777
    old = path.open("rb")
    save(path, replace(CURSOR, reach=8), sync=sync)
    with old:
        assert encode(CURSOR) == old.read()
    assert 8 == load(path)[0].reach


def test_what_is_wrong_with_it(tmp_path):
    """Missing is nothing wrong; empty, damaged and unreadable files are named so."""
    path = tmp_path / "cursor.json"
    assert (None, "") == load(path)
    path.write_bytes(b"")
    assert (None, "is empty") == load(path)
    path.write_bytes(encode(CURSOR)[5:])
    assert (None, "is damaged") == load(path)
    path.unlink()
    path.mkdir()
    assert (None, "cannot be read (Is a directory)") == load(path)


def test_a_failed_write_leaves_the_old_one(tmp_path, monkeypatch):
    """Where the new one cannot be written, the old one stays."""
    path = tmp_path / "cursor.json"
    save(path, CURSOR, sync=True)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(OSError, match="No space"):
        save(path, replace(CURSOR, reach=8), sync=True)
    assert (CURSOR, "") == load(path)
