import json
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from driftlog import _segment
from driftlog._upload._head import read_head, stream_name
from driftlog._upload._reader import read_batch, salvage

HEADER = _segment.header("a1", "Churn-v2", "7", "h", "2026-11-22T00:00:00.000000Z")


def event(text=""):
    """Give an event's line."""
    document = {"@timestamp": "2026-11-22T00:00:00.000000Z", "event": {"id": text}}
    return json.dumps(document, separators=(",", ":")).encode()


def read_all(data, *, start=0, events=3, size=400, live=False):
    """Read all batches; give lines, offsets, bad ranges and the end."""
    file, lines, offsets, bad, end = BytesIO(data), [], [], [], start
    while (batch := read_batch(file, end, events=events, size=size, live=live)) is not None:
        assert batch.end > end
        lines += batch.lines
        offsets += batch.offsets
        bad += batch.bad
        end = batch.end
    return lines, offsets, bad, end


PARTS = st.lists(
    st.one_of(
        st.text(max_size=300).map(event),
        st.binary(max_size=60).map(lambda data: data.replace(b"\n", b"")),
        st.just(b'{"msg": "hello"}'),
        st.just(b"\0" * 50),
        st.text(max_size=20).map(lambda text: event(text)[:-5]),
        st.text(max_size=20).map(lambda text: event(text)[:25] + event(text)),
    )
)


@given(PARTS, st.booleans(), st.integers(1, 5), st.integers(40, 500))
def test_any_bytes(parts, ended, events, size):
    """However the file looks, reading it in batches finds what reading it whole finds.

    But for lines that look well and are not: they are sent, and taken apart when refused.
    """
    data = b"\n".join(parts) + (b"\n" if ended else b"")
    lines, offsets, bad, end = read_all(data, events=events, size=size)
    assert len(data) == end
    found, ranges = [], [(one.offset, one.length) for one in bad]
    for offset, line in zip(offsets, lines, strict=True):
        assert data[offset:].startswith(line)
        broken = salvage(offset, line)
        if broken is None:
            found.append((offset, line))
        else:
            found += zip(broken.offsets, broken.lines, strict=True)
            ranges += [(one.offset, one.length) for one in broken.bad]
    whole = list(_segment.recover(BytesIO(data)))
    expected = [(one.offset, one.data.strip()) for one in whole if isinstance(one, _segment.Line)]
    assert expected == found
    holes = [(one.offset, one.length) for one in whole if isinstance(one, _segment.BadRange)]
    assert holes == sorted(ranges)


def test_batches_by_count_and_bytes():
    """A batch ends at either limit, at a line's end."""
    data = b"".join(event(str(n)) + b"\n" for n in range(5))
    size = len(event("0")) + 1
    assert 3 == len(read_batch(BytesIO(data), 0, events=3, size=1000, live=True).lines)
    assert 2 == len(read_batch(BytesIO(data), 0, events=9, size=3 * size - 1, live=True).lines)
    batch = read_batch(BytesIO(data), size, events=2, size=1000, live=True)
    assert ([size, 2 * size], 3 * size) == (list(batch.offsets), batch.end)


def test_a_line_longer_than_a_batch():
    """A line beyond the limit of a batch is a batch of its own."""
    data = event("x" * 5000) + b"\n" + event("y") + b"\n"
    lines, *_ = read_all(data)
    assert [event("x" * 5000), event("y")] == lines


def test_unfinished_line():
    """The unfinished last line of a live segment waits; of a closed one it is looked at."""
    data = event("1") + b"\n" + event("2")
    assert [event("1")] == read_all(data, live=True)[0]
    assert [event("1"), event("2")] == read_all(data)[0]
    lines, _, bad, _ = read_all(data[:-3])
    assert ([event("1")], ["torn"]) == (lines, [one.reason for one in bad])


def test_identity_from_the_first_line():
    """A segment is what its first line says, from where the events begin."""
    head = read_head(BytesIO(HEADER + event() + b"\n"), live=True)
    assert ("a1", "driftlog.Churn-v2", len(HEADER)) == (head.id, head.dataset, head.start)
    assert "logs-driftlog.churn_v2-prod" == stream_name(head.dataset, "prod")


def test_a_segment_without_a_first_line():
    """Without its own first line a segment is called after its content, and begins at 0."""
    line = event().replace(b'"id":""', b'"id":"","dataset":"driftlog.other"') + b"\n"
    head = read_head(BytesIO(line), live=True)
    assert ("driftlog.other", 0, 24) == (head.dataset, head.start, len(head.id))
    assert head.id == read_head(BytesIO(line + event() + b"\n"), live=False).id
    assert head.id != read_head(BytesIO(event() + b"\n" + line), live=True).id


def test_hostile_identity():
    """An id that would break an action line is none of ours."""
    hostile = HEADER.replace(b'"a1"', b'"a\\"}}"')
    assert 0 == read_head(BytesIO(hostile), live=True).start


def test_too_little_to_tell():
    """An empty segment, and one whose first line is being written, wait."""
    assert read_head(BytesIO(b""), live=False) is None
    assert read_head(BytesIO(HEADER[:20]), live=True) is None
    assert read_head(BytesIO(HEADER[:20]), live=False) is not None


def test_stream_names_are_safe():
    """Every model's name makes a valid data stream."""
    assert "logs-driftlog.a_b_c_-default" == stream_name("driftlog.A-B c*", "default")
    assert "logs-" + "a" * 100 + "-default" == stream_name("a" * 300, "default")
    assert "logs-driftlog.____-default" == stream_name("driftlog.ключ", "default")
