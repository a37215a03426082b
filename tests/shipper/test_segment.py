"""Every good line comes back, whatever happened to the file."""

import io
import json

import pytest

from driftlog._segment import BadRange, Line, header, new_id, recover, set_aside


def event(number, filler=""):
    """Give a line of some length."""
    document = {"@timestamp": "2026-01-01T00:00:00.000000Z", "event": {"id": str(number)}}
    return json.dumps(document | {"filler": filler}, separators=(",", ":")).encode()


def look(data, **options):
    """Give the lines and the bad ranges of bytes."""
    pieces = list(recover(io.BytesIO(data), **options))
    lines = [piece.data for piece in pieces if isinstance(piece, Line)]
    bad = [(piece.offset, piece.length, piece.reason) for piece in pieces
           if isinstance(piece, BadRange)]  # fmt: skip
    assert all(data[p.offset :].startswith(p.data) for p in pieces if isinstance(p, Line))
    return lines, bad


THREE = [event(1), event(2), event(3)]
WHOLE = b"\n".join([*THREE, b""])


def test_whole():
    """A file of whole lines has nothing bad, and every line says where the next begins."""
    assert (THREE, []) == look(WHOLE)
    ends = [line.end for line in recover(io.BytesIO(WHOLE))]
    assert [THREE[2]] == look(WHOLE, offset=ends[1])[0]
    assert len(WHOLE) == ends[2]


@pytest.mark.parametrize("live", [False, True])
def test_every_truncation(live):
    """Cut anywhere, the lines before the cut come back; the rest is torn, or unfinished if live."""
    for cut in range(len(WHOLE) + 1):
        lines, bad = look(WHOLE[:cut], live=live)
        whole = WHOLE[:cut].count(b"\n")
        complete = not live and WHOLE[:cut].split(b"\n")[-1] in THREE
        assert THREE[: whole + complete] == lines
        rest = cut - (WHOLE[:cut].rfind(b"\n") + 1)
        assert bad == ([(cut - rest, rest, "torn")] if rest and not complete and not live else [])


def test_append_after_truncation():
    """A good line glued to half a line comes back at every cut."""
    for cut in range(1, len(THREE[0])):
        lines, bad = look(THREE[0][:cut] + THREE[1] + b"\n")
        assert ([THREE[1]], [(0, cut, "torn")]) == (lines, bad)


@pytest.mark.parametrize(
    ("garbage", "reason"),
    [
        (b"\0" * 5000, "zero-filled"),
        (b"Nov 22 kernel: hello", "foreign"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        (b"[1,2]", "not an object"),
        (b"3", "not an object"),
        (b'{"@timestamp":"2026', "torn"),
        (b'{"@timestamp":NaN}', "torn"),
    ],
)
def test_garbage(garbage, reason):
    """Foreign bytes between, before and after good lines cost only themselves."""
    for place in range(4):
        pieces = [*THREE[:place], garbage, *THREE[place:], b""]
        offset = len(b"\n".join([*THREE[:place], b""]))
        assert (THREE, [(offset, len(garbage), reason)]) == look(b"\n".join(pieces))


def test_zero_filled_tail():
    """A tail of zeros, as after a power loss, is one bad range, with or without half a line."""
    assert (THREE, [(len(WHOLE), 4096, "zero-filled")]) == look(WHOLE + b"\0" * 4096)
    lines, bad = look(WHOLE + THREE[0][:10] + b"\0" * 9 + THREE[1] + b"\n")
    assert [*THREE, THREE[1]] == lines
    assert [(len(WHOLE), 10, "torn"), (len(WHOLE) + 10, 9, "zero-filled")] == bad


def test_overwritten_newline():
    """Two events on one line are two events."""
    lines, bad = look(THREE[0] + b"XX" + THREE[1] + b"\n")
    assert (THREE[:2], [(len(THREE[0]), 2, "foreign")]) == (lines, bad)


def test_too_long():
    """A line above the limit is skipped in bounded memory, its neighbours are not."""
    long = event(9, "x" * (3 << 20))
    data = b"\n".join([THREE[0], long, b"\0" * (3 << 20), THREE[1], b""])
    lines, bad = look(data, max_line=1 << 20)
    assert THREE[:2] == lines
    assert [(len(long), "too long"), (3 << 20, "zero-filled")] == [one[1:] for one in bad]


def test_chunk_borders(monkeypatch):
    """Where a chunk ends does not matter."""
    data = WHOLE + b"foreign\n" + THREE[0] + b"\n"
    expected = look(data)
    for size in (1, 2, 7, 64):
        monkeypatch.setattr("driftlog._segment._CHUNK", size)
        assert expected == look(data)


def test_set_aside(tmp_path):
    """Bad bytes are kept beside their segment, once."""
    segment = tmp_path / "m-1.ndjson"
    segment.write_bytes(THREE[0] + b"\nbad one\n\xff\n")
    with segment.open("rb") as file:
        ranges = [piece for piece in recover(file) if isinstance(piece, BadRange)]
    folder = tmp_path / "aside"
    assert 2 == set_aside(segment, ranges, folder)
    kept = (folder / "m-1.bad").read_bytes()
    assert 0 == set_aside(segment, ranges, folder)
    (folder / "m-1.bad").write_bytes(kept[:-2])
    assert 1 == set_aside(segment, ranges, folder)
    assert kept == (folder / "m-1.bad").read_bytes()
    assert b"bad one\n" in kept
    assert 0 == set_aside(segment, [], folder)


def test_ids_sort():
    """A segment id sorts after the one before, though the clock was set back."""
    future = f"{1 << 47:012x}{'f' * 12}"
    assert new_id() < future < new_id(future)
    assert len(new_id()) == len(future)


def test_header():
    """The first line names the segment by an identity of its own."""
    document = json.loads(header("id", "m", "1", "h", "2026-01-01T00:00:00.000000Z"))
    assert {"id", "format", "pid"} == document["driftlog"]["segment"].keys()
