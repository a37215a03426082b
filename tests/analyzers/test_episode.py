from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlog_analyzers._cause import Cause, Membership
from driftlog_analyzers._episode import Episode, EpisodeSettings, Status, Step, advance, fold
from driftlog_analyzers._finding import Evaluation, Outcome, Result, Severity
from driftlog_analyzers._json import to_json
from driftlog_analyzers._window import Window
from tests.analyzers.value_strategies import evaluation, finding, hour, insufficient

DEFAULT = EpisodeSettings()
WINDOW_TOO_SMALL = insufficient("", detector="window")

P, A, R, I = Status.PENDING, Status.ACTIVE, Status.RECOVERING, Status.INACTIVE  # noqa: E741 - a legend


def history(pattern, **kwargs):
    """Evaluations by letter: b is bad, g is good, u is insufficient, t is a window too small."""
    results = {"b": [finding()], "g": [], "u": [insufficient()], "t": [WINDOW_TOO_SMALL]}
    return [evaluation(number, *results[letter], **kwargs) for number, letter in enumerate(pattern)]


def statuses(pattern, settings):
    """The status after each window; None where there is no open or just closed episode."""
    current, seen = (), []
    for one in history(pattern):
        current = advance(current, one, settings)
        seen.append(current[0].status if current else None)
    return seen


@pytest.mark.parametrize(
    ("pattern", "delay", "quiet", "expected"),
    [
        ("gbbggg", 1, 2, [None, A, A, R, I, None]),
        ("bgbgg", 1, 2, [A, R, A, R, I]),
        ("bg", 1, 1, [A, I]),
        ("bbbgg", 3, 2, [P, P, A, R, I]),
        ("bbgbbb", 3, 1, [P, P, I, P, P, A]),
        ("bubgg", 2, 2, [P, P, A, R, I]),
        ("btgug", 1, 2, [A, A, R, R, I]),
        ("bgtbg", 2, 2, [P, I, None, P, I]),
        ("bbgb", 2, 2, [P, A, R, A]),
        ("uuttg", 1, 2, [None] * 5),
    ],
)
def test_life(pattern, delay, quiet, expected):
    """An episode goes through its states as the windows are bad, good or unknown."""
    assert expected == statuses(pattern, EpisodeSettings(delay, quiet, flapping=0))


@pytest.mark.parametrize(
    ("pattern", "delay", "quiet", "expected", "flapping"),
    [
        ("bgbgg", 1, 1, [A, I, A, I, I], False),
        ("bggggb", 1, 1, [A, I, I, I, I, A], False),
        ("bgbgbgggg", 1, 1, [A, I, A, I, A, R, R, R, I], True),
        ("bgbgbgggg", 2, 1, [P, I, P, I, A, R, R, R, I], True),
        ("bgbgbgggg", 2, 3, [P, I, P, I, A, R, R, R, I], True),
        ("bgubggbtgggggb", 1, 1, [A, I, I, A, I, I, A, A, R, R, R, I, None, A], False),
    ],
)
def test_flapping(pattern, delay, quiet, expected, flapping):
    """What goes back and forth comes back as the same alert, and ends after four good windows once it flaps."""
    assert expected == statuses(pattern, EpisodeSettings(delay, quiet, flapping=4))
    episodes = fold(history(pattern), EpisodeSettings(delay, quiet, flapping=4))
    assert flapping == episodes[-1].flapping


def test_steady_again():
    """A flapping alert that has been bad for twenty windows is marked no more."""
    (episode,) = fold(history("bgbgb" + "b" * 19), DEFAULT)
    assert (A, False, 24 - 2) == (episode.status, episode.flapping, episode.windows)


def test_escalation_is_told():
    """Every rise of the severity is kept with its window; a fall is none."""
    low, high, grave = (
        finding(severity=s) for s in (Severity.LOW, Severity.HIGH, Severity.CRITICAL)
    )
    (episode,) = fold(
        [evaluation(i, r) for i, r in enumerate([low, low, high, low, grave])], DEFAULT
    )
    rises = [(hour(0), Severity.LOW), (hour(2), Severity.HIGH), (hour(4), Severity.CRITICAL)]
    assert tuple(Step(*rise) for rise in rises) == episode.course


def test_what_an_episode_says():
    """An episode tells when it opened and closed and how bad it was, and keeps its evidence."""
    first = finding(severity=Severity.LOW, effect=-0.3, summary="first")
    worst = finding(severity=Severity.CRITICAL, effect=0.2, summary="worst")
    latest = finding(severity=Severity.MEDIUM, effect=0.1, summary="latest")
    results = [[first], [worst], [], [latest], [], []]
    (episode,) = fold([evaluation(i, *rs) for i, rs in enumerate(results)], EpisodeSettings(2, 2))
    assert episode == Episode(
        id=episode.id,
        model="churn",
        detector="na_spike",
        feature="age",
        status=Status.INACTIVE,
        severity=Severity.CRITICAL,
        opened=hour(0),
        last=hour(3),
        raised=hour(1),
        closed=hour(5),
        windows=3,
        good=2,
        peak=-0.3,
        first=first,
        latest=latest,
        streak=1,
        recent="bbgbgg",
        course=(Step(hour(0), Severity.LOW), Step(hour(1), Severity.CRITICAL)),
        incident=Membership(episode.incident.id, hour(0), Cause()),
    )
    assert (episode.summary, episode.open) == ("latest", False)


def test_a_pending_episode_that_ends_was_never_raised():
    """One bad window under a delay of two is no alert, and says so."""
    (episode,) = fold(history("bg"), EpisodeSettings(delay=2))
    assert (I, None, hour(1)) == (episode.status, episode.raised, episode.closed)


def test_a_second_outbreak_is_a_second_episode():
    """After an episode is over, a bad window opens another under another id."""
    first, second = fold(history("bggggbb"), DEFAULT)
    assert (I, hour(0), A, hour(5)) == (first.status, first.opened, second.status, second.opened)
    assert first.id != second.id


def test_notices_open_nothing():
    """A finding that only informs opens no episode, and to an open one it is a good window."""
    notice = finding(severity=Severity.INFO)
    history = [evaluation(0, notice), evaluation(1, finding()), evaluation(2, notice)]
    assert [episode.status for episode in fold(history, DEFAULT)] == [R]


def test_episodes_are_apart():
    """Features and detectors have episodes of their own; one's good window is not the other's."""
    bad = [finding("age"), finding("income"), finding("age", detector="range")]
    episodes = fold([evaluation(0, *bad), evaluation(1, bad[0])], DEFAULT)
    assert {(episode.detector, episode.feature): episode.status for episode in episodes} == {
        ("na_spike", "age"): A,
        ("na_spike", "income"): R,
        ("range", "age"): R,
    }


def test_insufficient_is_by_detector_and_feature():
    """That one detector knows too little of a feature holds up only its own episode."""
    bad = [finding("age"), finding("income")]
    episodes = fold([evaluation(0, *bad), evaluation(1, insufficient("age"))], DEFAULT)
    assert [episode.status for episode in episodes] == [A, R]


def test_silence_is_bad_for_the_volume_and_unknown_for_the_rest():
    """A window without events closes nothing, and the detector that reports it is heard."""
    silence = finding("", detector="volume")
    history = [evaluation(0, finding())] + [evaluation(i, silence, events=0) for i in (1, 2, 3)]
    episodes = fold(history, DEFAULT)
    assert [(episode.status, episode.windows) for episode in episodes] == [(A, 1), (A, 3)]


def test_models_are_apart():
    """Another model's window does not touch an episode."""
    (episode,) = advance((), evaluation(0, finding()), DEFAULT)
    other = evaluation(1, finding(), model="fraud")
    carried, opened = advance([episode], other, DEFAULT)
    assert (episode, "fraud") == (carried, opened.model)


def test_the_gravest_of_several_results_counts():
    """Of two results of one detector about one feature the episode takes the worse."""
    mild, grave = finding(severity=Severity.LOW, effect=9.0), finding(severity=Severity.HIGH)
    (episode,) = fold([evaluation(0, mild, grave)], DEFAULT)
    assert grave == episode.latest


def test_closed_episodes_are_left_behind():
    """An episode that is over is not carried on; one that could come back is."""
    (closed,) = fold(history("bggg"), DEFAULT)
    (over,) = advance([closed], evaluation(4), DEFAULT)
    assert (False, True, hour(2)) == (closed.over, over.over, over.closed)
    assert advance([over], evaluation(5), DEFAULT) == ()


def test_the_highest_revision_counts():
    """A window that late events have healed is good, in whatever order the revisions come."""
    healed = evaluation(1, revision=2)
    bad = history("bb")
    for evaluations in ([*bad, healed], [healed, *bad]):
        (episode,) = fold(evaluations, DEFAULT)
        assert (R, 1, hour(0)) == (episode.status, episode.windows, episode.last)


def test_id_is_written_down():
    """The id is the same on every machine and in every version of the program."""
    (episode,) = fold(history("b"), DEFAULT)
    assert episode.id == "4b29dd3d8761b791"


def test_id_tells_apart():
    """Model, detector, feature and the opening window, be it of an hour or a day, make the id."""
    hourly = evaluation(0, finding())
    others = [
        hourly,
        replace(hourly, model="fraud"),
        evaluation(0, finding("income")),
        evaluation(0, finding(detector="range")),
        evaluation(1, finding()),
        replace(hourly, window=replace(hour(0), end=hour(23).end)),
        replace(hourly, window=replace(hour(0), start_id="e-7")),
    ]
    ids = {fold([one], DEFAULT)[0].id for one in others}
    assert len(others) == len(ids)


patterns = st.text("bgut", max_size=30)
settings = st.builds(
    EpisodeSettings,
    delay=st.integers(1, 4),
    quiet=st.integers(1, 4),
    flapping=st.just(0) | st.integers(2, 5),
    grouping=st.booleans(),
)


@given(patterns, settings, st.randoms(use_true_random=False))
def test_folding_again_gives_the_same_documents(pattern, settings, random):
    """However often and in whatever order evaluations are read, the documents are equal."""
    once = history(pattern)
    again = [*once, *once]
    random.shuffle(again)
    assert [to_json(e) for e in fold(once, settings)] == [to_json(e) for e in fold(again, settings)]


@given(patterns, settings)
def test_fold_is_advance_in_order(pattern, settings):
    """Carrying on window by window from what was kept gives what folding everything gives."""
    kept = {}
    for one in history(pattern):
        current = [episode for episode in kept.values() if not episode.over]
        kept |= {episode.id: episode for episode in advance(current, one, settings)}
    assert tuple(kept.values()) == fold(history(pattern), settings)


@given(patterns, settings, st.integers(0, 6))
def test_a_lasting_fault_is_active_within_the_delay(before, settings, more):
    """A fault that persists is an active alert after `delay` bad windows, whatever came before and is set.

    Not even with flapping off and a delay above one, which silences other tools (elastic/docs-content#3610).
    """
    fault = "b" * (settings.delay + more)
    episode = fold(history(before + fault), settings)[-1]
    assert (episode.status, episode.good) == (A, 0)
    assert episode.raised <= hour(len(before) + settings.delay - 1)


@given(patterns, settings)
def test_a_healed_fault_is_closed_within_quiet(before, settings):
    """After `quiet` good windows, or those that flapping asks for, nothing is open."""
    episodes = fold(history(before + "g" * max(settings.quiet, settings.flapping)), settings)
    assert [False] * len(episodes) == [episode.open for episode in episodes]


@given(settings, st.integers(1, 12))
def test_every_other_window_is_one_alert(settings, times):
    """A fault that comes and goes with every window is one alert at most, and one as soon as it flaps."""
    threshold = max(2, settings.flapping)
    (episode,) = fold(history("bg" * times), replace(settings, flapping=threshold))
    flaps = 2 * times - 2 >= threshold
    assert not flaps or (
        episode.raised and episode.flapping and episode.last == hour(2 * times - 2)
    )


@given(patterns, settings)
def test_what_has_closed_and_is_bad_again_soon_is_the_same_alert(pattern, settings):
    """Between two alerts of one feature are as many good windows as flapping asks for."""
    for before, after in pairwise(fold(history(pattern), settings)):
        known = [c for n, c in enumerate(pattern) if before.last < hour(n) < after.opened]
        assert before.over
        assert known.count("g") >= max(1, settings.flapping)


@given(patterns, settings, st.text("ut", min_size=1, max_size=3), st.integers(0, 30))
def test_unknown_windows_change_nothing(pattern, settings, unknown, place):
    """Windows that say nothing leave every status as if they had not been."""
    place = min(place, len(pattern))
    longer = pattern[:place] + unknown + pattern[place:]
    known = [(e.status, e.windows, e.good) for e in fold(history(pattern), settings)]
    assert known == [(e.status, e.windows, e.good) for e in fold(history(longer), settings)]


def test_an_ok_result_is_good():
    """A result that is kept although it is ok counts as good."""
    fine = Result("na_spike", "age", Outcome.OK, "as usual", severity=Severity.HIGH)
    (episode,) = fold([evaluation(0, finding()), evaluation(1, fine)], DEFAULT)
    assert episode.status == R


def test_an_effect_that_lasts_in_thin_windows_keeps_its_alert():
    """A night with too few events to be sure neither closes the alert nor counts as bad, while the effect is there."""
    strong = Result("na_spike", "age", Outcome.FINDING, "", Severity.MEDIUM, effect=0.4)
    lasting = replace(strong, outcome=Outcome.OK, weak=True, effect=0.25)
    faint = replace(lasting, effect=0.1)

    def window(hour, *results):
        start = datetime(2026, 1, 1, hour, tzinfo=UTC)
        return Evaluation("m", Window(start, start + timedelta(hours=1)), 50, "m 1", results, 9)

    nights = [window(n, lasting) for n in range(1, 6)]
    (kept,) = fold([window(0, strong), *nights, window(6, strong)], EpisodeSettings())
    (ended,) = fold([window(0, strong), window(1, faint), window(2, faint)], EpisodeSettings())

    assert (Status.ACTIVE, 2) == (kept.status, kept.windows)
    assert Status.INACTIVE == ended.status


@pytest.mark.parametrize(("minutes", "delay"), [(5, 2), (59, 2), (60, 1), (1440, 1)])
def test_chance_seldom_strikes_short_windows_twice(minutes, delay):
    """Without a delay that people set, an alert of windows shorter than an hour takes two bad ones in a row."""
    begin = hour(0).start
    window = Window(begin, begin + timedelta(minutes=minutes))
    assert delay == EpisodeSettings().delay_of(window)
    assert 3 == EpisodeSettings(delay=3).delay_of(window)
    assert 1 == EpisodeSettings().delay_of(Window(begin, window.end, "a", "b"))
