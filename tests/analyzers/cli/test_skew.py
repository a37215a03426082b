import csv

import pytest

from tests.analyzers.spools import write

ROWS = 200


@pytest.fixture
def logged(tmp_path):
    """A spool of a hundred times what is in the file, in one of two features."""
    rows = [{"amount": 100.0 * n + 7, "plan": "pro"} for n in range(1, ROWS + 1)]
    ids = write(tmp_path / "spool", rows)
    return tmp_path / "spool", [
        {"event": i, "amount": row["amount"] / 100, "plan": "pro"}
        for i, row in zip(ids, rows, strict=True)
    ]


def save(path, rows):
    """Write a CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_skew(driftlog, logged, tmp_path):
    """The skewed feature is told with its cause, on the terminal and as JSON, with exit code 3 where wanted."""
    spool, rows = logged
    file = save(tmp_path / "f.csv", rows)
    asked = ("skew", "--spool", spool, "--input", file, "--id", "event")

    table, fails = driftlog(*asked), driftlog(*asked, "--fail-on-skew")
    found = driftlog(*asked, "--json").json

    assert (0, 3) == (table.code, fails.code)
    assert "the log has 100 times the offline value" in table.out
    assert "1 of 2 features is skewed, the interval being above 1.000%." in table.out
    assert (["amount"], ROWS, 0, 0) == (
        found["skewed"],
        found["matched"],
        found["not_in_log"],
        found["not_in_file"],
    )
    amount, plan = found["features"]
    assert (ROWS, 1.0, 0) == (amount["compared"], amount["share"], plan["mismatched"])
    assert 3 == len(amount["examples"])


def test_nothing_found(driftlog, logged, tmp_path):
    """Without skew the exit code is 0, asked or not."""
    spool, rows = logged
    rows = [row | {"amount": 100 * row["amount"]} for row in rows]
    file = save(tmp_path / "f.csv", rows)

    done = driftlog("skew", "--spool", spool, "--input", file, "--id", "event", "--fail-on-skew")

    assert 0 == done.code
    assert "0 of 2 features are skewed" in done.out


@pytest.mark.parametrize(
    ("change", "key", "sentence"),
    [
        (lambda rows: rows, "id", "has no column 'id'; its columns are: event, amount, plan"),
        (lambda rows: rows + rows[:2], "event", "has 2 repeated ids, such as"),
        (
            lambda rows: [row | {"event": "x" + row["event"]} for row in rows],
            "event",
            "no event of model 'churn' has one of the 200 ids looked up from column 'event'",
        ),
        (
            lambda rows: [{"event": row["event"]} for row in rows],
            "event",
            "has no column beside 'event'",
        ),
        (
            lambda rows: [row | {"event": ""} for row in rows],
            "event",
            "column 'event' of",
        ),
    ],
)
def test_bad_input(driftlog, logged, tmp_path, change, key, sentence):  # noqa: PLR0917 - fixtures
    """What cannot be joined is said in one sentence."""
    spool, rows = logged
    file = save(tmp_path / "f.csv", change(rows))

    done = driftlog("skew", "--spool", spool, "--input", file, "--id", key)

    assert 1 == done.code
    assert sentence in done.sentence
