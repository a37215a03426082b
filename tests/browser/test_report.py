"""The HTML report as a browser shows it."""

import re
from contextlib import contextmanager

import pytest

from driftlog_analyzers._report import render_report
from tests.analyzers.report_sample import sample

SCHEMES = ("light", "dark")
READABLE = 4.5
"""Contrast of text and ground, by WCAG 2.2 level AA."""
COLOURS = """
[...document.querySelectorAll('h1, h2, h3, h4, p, td, th, dt, dd, .badge, .status, a')]
  .filter(e => e.checkVisibility() && e.innerText?.trim())
  .map(e => {
    const clear = g => getComputedStyle(g).backgroundColor === 'rgba(0, 0, 0, 0)'
    let ground = e
    while (ground && clear(ground)) ground = ground.parentElement
    const name = e.className + ' ' + e.innerText.slice(0, 30)
    return [name, getComputedStyle(e).color, getComputedStyle(ground).backgroundColor]
  })
"""
"""Name, colour and ground of every text."""


@pytest.fixture(scope="session")
def file(tmp_path_factory):
    """The report of the sample as a file."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report(sample()), encoding="utf-8")
    return path


@pytest.fixture
def opened(chromium, file):
    """Open the report; gives the page, with what it asked for and what it complained of."""

    @contextmanager
    def run(scheme="light", width=1280):
        size = {"width": width, "height": 900}
        page = chromium.new_page(color_scheme=scheme, viewport=size)
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_load_state("networkidle")
        yield page, asked, said
        page.close()

    return run


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_asks_for_nothing_and_complains_of_nothing(opened, file, scheme):
    """The file is all there is: no other request, no message on the console."""
    with opened(scheme) as (_, asked, said):
        assert ([file.as_uri()], []) == (asked, said)


def test_dark_and_light_differ(opened):
    """The page follows the system's choice."""
    grounds = set()
    for scheme in SCHEMES:
        with opened(scheme) as (page, _, _):
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert 2 == len(grounds)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_everything_that_can_be_used_is_reached_by_keyboard(opened, scheme):
    """Tab comes by every link, fold and scrolling part in order, shows where it is, and leaves the page again."""
    with opened(scheme) as (page, _, _):
        wanted = page.evaluate(
            "[...document.querySelectorAll('a[href], summary, [tabindex]')].filter(e => e.checkVisibility()).length"
        )
        assert wanted > 10
        seen, shown = [], []
        for _ in range(wanted + 5):
            page.keyboard.press("Tab")
            where, outline = page.evaluate(
                "[[...document.querySelectorAll('*')].indexOf(document.activeElement),"
                " document.activeElement === document.body ? 'body'"
                " : getComputedStyle(document.activeElement).outlineStyle]"
            )
            if outline == "body":
                break
            seen.append(where)
            shown.append(outline)
        assert (wanted, sorted(set(seen))) == (len(seen), seen)
        assert {"solid"} == set(shown)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_stand_out(opened, scheme):
    """Headings, badges and table cells have the contrast that WCAG asks for, on whatever ground they stand."""
    with opened(scheme) as (page, _, _):
        pairs = page.evaluate(COLOURS)
        assert len(pairs) > 100
        assert [] == [(n, a, b) for n, a, b in pairs if contrast(a, b) < READABLE]


def contrast(one, other):
    """The ratio of two colours' luminances, by WCAG."""
    high, low = sorted(map(luminance, (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    """The relative luminance of ``rgb(r, g, b)``."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_nothing_leaves_the_page(opened, width):
    """On a telephone as on a wide screen only the parts that are made for it scroll sideways."""
    with opened(width=width) as (page, _, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
