from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._finding import Evaluation, Outcome, Result, Severity
from driftlog_analyzers._report import _grid
from driftlog_analyzers._report._grid import build_grid
from driftlog_analyzers._report._heatmap import heatmap, volume
from driftlog_analyzers._window import Window
from tests.analyzers.report_sample import START

HOUR = timedelta(hours=1)


def evaluation(index, results=(), events=50):
    """The results of one hour."""
    window = Window(START + index * HOUR, START + (index + 1) * HOUR)
    return Evaluation("m", window, events, "m 1", tuple(results), 3)


def result(feature, severity=None):
    """A finding, or insufficient data without a severity."""
    outcome = Outcome.FINDING if severity else Outcome.INSUFFICIENT
    return Result("test", feature, outcome, f"{feature} said", severity or Severity.INFO)


def states(grid, feature):
    """The state of every column of one row."""
    row = next(row for row in grid.rows if row.feature == feature)
    return [cell.state for cell in row.cells for _ in range(cell.width)]


def test_cells_show_the_state_of_their_window():
    """A cell is coloured by its window's worst result."""
    evaluations = [
        evaluation(0),
        evaluation(1, [result("a", Severity.LOW), result("a", Severity.CRITICAL), result("b")]),
        evaluation(2, [result("a", Severity.INFO), result("a")], events=40),
        evaluation(3, events=0),
        evaluation(4, [result("", Severity.HIGH)], events=0),
    ]
    grid = build_grid(evaluations, ["a", "b"], {})
    assert states(grid, "a") == ["ok", "critical", "info", "none", "none"]
    assert states(grid, "b") == ["ok", "insufficient", "ok", "none", "none"]
    assert states(grid, "") == ["ok", "ok", "ok", "none", "high"]


def test_rows_are_ordered_by_open_alert_then_severity():
    """The worst feature comes first, one with an open alert before any other."""
    evaluations = [evaluation(0, [result("b", Severity.HIGH), result("c", Severity.LOW)])]
    grid = build_grid(evaluations, ["a", "b", "c"], {"c": (4, "alert-1")})
    assert [(r.feature, r.anchor) for r in grid.rows] == [("c", "alert-1"), ("b", ""), ("a", "")]


def test_calm_windows_share_one_cell():
    """Neighbouring windows without anything to say are one cell that tells how many they are."""
    grid = build_grid([evaluation(i) for i in range(30)], ["a"], {})
    (cell,) = grid.rows[0].cells
    assert (cell.state, cell.column, cell.width) == ("ok", 0, 30)
    assert cell.title == "a, 2026-11-08 00:00 to 2026-11-09 06:00 UTC (30 windows): ok"


def test_many_windows_are_joined_and_the_worst_shows():
    """With more windows than columns, a cell stands for several and loses no finding."""
    count = 3 * _grid.MAX_COLUMNS
    bad = {700: [result("a", Severity.HIGH)]}
    grid = build_grid([evaluation(i, bad.get(i, ())) for i in range(count)], ["a"], {})
    assert grid.per_cell == 3
    assert [i for i, state in enumerate(states(grid, "a")) if state == "high"] == [700 // 3]


def test_too_many_features_are_left_out_and_counted():
    """Rows have a limit, and what is beyond it is counted."""
    names = [f"f{i:03}" for i in range(_grid.MAX_ROWS + 7)]
    grid = build_grid([evaluation(0, [result(names[-1], Severity.LOW)])], names, {})
    assert (len(grid.rows), grid.omitted) == (_grid.MAX_ROWS, 7)
    assert names[-1] == grid.rows[0].feature


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.lists(
                st.tuples(st.sampled_from("abc"), st.sampled_from([None, *Severity])), max_size=4
            ),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_every_row_covers_every_column_once(history):
    """Whatever happened, a row's cells follow each other without gap, and can be drawn."""
    evaluations = [
        evaluation(index, [result(*said) for said in results], events)
        for index, (events, results) in enumerate(history)
    ]
    grid = build_grid(evaluations, ["a", "b", "c"], {})
    for row in grid.rows:
        ends = [0, *(cell.column + cell.width for cell in row.cells)]
        assert [cell.column for cell in row.cells] == ends[:-1]
        assert len(grid.columns) == ends[-1]
    assert heatmap(grid).startswith("<svg")
    assert volume(grid).startswith("<svg")


def test_heatmap_cells_have_class_title_and_letter():
    """A cell tells its severity by class, letter and tooltip."""
    grid = build_grid([evaluation(0, [result("a<", Severity.MEDIUM)])], ["a<"], {})
    svg = str(heatmap(grid))
    assert 'class="c medium"' in svg
    assert "<title>2026-11-08 00:00 to 01:00 UTC: medium: a&lt; said</title>" in svg
    assert ">M</text>" in svg
