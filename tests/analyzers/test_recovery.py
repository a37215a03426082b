import json
import random
import stat

import pytest
import zstandard

from driftlog import PredictionLogger
from driftlog_analyzers import _segments
from driftlog_analyzers._recovery import clean_copy
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._store import ProfileSpec
from tests.analyzers.spools import (
    BEGIN,
    EVERYTHING,
    MODEL,
    assert_equal_profiles,
    document,
    expected_profile,
    segments,
    write,
    write_lines,
)

GOOD = [document(n, num={"x": n}, cat={"c": "v"}) for n in range(8)]
HALF = json.dumps(GOOD[0]).encode()[:70]


def with_parts(**parts):
    """An event with these sections."""
    return document(99, **parts)


def with_event(**facts):
    """An event with these facts in ``event``."""
    base = document(99, num={"x": 1})
    return base | {"event": base["event"] | facts}


BAD_LINES = {
    "foreign text": (b"Starting server on port 8080", "foreign"),
    "foreign JSON": ({"level": "info", "msg": "hello"}, "foreign"),
    "a log line with a time": ({"@timestamp": "2026-03-02T00:00:00Z", "message": "x"}, "foreign"),
    "null": (b"null", "not an object"),
    "number": (b"7", "not an object"),
    "list": (b"[1]", "not an object"),
    "not UTF-8": (b"\xff\xfe\xfa caf\xe9", "not UTF-8"),
    "zeros": (b"\0" * 5000, "zero-filled"),
    "half a line": (HALF, "torn"),
    "number section of strings": (with_parts(num={"x": "abc"}), "foreign"),
    "number section as number": (with_parts(num=5), "foreign"),
    "number is a list": (with_parts(num={"x": [1]}), "foreign"),
    "number is an object": (with_parts(num={"x": {"y": 1}}), "foreign"),
    "list section of strings": (with_parts(list={"x": "abc"}), "foreign"),
    "text section of strings": (with_parts(text={"x": "abc"}), "foreign"),
    "text counts as words": (with_parts(text={"x": {"distinct": "many"}}), "foreign"),
    "na as string": (with_parts(na="x"), "foreign"),
    "output of strings": (with_parts(prediction={"num": {"x": "abc"}}), "foreign"),
    "outputs as list": (with_parts(prediction=[1]), "foreign"),
    "duration as words": (with_event(duration="long"), "foreign"),
    "no id": (with_event(id=None), "foreign"),
    "unknown action": (with_event(action="dance"), "foreign"),
    "event is a string": (GOOD[0] | {"event": "prediction"}, "foreign"),
    "model is a string": (GOOD[0] | {"driftlog": {"model": "churn"}}, "foreign"),
    "no time": (GOOD[0] | {"@timestamp": "yesterday"}, "foreign"),
    "time is a number": (GOOD[0] | {"@timestamp": 1772409600}, "foreign"),
    "infinite time": (GOOD[0] | {"@timestamp": "infinity"}, "foreign"),
    "no time at all": ({k: v for k, v in GOOD[0].items() if k != "@timestamp"}, "foreign"),
}


def check(spool, path, reasons, good=GOOD):
    """The good events are profiled, the damage is counted by reason and set aside once."""
    for _ in range(2):
        with SpoolStore(spool) as store:
            (actual,) = store.profiles(ProfileSpec(MODEL), [EVERYTHING])
            assert len(good) == store.extent(MODEL).events
            assert reasons == store.damage[path].reasons
            assert sum(reasons.values()) == store.damage[path].lines
            assert [sum(reasons.values())] == [s.damaged for s in store.segments()]
        assert_equal_profiles(expected_profile(good), actual)
        aside = (spool / "aside" / f"{path.stem}.bad").read_bytes()
        assert sum(reasons.values()) == aside.count(b'{"segment":')


@pytest.mark.parametrize("name", BAD_LINES)
@pytest.mark.parametrize("place", [0, 8])
def test_bad_line(tmp_path, name, place):
    """Whatever stands before, between or after the events, those are counted and it is set aside."""
    line, reason = BAD_LINES[name]
    path = write_lines(tmp_path / "a.ndjson", [*GOOD[:place], line, *GOOD[place:]])

    check(tmp_path, path, {reason: 1})


def test_all_at_once(tmp_path):
    """Every kind of damage in one file, counted by reason."""
    lines = [part for line, _ in BAD_LINES.values() for part in (line, GOOD[0])]
    path = write_lines(tmp_path / "a.ndjson", lines)
    reasons = [reason for _, reason in BAD_LINES.values()]

    check(
        tmp_path,
        path,
        {reason: reasons.count(reason) for reason in reasons},
        [GOOD[0]] * len(BAD_LINES),
    )


def test_torn_tail(tmp_path):
    """A last line without its end, of a segment that nobody writes, is damage."""
    path = write_lines(tmp_path / "a.ndjson", GOOD)
    path.write_bytes(path.read_bytes() + HALF)

    check(tmp_path, path, {"torn": 1})


def test_torn_half_before_a_good_line(tmp_path):
    """A good line that sticks to a torn half is found in it."""
    path = write_lines(tmp_path / "a.ndjson", GOOD)
    path.write_bytes(HALF + path.read_bytes())

    check(tmp_path, path, {"torn": 1})


def test_zero_filled_tail(tmp_path):
    """A tail of zeros, as a host's crash leaves it, is damage of its own kind."""
    path = write_lines(tmp_path / "a.ndjson", GOOD)
    path.write_bytes(path.read_bytes() + b"\0" * 4096)

    check(tmp_path, path, {"zero-filled": 1})


def test_over_long_line(tmp_path):
    """A line longer than any event may be is skipped."""
    line = json.dumps(document(99, cat={"c": "x" * (40 << 20)})).encode()
    path = write_lines(tmp_path / "a.ndjson", [*GOOD[:4], line, *GOOD[4:]])

    check(tmp_path, path, {"too long": 1})


def test_an_id_that_is_a_number(tmp_path):
    """An event whose id is no string counts as DuckDB reads it, damage beside it or not."""
    path = write_lines(tmp_path / "a.ndjson", GOOD)
    copy = clean_copy(path, tmp_path / "aside", tmp_path / "copy")

    assert {} == copy.reasons
    assert len(GOOD) == len((tmp_path / "copy").read_bytes().splitlines())


def test_a_name_that_stands_twice(tmp_path):
    """Of a feature that stands twice in one event the last value counts, and the event is kept."""
    twice = json.dumps(GOOD[7]).replace('"x": 7', '"x": 1, "x": 7').encode()
    write_lines(tmp_path / "a.ndjson", [*GOOD[:7], twice])

    with SpoolStore(tmp_path) as store:
        (actual,) = store.profiles(ProfileSpec(MODEL), [EVERYTHING])
        assert {} == store.damage

    assert_equal_profiles(expected_profile(GOOD), actual)


@pytest.mark.parametrize(
    "stamp", ["20260302T000000Z", "2026-03-02T00:00:00.123456789Z", "2026-W10-1"]
)
def test_other_ways_to_write_a_time(tmp_path, stamp):
    """Any ISO 8601 time is a time."""
    write_lines(tmp_path / "a.ndjson", [*GOOD[1:], GOOD[0] | {"@timestamp": stamp}])

    with SpoolStore(tmp_path) as store:
        assert len(GOOD) == store.extent(MODEL).events
        assert BEGIN == store.extent(MODEL).first.replace(microsecond=0)
        assert {} == store.damage


def test_live_unfinished_line_is_no_damage(tmp_path):
    """What a service is writing this moment is neither counted nor set aside."""
    with PredictionLogger(model=MODEL, version="7", spool=tmp_path) as logger:
        logger.log({"x": 1}, timestamp=BEGIN)
        (path,) = segments(tmp_path)
        whole = path.read_bytes()
        path.write_bytes(whole + HALF)
        with SpoolStore(tmp_path) as store:
            assert 1 == store.extent(MODEL).events
            assert {} == store.damage
            path.write_bytes(whole + json.dumps(GOOD[3]).encode() + b"\n")
            assert 2 == store.extent(MODEL).events
    assert not (tmp_path / "aside").exists()


def test_damage_grows_with_the_segment(tmp_path):
    """Damage that comes later is set aside beside the earlier, which stays there once."""
    path = write_lines(tmp_path / "a.ndjson", [*GOOD, b"first"])
    check(tmp_path, path, {"foreign": 1})
    write_lines(path, [*GOOD, b"first", b"second"])

    check(tmp_path, path, {"foreign": 2})


def test_unwritable_aside(tmp_path):
    """A spool where nothing can be set aside is analyzed all the same."""
    path = write_lines(tmp_path / "a.ndjson", [*GOOD, b"foreign"])
    (tmp_path / "aside").write_text("a file where the folder should be")

    with SpoolStore(tmp_path) as store:
        assert len(GOOD) == store.extent(MODEL).events
        assert ("", {"foreign": 1}) == (store.damage[path].aside, store.damage[path].reasons)


def test_damage_of_one_segment_only(tmp_path):
    """The other segments are read as they are."""
    write(tmp_path, [{"x": 1}] * 3)
    bad = write_lines(tmp_path / "bad.ndjson", [*GOOD, b"foreign"])

    with SpoolStore(tmp_path) as store:
        assert 3 + len(GOOD) == store.extent(MODEL).events
        assert [bad] == list(store.damage)


def test_the_segment_is_left_alone(tmp_path):
    """Analyzing changes no segment, and what it sets aside is for the owner's eyes."""
    path = write_lines(tmp_path / "a.ndjson", [*GOOD, b"foreign"])
    before = path.read_bytes()
    with SpoolStore(tmp_path) as store:
        store.models()

    assert before == path.read_bytes()
    assert 0o600 == stat.S_IMODE((tmp_path / "aside" / "a.bad").stat().st_mode)


def packed(path, lines, **options):
    """Write lines as a segment compressed by zstd; give its bytes."""
    plain = write_lines(path.parent / "plain", lines).read_bytes()
    (path.parent / "plain").unlink()
    found = zstandard.ZstdCompressor(**options).compress(plain)
    path.write_bytes(found)
    return found


def test_damaged_and_compressed(tmp_path):
    """Damaged lines of a compressed segment are set aside as those of a plain one."""
    path = tmp_path / "a.ndjson.zst"
    packed(path, [*GOOD[:4], b"foreign text", *GOOD[4:]])

    with SpoolStore(tmp_path) as store:
        (actual,) = store.profiles(ProfileSpec(MODEL), [EVERYTHING])
        assert {"foreign": 1} == store.damage[path].reasons

    assert_equal_profiles(expected_profile(GOOD), actual)
    assert b"foreign text" in (tmp_path / "aside" / "a.bad").read_bytes()


def test_cut_off_and_compressed(tmp_path):
    """Of a compressed segment that breaks off, wherever, the whole lines are read, and it is told."""
    docs = [document(n, cat={"c": random.Random(n).randbytes(4000).hex()}) for n in range(80)]
    path = tmp_path / "a.ndjson.zst"
    whole = packed(path, docs, write_checksum=True)

    for size in (1, len(whole) // 3, len(whole) * 2 // 3, len(whole) - 1):
        path.write_bytes(whole[:size])
        got = zstandard.ZstdDecompressor().decompressobj().decompress(whole[:size])
        with SpoolStore(tmp_path) as store:
            extent = store.extent(MODEL)
            assert got.count(b"\n") == (extent.events if extent else 0)
            assert {"torn": 1} == store.damage[path].reasons

    path.write_bytes(whole)
    with SpoolStore(tmp_path) as store:
        assert len(docs) == store.extent(MODEL).events
        assert {} == store.damage


def test_several_frames(tmp_path):
    """Files compressed one after the other into one are whole; one that ends in something else is not."""
    path = tmp_path / "a.ndjson.zst"
    one = packed(path, GOOD[:4])
    two = packed(path, GOOD[4:])

    for junk, damage in ((b"", {}), (b"no zstd", {"unreadable": 1})):
        path.write_bytes(one + two + junk)
        with SpoolStore(tmp_path) as store:
            assert len(GOOD) == store.extent(MODEL).events
            assert damage == {at: dict(d.reasons) for at, d in store.damage.items()}.get(path, {})


def test_no_zstd_at_all(tmp_path):
    """A file that only calls itself compressed holds nothing, and it is told."""
    path = tmp_path / "a.ndjson.zst"
    path.write_bytes(b"something else")

    with SpoolStore(tmp_path) as store:
        assert () == store.models()
        assert ({"unreadable": 1}, "") == (store.damage[path].reasons, store.damage[path].aside)


def test_plain_and_compressed(tmp_path):
    """A segment that stands there twice, since zstd keeps the plain file, counts once."""
    path = tmp_path / "a.ndjson.zst"
    packed(path, GOOD)
    plain = write_lines(tmp_path / "a.ndjson", GOOD)
    packed(tmp_path / "b.ndjson.zst", [document(90)])

    with SpoolStore(tmp_path) as store:
        assert len(GOOD) + 1 == store.extent(MODEL).events
        assert plain in {segment.path for segment in store.segments()}
        plain.unlink()
        assert len(GOOD) + 1 == store.extent(MODEL).events


def test_only_damage(tmp_path):
    """A segment without one good line holds nothing."""
    path = write_lines(tmp_path / "a.ndjson", [b"foreign"] * 3)

    with SpoolStore(tmp_path) as store:
        assert () == store.models()
        assert {"foreign": 3} == store.damage[path].reasons


def test_lines_end_where_both_say(tmp_path):
    """Recovery and DuckDB agree on how long a line may be."""
    line = json.dumps(document(9, cat={"c": ""})).encode()
    longest = line.replace(b'"c": ""', b'"c": "' + b"x" * (_segments.MAX_LINE - len(line)) + b'"')
    write_lines(tmp_path / "a.ndjson", [*GOOD, longest])

    with SpoolStore(tmp_path) as store:
        assert len(GOOD) + 1 == store.extent(MODEL).events
        assert {} == store.damage
