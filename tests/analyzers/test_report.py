import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from driftlog_analyzers._episode import EpisodeSettings, fold
from driftlog_analyzers._finding import (
    Change,
    Condition,
    Evaluation,
    Outcome,
    Result,
    Severity,
)
from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._report import ReportData, render_report
from driftlog_analyzers._window import CountSize, Window
from tests.analyzers.report_sample import START, categorical, sample

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img onerror=alert(1) x="',
    "]]></style><script>alert(2)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202eevil\u2066",
    "line one\nline two\x00\x1b[31m",
    "עברית 🧑‍🔬",
    "\ud800",
    "n" * 5_000,
)


class Page(HTMLParser):
    """The page's tags with their attributes, its headings and all its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Keep the tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Keep the text."""
        self.text += data

    def classes(self, tag):
        """The classes of every such tag."""
        return [(attrs.get("class") or "").split() for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def data() -> ReportData:
    """Two weeks with five faults."""
    return sample()


@pytest.fixture(scope="module")
def page(data) -> Page:
    """The report about them."""
    return Page(render_report(data))


def findings(names, windows, summary="it moved") -> ReportData:
    """Every feature bad in every window, by a category shift that names itself."""
    base = sample(1)
    profile = categorical(100, dict.fromkeys(names[:20], 1))
    size, evaluations, profiles = timedelta(hours=1), [], []
    for index in range(windows):
        window = Window(START + index * size, START + (index + 1) * size)
        results = tuple(
            Result(
                "category_shift" if index % 2 else "unseen_category",
                name,
                Outcome.FINDING,
                f"{name}: {summary}, number {index}",
                Severity.HIGH,
                n=100,
                effect=0.5,
                p_value=1e-5,
                changes=tuple(Change(v[:30], 0.1, 0.2, 10, 20) for v in names[:20]),
                condition=Condition("values", name, tuple(names[:20])),
                events=("event-1", "event-2"),
            )
            for name in names
        )
        evaluations.append(Evaluation("churn", window, 100, "churn 7", results, len(names)))
        moved = categorical(1000, dict.fromkeys(names[:20], 1) | {"other": 1 + index * 7 % 23})
        profiles.append((window, WindowProfile(100, dict.fromkeys(names, moved))))
    reference = WindowProfile(1000, dict.fromkeys(names, profile))
    return replace(
        base,
        baseline=replace(base.baseline, profile=reference, constraints={}),
        evaluations=evaluations,
        profiles=profiles,
        episodes=fold(evaluations, EpisodeSettings(quiet=100)),
    )


def test_page_needs_no_network(data):
    """Nothing in the page points out of it, and nothing in it runs."""
    html = render_report(data)
    actual = re.findall(r"https?://|src=|@import|<link|<script|<iframe|url\((?!#)|\son\w+=", html)
    assert actual == []


def test_internal_links_lead_somewhere(page):
    """Every link is to a part of the page that exists."""
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    links = [attrs["href"] for name, attrs in page.tags if name == "a"]
    assert links
    assert [link for link in links if link.removeprefix("#") not in ids] == []


def test_ids_are_unique(page):
    """No two parts of the page have the same id."""
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert sorted(set(ids)) == sorted(ids)


def test_headings_are_in_order(page):
    """The page has one h1, and no heading skips a level."""
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch("h[1-6]", name)]
    assert levels.count(1) == 1
    assert [b for a, b in pairwise(levels) if b > a + 1] == []


def test_plots_are_labelled(page):
    """Every plot says in words what it shows."""
    plots = [attrs for name, attrs in page.tags if name == "svg" and attrs["class"] != "defs"]
    assert len(plots) == 2 + 5 + 2
    assert [attrs for attrs in plots if not attrs.get("aria-label")] == []


def test_verdict_names_the_worst_alert_and_its_onset(page):
    """The headline says how many alerts are open, which is the worst and since when."""
    expected = "4 open alerts; worst: income vanished since 2026-11-12 14:00 UTC."
    assert page.text.count(expected) == 2


def test_versions_span_and_counts_are_in_the_headline(data, page):
    """Model versions, the span, the windows and the events are told."""
    events = f"{sum(e.events for e in data.evaluations):,}"
    for expected in ("7 (", "8 (", "2026-11-08 00:00 to 2026-11-22 00:00 UTC", "336", events):
        assert expected in page.text


def test_every_alert_has_a_card_with_its_figures(data):
    """Each card holds the summary, the p-value, the sample, the changes and the onset."""
    html = render_report(data)
    assert len(data.episodes) == 5
    for episode in data.episodes:
        card = html.split(f'id="alert-{episode.id}"')[1].split("</article>")[0]
        text = " ".join(Page(card).text.split())
        assert episode.summary in text
        assert f"{episode.opened.start:%Y-%m-%d %H:%M} UTC" in text
        assert f"{episode.windows:,} bad window" in text
        assert f"{episode.latest.n:,}" in text
        assert "p-value" in text
        for change in episode.latest.changes:
            assert change.value in text
            assert f"{change.after_count:,}" in text
        for event in episode.latest.events:
            assert event in text


def test_open_alerts_come_first_and_the_gravest_of_them(page):
    """Cards are ordered by open, severity and age."""
    actual = [classes[1:] for classes in page.classes("article")]
    expected = [
        ["critical", "open"],
        ["high", "open"],
        ["high", "open"],
        ["medium", "open"],
        ["medium", "closed"],
    ]
    assert expected == actual


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("income", {"Absence over time"}),
        ("tenure", {"Null rate over time"}),
        (
            "country",
            {"Share of the moved values over time", "Before and after: the most moved values"},
        ),
        ("age", {"Values out of range over time", "Before and after: distribution"}),
        ("comment", {"OOV rate over time"}),
    ],
)
def test_each_kind_of_finding_has_its_plots(data, feature, expected):
    """A finding is shown by the plots that fit its kind."""
    html = render_report(data)
    anchor = next(e.id for e in data.episodes if e.feature == feature)
    card = html.split(f'id="alert-{anchor}"')[1].split("</article>")[0]
    assert expected == set(re.findall("<figcaption>([^<]+?) *<", card))


def test_hostile_names_and_values_stay_text():
    """Whatever stands in a name, a value or a sentence is shown and never becomes markup."""
    data = findings(HOSTILE, 3, summary="<b onclick=x>")
    data = replace(data, model=HOSTILE[0], accounting={HOSTILE[1]: 3})
    html = render_report(data)
    page = Page(html)
    html.encode("utf-8")
    assert [name for name, _ in page.tags if name in {"script", "img", "b"}] == []
    assert [key for _, attrs in page.tags for key in attrs if key.startswith("on")] == []
    assert "{{ 7 * 7 }}" in page.text
    assert re.findall("[\u202e\u2066\x00\x1b]", html) == []
    assert "\\u202eevil" in page.text


def test_long_names_are_cut_and_kept_as_titles():
    """A very long name is cut, and pointing at it shows more of it."""
    html = render_report(findings(["n" * 5_000], 2))
    assert "n" * 410 not in html
    assert f'title="{"n" * 159}…"' in html


def test_size_is_bounded():
    """60 features, all bad in each of 400 windows, with 120 alerts, stay under 2 MB."""
    names = [f"feature_with_a_long_name_{index:03}" for index in range(60)]
    data = findings(names, 400, summary="'value' went from 12.0 % to 34.0 % of 1,234 values " * 3)
    html = render_report(data)
    page = Page(html)
    assert len(html.encode()) < 2_000_000
    assert len(page.classes("article")) == 100
    assert "20 further alerts without a card" in page.text
    assert "and 112 more, below." in page.text
    assert re.search(r"Each cell stands for \d+ windows and shows the worst of them", page.text)


def test_nothing_analysed_says_what_to_run(data):
    """Without windows the page says which commands to run."""
    html = render_report(replace(data, evaluations=[], profiles=[], episodes=[]))
    assert "Nothing has been analysed yet." in html
    assert "driftlog analyze" in html
    assert "driftlog baseline" in html


def test_no_alerts_says_so(data):
    """With healthy windows the verdict is plain."""
    html = render_report(
        replace(data, evaluations=data.evaluations[4:9], profiles=data.profiles[4:9], episodes=[])
    )
    assert "No alerts: production looks like the baseline." in html
    assert "What is ill" not in html


def test_closed_alerts_only(data):
    """With all alerts closed the verdict tells how many there were."""
    closed = [episode for episode in data.episodes if not episode.open]
    assert "No open alerts. 1 alert opened and closed again." in render_report(
        replace(data, episodes=closed)
    )


def test_no_events_is_not_called_healthy(data):
    """Silence is not mistaken for health."""
    silent = [replace(e, events=0, results=(), checked=0) for e in data.evaluations[:3]]
    profiles = [(e.window, WindowProfile()) for e in silent]
    html = render_report(replace(data, evaluations=silent, profiles=profiles, episodes=[]))
    assert "No events in 3 windows" in html
    assert "looks like the baseline" not in html


def test_too_few_events_is_not_called_healthy(data):
    """Windows in which nothing could be judged are not called good."""
    small = [replace(e, checked=len(e.results)) for e in data.evaluations if e.events == 14][:2]
    html = render_report(replace(data, evaluations=small, profiles=[], episodes=[]))
    assert "Too few events in 2 windows to judge anything" in html
    assert "looks like the baseline" not in html


def test_windows_by_count_and_a_single_window(data):
    """One window of a count of events is drawn like any other."""
    one = replace(
        data,
        size=CountSize(500),
        evaluations=data.evaluations[300:301],
        profiles=data.profiles[300:301],
    )
    assert "windows of 500 events" in Page(render_report(one)).text


def test_pending_episodes_are_notices():
    """An episode that has not been raised has no card and stands among the notices."""
    data = sample(112)
    pending = fold(data.evaluations, EpisodeSettings(delay=100))
    page = Page(render_report(replace(data, episodes=pending)))
    assert page.classes("article") == []
    assert "pending: income vanished" in page.text


def test_silence_is_shown_against_the_usual_number(data):
    """An alert about the whole window plots the events, with the usual number dashed."""
    window = data.evaluations[86].window
    silence = Result(
        "volume",
        "",
        Outcome.FINDING,
        "silence: no event in the window, usually 410",
        Severity.CRITICAL,
        effect=-6.0,
        p_value=1e-20,
        changes=(Change("events", 1.0, 0.0, 410, 0),),
        statistics={"usual": 410.0},
    )
    evaluation = Evaluation("churn", window, 0, "churn 7", (silence,), 1)
    episodes = fold([evaluation], EpisodeSettings())
    evaluations = [*data.evaluations[:86], evaluation]
    html = render_report(
        replace(data, evaluations=evaluations, profiles=data.profiles[:87], episodes=episodes)
    )
    page = Page(html)
    assert "1 open alert: unusual number of events since 2026-11-11 14:00 UTC." in page.text
    assert "usual 410" in page.text
    assert "(whole window)" in page.text


def test_set_aside_lines_and_insufficient_data_are_told(page):
    """What was not analysed is named with its counts."""
    for expected in (
        "torn lines set aside",
        "141,207",
        "What could not be judged",
        "at least 20 are needed",
    ):
        assert expected in page.text


def test_rendering_twice_gives_the_same_page(data):
    """The page depends on its data alone."""
    assert render_report(data) == render_report(data)


def test_partly_absent_is_not_called_vanished(data):
    """Only a feature that is gone from nearly all events is said to have vanished."""
    gone = next(episode for episode in data.episodes if episode.detector == "vanished")
    partly = replace(gone, severity=Severity.HIGH)
    text = Page(render_report(replace(data, episodes=[partly]))).text
    assert "1 open alert: income is absent more often since" in text
