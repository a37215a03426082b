import csv
import gzip
import io
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftlog import PredictionLogger
from driftlog_analyzers._replay import Beat, Replayed, Roles, Row, open_log, replay
from driftlog_analyzers._rows import open_rows
from driftlog_analyzers.errors import InputError

START = datetime(2024, 1, 1, tzinfo=UTC)
ALL_FEATURES = Roles()
FROM_START = Beat(start=START)


def write(path, content):
    """Make a file."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, roles=ALL_FEATURES, beat=FROM_START, limit=None):
    """All rows of a file."""
    with open_log(path, roles, beat) as rows:
        return list(rows.read(limit))


def features(path, **roles):
    """The features of all rows."""
    return [row.features for row in read(path, Roles(**roles))]


def sentence(path, roles=ALL_FEATURES):
    """What is said of a file that cannot be used."""
    with pytest.raises(InputError) as caught:
        read(path, roles)
    return str(caught.value)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_read(tmp_path, mark):
    """The separator that the header line has most often separates the cells."""
    path = write(tmp_path / "a.csv", f"a{mark}b\n1{mark}x\n{mark}y\n".replace("mark", mark))

    assert [{"a": 1, "b": "x"}, {"a": None, "b": "y"}] == features(path)


def test_cells_have_the_narrowest_type_of_their_column(tmp_path):
    """Numbers, booleans and dates become values, empty cells null, everything else stays text."""
    path = write(tmp_path / "a.csv", 'n,f,b,s,d\n1,1.5,true,x,2024-01-02\n2,,,"",\n')

    expected = [
        {"n": 1, "f": 1.5, "b": True, "s": "x", "d": date(2024, 1, 2)},
        {"n": 2, "f": None, "b": None, "s": None, "d": None},
    ]
    assert expected == features(path)


def test_codes_keep_their_leading_zeros(tmp_path):
    """A categorical or text column is logged as it is written in the file."""
    path = write(tmp_path / "a.csv", "code,note,n\n007,0815,1\n")

    assert [{"code": "007", "note": "0815", "n": 1}] == features(
        path, categorical=("code",), text=("note",)
    )


def test_gzip_and_parquet_are_read_like_csv(tmp_path):
    """The same rows come out of all three kinds of file."""
    plain = write(tmp_path / "a.csv", "a,b\n1,x\n2,\n")
    packed = write(tmp_path / "a.csv.gz", gzip.compress(plain.read_bytes()))
    parquet = tmp_path / "a.parquet"
    duckdb.sql(f"COPY (SELECT * FROM '{plain}') TO '{parquet}' (FORMAT parquet)")

    assert [features(plain)] * 2 == [features(packed), features(parquet)]


def test_the_first_line_is_the_header_whatever_follows(tmp_path):
    """No line is skipped as a comment, a title or a second header."""
    path = write(tmp_path / "a.csv", "#a,b\n#1,x\nb,y\n")

    assert [{"#a": "#1", "b": "x"}, {"#a": "b", "b": "y"}] == features(path)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_any_text_survives_the_file(tmp_path_factory, rows):
    """Quotes, separators, line ends and any script come out as they went in."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("a", "b"), *rows])
    path = write(tmp_path_factory.mktemp("rows") / "a.csv", text.getvalue())

    assert [{"a": a, "b": b} for a, b in rows] == features(path, categorical=("a", "b"))


@pytest.mark.parametrize(
    ("cell", "moment", "reading"),
    [
        ("2024-03-01T12:30:00", datetime(2024, 3, 1, 12, 30, tzinfo=UTC), "timestamps in UTC"),
        (
            "2024-03-01T12:30:00Z",
            datetime(2024, 3, 1, 12, 30, tzinfo=UTC),
            "timestamps with an offset",
        ),
        (
            "2024-03-01 12:30:00+02:00",
            datetime(2024, 3, 1, 10, 30, tzinfo=UTC),
            "timestamps with an offset",
        ),
        ("2024-03-01", datetime(2024, 3, 1, tzinfo=UTC), "dates"),
        ("1709296200", datetime(2024, 3, 1, 12, 30, tzinfo=UTC), "seconds since 1970"),
        (
            "1709296200.25",
            datetime(2024, 3, 1, 12, 30, 0, 250000, tzinfo=UTC),
            "seconds since 1970",
        ),
        (
            "1709296200250",
            datetime(2024, 3, 1, 12, 30, 0, 250000, tzinfo=UTC),
            "milliseconds since 1970",
        ),
        (
            "1709296200250001",
            datetime(2024, 3, 1, 12, 30, 0, 250001, tzinfo=UTC),
            "microseconds since 1970",
        ),
        ("2024", datetime(2024, 1, 1, tzinfo=UTC), "years"),
        ("20240301", datetime(2024, 3, 1, tzinfo=UTC), "days written as YYYYMMDD"),
    ],
)
def test_a_time_column_is_read_by_what_it_holds(tmp_path, cell, moment, reading):
    """Timestamps, dates, years and epochs are told apart, and the reading is said."""
    path = write(tmp_path / "a.csv", f"when,a\n{cell},1\n")

    with open_log(path, Roles(time="when")) as rows:
        assert (Row(moment, {"a": 1}, None, None), reading) == (
            next(rows.read()),
            rows.time.reading,
        )


def test_mixed_iso_text_is_time_as_long_as_each_cell_is(tmp_path):
    """A column with and without offsets is still a time column."""
    path = write(tmp_path / "a.csv", "t,a\n2024-01-01T00:00:00Z,1\n2024-01-01 00:00:00.5,2\nx,3\n")
    assert f"{path}, row 3: the time column 't' holds 'x', which is not a time" in sentence(
        path, Roles(time="t")
    )
    path.write_text(path.read_text().replace("x,3\n", ""))

    assert [START, START + timedelta(seconds=0.5)] == [
        r.timestamp for r in read(path, Roles(time="t"))
    ]


def test_rows_are_ordered_by_time_and_ties_by_the_file(tmp_path):
    """Sorting is stable, so that a day's rows keep their order."""
    lines = [f"2024-01-0{1 + (i % 3)},{i}" for i in range(3000)]
    path = write(tmp_path / "a.csv", "\n".join(["day,i", *lines]))

    expected = [i for day in range(3) for i in range(3000) if i % 3 == day]
    assert expected == [row.features["i"] for row in read(path, Roles(time="day"))]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["2024-01-01", "2024-13-01"], "row 2: the time column 't' holds '2024-13-01', which is"),
        (["1700000000", ""], "row 2: the time column 't' is empty"),
        (["1700000000", "nan"], "row 2: the time column 't' holds 'nan', which is not a time"),
        (["1700000000", "1e300"], "row 2: the time column 't' holds '1e+300', which is not a time"),
        (["true", "false"], "the time column 't' holds BOOLEAN values"),
    ],
)
def test_a_time_that_does_not_parse_is_named(tmp_path, cells, problem):
    """The sentence names the row and the value, before any row is read."""
    path = write(tmp_path / "a.csv", "".join(f"{cell},1\n" for cell in ["t", *cells]))

    assert problem in sentence(path, Roles(time="t"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty; a header line and at least one row are needed"),
        (b" \n\n", "is empty; a header line and at least one row are needed"),
        (b"a,b\n", "has a header but no rows; at least one row is needed"),
        (b"\x7fELF\x00\x00\x01", "is neither CSV nor Parquet: it holds binary data"),
        ("a,b\n1,fü\n".encode("latin1"), "is not UTF-8; convert it"),
        (b"a,b\n1,x\n2\n", "line 3 and the header differ in their number of cells (1 and 2)"),
        (b"a,b\n1,x\n2,y,z\n", "line 3 and the header differ in their number of cells (3 and 2)"),
        (b'a,b\n1,"x\n2,y\n', "a quote is opened and not closed"),
        (gzip.compress(b"a,b\n1,x\n" * 50_000)[:-20], "is damaged: its gzip stream breaks off"),
        (b"PAR1 and no more", "is damaged: it begins as Parquet but"),
    ],
)
def test_a_file_that_is_no_table_gives_one_sentence(tmp_path, content, problem):
    """Whatever is wrong with the file is said with its name, in one line."""
    path = write(tmp_path / "a.csv", content)

    said = sentence(path)
    assert (True, True, 0) == (str(path) in said, problem in said, said.count("\n"))


def test_a_missing_file_and_a_folder_give_one_sentence(tmp_path):
    """A path that is no file is named."""
    assert [
        f"{tmp_path / 'no.csv'} does not exist; name a CSV or Parquet file",
        f"{tmp_path} is a folder; name a CSV or Parquet file",
    ] == [sentence(tmp_path / "no.csv"), sentence(tmp_path)]


def test_a_file_without_permission_gives_one_sentence():
    """An unreadable file is named with the system's reason; tried as a user without rights."""
    code = (
        "import os, sys; from pathlib import Path; from driftlog_analyzers._rows import _head\n"
        "if not os.getuid(): os.setegid(65534); os.seteuid(65534)\n"
        "try: _head(Path(sys.argv[1]))\n"
        "except Exception as error: print(error)"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = write(Path(folder) / "a.csv", "a\n1\n")
        path.chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
        )

    assert (f"{path} cannot be read: Permission denied\n", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize("role", ["time", "id", "predictions", "text", "categorical", "drop"])
def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path, role):
    """The sentence lists the columns of the file."""
    path = write(tmp_path / "a.csv", "a,b\n1,x\n")
    value = "c" if role in {"time", "id"} else ("c",)

    assert f"{path} has no column 'c'; its columns are: a, b" == sentence(
        path, Roles(**{role: value})
    )


def test_a_column_has_one_role(tmp_path):
    """Roles that exclude each other are refused."""
    path = write(tmp_path / "a.csv", "a,b\n1,x\n")

    expected = "column 'a' is given two roles; give it one"
    assert [expected] * 2 == [
        sentence(path, Roles(id="a", drop=("a",))),
        sentence(path, Roles(text=("a",), categorical=("a",))),
    ]


def test_rows_without_a_time_column_follow_a_beat(tmp_path):
    """Times begin at the start, or end now."""
    path = write(tmp_path / "a.csv", "a\n1\n2\n3\n")
    beat = Beat(timedelta(minutes=5), START)

    assert [START + i * timedelta(minutes=5) for i in range(3)] == [
        r.timestamp for r in read(path, beat=beat)
    ]
    last = read(path, beat=Beat(timedelta(minutes=5)))[-1].timestamp
    assert timedelta(minutes=4) < datetime.now(UTC) - last < timedelta(minutes=6)


def test_a_limit_keeps_the_earliest_rows(tmp_path):
    """Only that many rows are read, in order of time."""
    path = write(tmp_path / "a.csv", "t,a\n2024-01-03,3\n2024-01-01,1\n2024-01-02,2\n")

    assert [1, 2] == [row.features["a"] for row in read(path, Roles(time="t"), limit=2)]


def test_the_log_holds_what_the_rows_held(tmp_path):
    """Each row is one event of the spool: ids, times, kinds, nulls and outputs."""
    path = write(
        tmp_path / "a.csv",
        "when,key,age,plan,note,score,junk\n"
        "2024-01-02,b,,basic,so good so far,0.5,1\n"
        "2024-01-01,a,41,,,0.25,1\n",
    )
    roles = Roles(time="when", id="key", predictions=("score",), text=("note",), drop=("junk",))
    with (
        open_log(path, roles) as rows,
        PredictionLogger(model="m", version="1", spool=tmp_path / "spool", text=["note"]) as logger,
    ):
        seen = []
        done = replay(rows.read(), logger, 2, lambda *counts: seen.append(counts))

    (segment,) = (tmp_path / "spool").glob("*.ndjson")
    _, first, second = (orjson.loads(line) for line in segment.read_bytes().splitlines())
    assert Replayed(2, 2, 2, {}, {}, START, START + timedelta(days=1)) == done
    assert [(2, 2)] == seen
    assert ["a", "b"] == [first["event"]["id"], second["event"]["id"]]
    assert "2024-01-01T00:00:00.000000Z" == first["@timestamp"]
    assert ({"age": 41}, ["note", "plan"]) == (
        first["driftlog"]["num"],
        sorted(first["driftlog"]["na"]),
    )
    assert {"num": {"score": 0.25}} == first["driftlog"]["prediction"]
    assert {"plan": "basic"} == second["driftlog"]["cat"]
    assert {"note": {"tokens": 4, "distinct": 3}} == second["driftlog"]["text"]


def test_times_with_an_offset_that_are_features_are_text(tmp_path):
    """They are logged as ISO 8601 in UTC."""
    path = write(tmp_path / "a.csv", "seen\n2024-01-01T02:00:00+02:00\n")

    assert [{"seen": "2024-01-01T00:00:00.000000Z"}] == features(path)


def test_many_rows_are_read_while_others_are_counted(tmp_path):
    """A count on the same file does not disturb rows that are being read."""
    path = write(tmp_path / "a.csv", "a\n" + "\n".join(map(str, range(10_000))))

    with open_rows(path) as rows:
        values = rows.select(["a"])
        first = next(values)
        (count,) = rows.connection.execute("SELECT count(*) FROM rows").fetchall()[0]
        assert (10_000, list(range(10_000))) == (count, [first[0], *(value for (value,) in values)])
