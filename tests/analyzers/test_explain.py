import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from driftlog_analyzers._explain import explained
from driftlog_analyzers._explain._constant import constant
from driftlog_analyzers._explain._kinds import retyped, zero_or_one
from driftlog_analyzers._explain._moments import moments
from driftlog_analyzers._explain._numbers import SENTINELS, rescaled, sentinel
from driftlog_analyzers._explain._say import said
from driftlog_analyzers._explain._spelling import (
    parsed,
    respelled,
    respelled_tokens,
    without_accents,
)
from driftlog_analyzers._explain._swap import looks_like, swapped
from driftlog_analyzers._finding import Outcome, Result
from driftlog_analyzers._profile import (
    Categorical,
    FeatureProfile,
    Numeric,
    Text,
    WindowProfile,
)
from tests.analyzers.cases import ABSENT, case, lists, numbers, random_source, strings, texts
from tests.analyzers.simulated import numeric_profile

FIRST = datetime(2026, 11, 22, 14, 2, 30, tzinfo=UTC)


def edges_of(xs):
    """The edges that a baseline takes from its numbers."""
    inner = np.quantile(xs, np.linspace(0, 1, 41)[1:], method="inverted_cdf")
    return np.unique([np.nextafter(xs.min(), -np.inf), *inner])


def numeric(xs, edges):
    """The summary of numbers."""
    return numeric_profile(np.asarray(xs, dtype=float), edges).numeric


def pair(before, after):
    """Two samples over the edges of the first."""
    edges = edges_of(before)
    return numeric(before, edges), numeric(after, edges)


SOURCES = {
    "ages": lambda rng, n: rng.integers(18, 90, n).astype(float),
    "normal": lambda rng, n: rng.normal(170, 10, n),
    "skewed": lambda rng, n: rng.gamma(2, 500, n),
    "centred": lambda rng, n: rng.normal(0, 3, n),
}


class TestRescaled:
    """Another unit."""

    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize(
        ("factor", "words"),
        [
            (10, "10"),
            (100, "100"),
            (1000, "1,000"),
            (1e6, "1,000,000"),
            (60, "60"),
            (3600, "3,600"),
            (0.1, "1/10"),
            (0.01, "1/100"),
            (0.001, "1/1,000"),
            (1 / 60, "1/60"),
        ],
    )
    def test_factors(self, source, factor, words):
        """In a window of a thousand other numbers of the source the factor is named."""
        rng = random_source()
        draw = SOURCES[source]

        assert f"scaled by {words}" == rescaled(*pair(draw(rng, 10_000), factor * draw(rng, 1000)))

    @pytest.mark.parametrize(
        ("factor", "words"),
        [
            (2.54, "2.54 (inches to centimetres)"),
            (1 / 2.54, "1/2.54 (centimetres to inches)"),
            (0.45359237, "0.4536 (pounds to kilograms)"),
            (1 / 0.45359237, "2.205 (kilograms to pounds)"),
            (0.3048, "0.3048 (feet to metres)"),
            (1 / 0.3048, "3.281 (metres to feet)"),
            (1.609344, "1.609 (miles to kilometres)"),
            (1 / 1.609344, "0.6214 (kilometres to miles)"),
            (3.6, "3.6 (m/s to km/h)"),
            (1 / 3.6, "1/3.6 (km/h to m/s)"),
        ],
    )
    def test_conversions(self, factor, words):
        """Units that differ by a crooked factor are named where the mean is known to three hundredths."""
        rng = random_source()
        before, after = SOURCES["normal"](rng, 10_000), SOURCES["normal"](rng, 500)

        assert f"scaled by {words}" == rescaled(*pair(before, factor * after))

    def test_conversions_need_precision(self):
        """Where the mean of the window is not known well enough, a crooked factor is not guessed."""
        rng = random_source()
        before, after = SOURCES["skewed"](rng, 10_000), SOURCES["skewed"](rng, 200)

        assert "" == rescaled(*pair(before, 2.54 * after))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda x: 1.8 * x + 32, "°C became °F"),
            (lambda x: (x - 32) / 1.8, "°F became °C"),
            (lambda x: x + 273.15, "°C became K"),
            (lambda x: x - 273.15, "K became °C"),
            (lambda x: -x, "sign changed"),
        ],
    )
    def test_temperatures_and_signs(self, change, words):
        """Scales with another zero need mean, deviation and range to agree."""
        rng = random_source()
        before, after = rng.normal(15, 8, 10_000), rng.normal(15, 8, 1000)

        assert words == rescaled(*pair(before, change(after)))

    @given(st.floats(0.0005, 2000), st.sampled_from(["ages", "normal", "skewed"]))
    @settings(max_examples=150, deadline=None)
    def test_near_misses(self, factor, source):
        """A factor that is no unit's, by a tenth or more, is not taken for one, whatever the source."""
        units = [10, 100, 1e3, 1e6, 60, 3600, 2.54, 0.45359237, 0.3048, 1.609344, 3.6, 1]
        assume(
            all(abs(math.log(factor) - sign * math.log(u)) > 0.1 for u in units for sign in (1, -1))
        )
        rng = np.random.default_rng([7, int(1e6 * factor)])
        draw = SOURCES[source]

        words = rescaled(*pair(draw(rng, 10_000), factor * draw(rng, 5000)))

        assert "" == words

    @pytest.mark.parametrize(
        "change",
        [
            lambda x: 1.8 * x + 35,
            lambda x: 1.9 * x + 32,
            lambda x: x + 270,
            lambda x: 100 * x + 300,
            lambda x: np.where(x > 15, 100 * x, x),
            lambda x: 100 * (x - 15) + 15,
            lambda x: 1500 + (x - 15),
            lambda x: np.where(np.arange(len(x)) == 0, 1e7, 100 * x),
        ],
    )
    def test_other_changes(self, change):
        """Another offset, half the rows, the mean or the deviation alone, or a number far out are no change of unit."""
        rng = random_source()
        before, after = rng.normal(15, 8, 10_000), rng.normal(15, 8, 1000)

        assert "" == rescaled(*pair(before, change(after)))

    @pytest.mark.parametrize("offset", [273.15, -273.15, 32.0])
    def test_offsets_need_precision(self, offset):
        """A small step of widely spread numbers is no offset of any scale."""
        rng = random_source()
        before = rng.normal(9000, 5000, 10_000)

        for step in (0.5 * offset, offset, 2 * offset):
            assert "" == rescaled(*pair(before, rng.normal(9000, 5000, 1000) + step))

    def test_signs_need_precision(self):
        """A mean near zero that crosses it is no change of sign."""
        rng = random_source()
        before = rng.normal(0.1, 3, 10_000)

        for step in np.linspace(-0.5, 0.1, 13):
            assert "" == rescaled(*pair(before, rng.normal(0.1, 3, 2000) + step))

    def test_unchanged(self):
        """Numbers of the same source have no other unit."""
        rng = random_source()
        for source in SOURCES.values():
            assert "" == rescaled(*pair(source(rng, 5000), source(rng, 500)))

    def test_nothing_to_go_by(self):
        """Constants, few numbers, none, and moments beyond a 64-bit float say nothing."""
        some = numbers(1000).numeric
        huge = Numeric(1000, 0.0, math.inf, -1e300, 1e300)

        for other in (numbers(1000, high=0.0).numeric, numbers(19).numeric, None, huge):
            assert "" == rescaled(some, other) == rescaled(other, some)
        assert moments(Numeric(100, 1e300, 5e-324, 1e300, 1e300)) is None


class TestSentinel:
    """A number that stands for none."""

    @pytest.mark.parametrize("value", sorted(SENTINELS))
    @pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
    def test_sentinels(self, value, share):
        """Where numbers outside the range are all one sentinel, it is named."""
        rng = random_source()
        before, after = rng.normal(40, 3, 10_000), rng.normal(40, 3, 1000)
        after[: int(share * 1000)] = value

        assert f"sentinel {value:.10g}" == sentinel(*pair(before, after))

    @pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
    def test_other_numbers(self, share):
        """Another number, or a sentinel among other numbers outside, is not one."""
        rng = random_source()
        before, after = rng.normal(40, 3, 10_000), rng.normal(40, 3, 1000)
        struck = int(share * 1000)
        other, mixed, both = after.copy(), after.copy(), after.copy()
        other[:struck] = -998.0
        mixed[:struck] = rng.uniform(-999, 0, struck)
        mixed[0] = -999.0
        both[:struck] = -999.0
        both[:2] = 999.0

        for xs in (other, mixed, both):
            assert "" == sentinel(*pair(before, xs))

    def test_within_the_range(self):
        """A sentinel that the reference's range holds is not to be seen in a window's summary."""
        rng = random_source()
        before, after = rng.normal(0, 1000, 10_000), rng.normal(0, 1000, 1000)
        after[:100] = -999.0

        assert "" == sentinel(*pair(before, after))

    def test_one_alone(self):
        """One number is no sentinel."""
        rng = random_source()
        before, after = rng.normal(40, 3, 10_000), rng.normal(40, 3, 1000)
        after[0] = -999.0

        assert "" == sentinel(*pair(before, after))

    def test_too_rough(self):
        """Where the spread of the other numbers hides what stands outside, nothing is said."""
        rng = random_source()
        before, after = rng.lognormal(10, 1, 10_000), rng.lognormal(10, 1, 1000)
        after[:10] = -1.0

        assert "" == sentinel(*pair(before, after))

    def test_nothing_to_go_by(self):
        """Without histogram, numbers or variety there is nothing to compare."""
        some, bare = numbers(1000).numeric, Numeric(100, -999.0, 0.0, -999.0, -999.0)

        assert "" == sentinel(some, bare) == sentinel(None, some) == sentinel(some, None)
        assert "" == sentinel(numbers(1000, high=0.0).numeric, some)


def named(name, each):
    """The case under another name."""
    return replace(each, feature=name)


def columns(*samples, swap=True):
    """Cases of two columns, changed places in the window unless told, each over its own edges."""
    (a, b), (c, d) = samples
    edges = edges_of(a), edges_of(b)
    after = (d, c) if swap else (c, d)
    made = [
        case(numeric_profile(old, at), numeric_profile(new, at))
        for old, new, at in zip((a, b), after, edges, strict=True)
    ]
    return [named(name, each) for name, each in zip("fx", made, strict=True)]


class TestSwapped:
    """Two features that changed places."""

    def test_numbers(self):
        """Two columns of numbers that changed places name each other."""
        rng = random_source()
        f, x = columns(*[(rng.normal(40, 10, n), rng.gamma(2, 30, n)) for n in (10_000, 500)])

        assert ("swapped with `x`", "swapped with `f`") == (
            swapped(f, [f, x]),
            swapped(x, [f, x]),
        )

    def test_in_place(self):
        """Columns in their places are not swapped."""
        rng = random_source()
        samples = [(rng.normal(40, 10, n), rng.gamma(2, 30, n)) for n in (10_000, 500)]
        f, x = columns(*samples, swap=False)

        assert "" == swapped(f, [f, x]) == swapped(x, [f, x])

    def test_half_a_swap(self):
        """A column that holds another's values while that one stays is a copy and no swap."""
        rng = random_source()
        f, x = columns(*[(rng.normal(40, 10, n), rng.gamma(2, 30, n)) for n in (10_000, 500)])
        copied = replace(x, after=x.before)

        assert "" == swapped(f, [f, copied])

    def test_two_partners(self):
        """Where two columns would fit, none is named."""
        rng = random_source()
        f, x = columns(*[(rng.normal(40, 10, n), rng.gamma(2, 30, n)) for n in (10_000, 500)])

        assert "" == swapped(f, [f, x, named("y", x)])

    def test_outputs_are_not_inputs(self):
        """An output is not swapped with an input."""
        rng = random_source()
        f, x = columns(*[(rng.normal(40, 10, n), rng.gamma(2, 30, n)) for n in (10_000, 500)])

        assert "" == swapped(f, [f, replace(x, output=True)])

    def test_like_moments_unlike_shape(self):
        """Mean and deviation alone are not enough: the edges show another distribution."""
        rng = random_source()
        before = rng.normal(40, 10, 10_000), rng.normal(90, 10, 10_000)
        after = 40 + 10 * rng.choice([-1.0, 1.0], 500), 90 + 10 * rng.choice([-1.0, 1.0], 500)
        f, x = columns(before, after)

        assert "" == swapped(f, [f, x])

    def test_few_numbers(self):
        """A handful of numbers could be anybody's."""
        rng = random_source()
        f, x = columns(
            (rng.normal(40, 10, 10_000), rng.gamma(2, 30, 10_000)),
            (rng.normal(40, 10, 15), rng.gamma(2, 30, 15)),
        )

        assert "" == swapped(f, [f, x])

    @staticmethod
    def strings_of(*after):
        """Cases of two columns of strings; of the window their counts are given."""
        before = strings({"a": 5000, "b": 5000}), strings({"red": 7000, "blue": 3000})
        each = (case(old, strings(new)) for old, new in zip(before, after, strict=True))
        return [named(name, one) for name, one in zip("fx", each, strict=True)]

    def test_strings(self):
        """Columns of strings that changed places name each other; shares that differ are none."""
        f, x = self.strings_of({"red": 690, "blue": 310}, {"a": 520, "b": 480})
        other, y = self.strings_of({"red": 400, "blue": 600}, {"a": 520, "b": 480})

        assert "swapped with `x`" == swapped(f, [f, x])
        assert "" == swapped(other, [other, y])

    def test_same_values(self):
        """Columns with the same values in other shares can be told apart."""
        f = case(strings({"x": 9000, "y": 1000}), strings({"x": 210, "y": 790}))
        x = named("x", case(strings({"x": 2000, "y": 8000}), strings({"x": 890, "y": 110})))

        assert "swapped with `x`" == swapped(f, [f, x])

    def test_unlike_kinds(self):
        """A number that changed places with a string is found from either side."""
        rng = random_source()
        ages, later = rng.normal(40, 10, 10_000), rng.normal(40, 10, 500)
        number = numeric_profile(ages, edges_of(ages))
        f = named("f", case(number, strings({"a": 260, "b": 240})))
        x = named("x", case(strings({"a": 5000, "b": 5000}), numeric_profile(later, np.array([]))))

        assert ("swapped with `x`", "swapped with `f`") == (swapped(f, [f, x]), swapped(x, [f, x]))

    def test_looks_like_nothing(self):
        """Nothing looks like nulls, lists and texts, nor they like anything."""
        for other in (ABSENT, FeatureProfile(nulls=100), lists(["a"]), texts(100)):
            assert not looks_like(other, other)
            assert not looks_like(numbers(1000), other)
        assert not looks_like(strings({"a": 50}, tail=50), strings({"a": 50}))


def test_constant():
    """It is known since the window's first event, in UTC; whether it began before is not."""
    words = "constant since 2026-11-22 14:02 UTC or earlier"

    assert words == constant(FIRST) == constant(FIRST.astimezone(timezone(timedelta(hours=5))))
    assert "" == constant(None)


CITIES = {"Köln": 400, "München": 300, "Berlin": 200, "San José": 100}
TRUTH = {"true": 600, "false": 400}
CODES = {"1": 500, "2": 300, "7": 200}


def spelled(change, counts=CITIES, share=10):
    """What is said where a window has known values in another spelling, and others as before."""
    after = Counter({value: count // share for value, count in counts.items()})
    struck = Counter({change(value): count // share for value, count in counts.items()})
    return respelled(case(strings(counts), strings(dict(after + struck))), 0.1)


class TestRespelled:
    """Known values in another spelling, and values that mean nothing."""

    @pytest.mark.parametrize(
        ("change", "counts", "words"),
        [
            (str.upper, CITIES, "casing changed"),
            (str.lower, CITIES, "casing changed"),
            (lambda v: f" {v}", CITIES, "white space changed"),
            (lambda v: v.replace(" ", "  ") + "\n", CITIES, "white space changed"),
            (lambda v: v.encode().decode("latin-1"), CITIES, "decoded as Latin-1"),
            (lambda v: v.encode().decode("cp1252"), CITIES, "decoded as Latin-1"),
            (without_accents, CITIES, "accents stripped"),
            (
                lambda v: v.encode("latin-1").decode("utf-8", "replace"),
                CITIES,
                "bytes that are not UTF-8 were replaced",
            ),
            (
                lambda v: v.replace("ö", "o\u0308").replace("ü", "u\u0308").replace("é", "e\u0301"),
                CITIES,
                "another Unicode form",
            ),
            (lambda _: "", CITIES, "empty string"),
            (lambda _: "  ", CITIES, "blank string"),
            (lambda _: "NULL", CITIES, "null-like string 'NULL'"),
            (lambda _: "nan", CITIES, "null-like string 'nan'"),
            (lambda _: "None", CODES, "null-like string 'None'"),
            (lambda _: "N/A", CITIES, "null-like string 'N/A'"),
            (lambda _: "-999", CITIES, "sentinel -999"),
            (lambda v: str(int(v == "true")), TRUTH, "booleans as 0/1"),
            (lambda v: "True" if v == "1" else "False", {"1": 500, "0": 500}, "0/1 as booleans"),
            (str.capitalize, TRUTH, "casing changed"),
            (lambda v: f"{v}.0", CODES, "integers as floats"),
            (lambda v: f"0{v}", CODES, "numbers written differently"),
            (lambda v: v.removesuffix(".0"), {"1.0": 60, "2.0": 40}, "floats as integers"),
        ],
    )
    def test_spellings(self, change, counts, words):
        """Each kind of spelling is named."""
        assert words == spelled(change, counts)

    @pytest.mark.parametrize(
        ("change", "counts"),
        [
            (lambda v: f"{v}x", CITIES),
            (lambda v: v[::-1], CITIES),
            (lambda v: v.encode().decode("cp1251"), CITIES),
            (lambda v: v.encode().decode("latin-1")[:-1], CITIES),
            (lambda _: "-999", CODES),
            (lambda _: "-998", CITIES),
            (lambda _: "nul", CITIES),
            (lambda v: f"{v}.5", CODES),
            (lambda v: "2" if v == "true" else "0", TRUTH),
            (lambda v: v, CITIES),
        ],
    )
    def test_near_misses(self, change, counts):
        """What is nearly one of these is nothing that can be named."""
        assert "" == spelled(change, counts)

    def test_null_that_was_usual(self):
        """Where the reference has such a string, another one is a new value like any."""
        before = strings({"a": 900, "none": 100})

        assert "" == respelled(case(before, strings({"a": 90, "null": 10})), 0.1)

    def test_most_must_fit(self):
        """Nineteen of twenty unseen values must fit, the usual novelty set aside."""
        known, once = {"a": 500, "b": 500}, {f"once {i}": 1 for i in range(50)}
        some = {"a": 480, "b": 470, "A": 19, "other": 1}
        fewer = some | {"other": 2}
        novelty = {"a": 400, "b": 400, "A": 50} | {f"new {i}": 1 for i in range(42)}

        assert "casing changed" == respelled(case(strings(known), strings(some)), 0.0)
        assert "" == respelled(case(strings(known), strings(fewer)), 0.0)
        assert "casing changed" == respelled(case(strings(known | once), strings(novelty)), 0.0)

    def test_a_shift_of_known_values(self):
        """A few unseen values do not explain a shift among the known ones."""
        both = case(strings({"a": 5000, "b": 5000}), strings({"a": 690, "b": 300, "A": 10}))

        assert ("casing changed", "") == (respelled(both, 0.01), respelled(both, 0.2))

    def test_written_values_are_known(self):
        """A value that people wrote into the constraints is no unseen one."""
        both = case(strings({"a": 500}), strings({"a": 90, "A": 10}), values=("a", "A"))

        assert "" == respelled(both, 0.0)

    def test_tails(self):
        """Of values too many to be listed nothing can be said; of a small rest nothing need be."""
        before = strings({"a": 500, "b": 500})

        assert "" == respelled(case(before, strings({"A": 49}, tail=51)), 0.0)
        assert "casing changed" == respelled(case(before, strings({"A": 51}, tail=49)), 0.0)
        assert "" == respelled(case(strings({"a": 9}, tail=9), strings({"A": 9})), 0.0)
        assert "" == respelled(case(numbers(9), strings({"A": 9})), 0.0)

    @given(st.sets(st.text(min_size=1), min_size=1, max_size=8), st.text())
    def test_any_strings(self, known, suffix):
        """Whatever strings there are, they get an answer, and the known ones themselves none."""
        before = strings(dict.fromkeys(sorted(known), 5))
        after = strings(dict(Counter(value + suffix for value in known)))

        words = respelled(case(before, after), 0.1)

        assert words == "" or suffix
        assert "" == respelled(case(before, before), 0.0)

    @given(st.text(st.characters(min_codepoint=0xC0, categories=["L"]), min_size=1), st.text())
    def test_mojibake_of_any_letters(self, letters, more):
        """Any value with letters outside ASCII is known again when read as Latin-1."""
        value = f"x{letters}{more}x"
        wrong = value.encode("utf-8").decode("latin-1")

        assert "decoded as Latin-1" == respelled(
            case(strings({value: 100}), strings({wrong: 100})), 0.0
        )

    def test_many_categories(self):
        """Ten thousand categories get an answer like ten."""
        before = strings({f"Straße {i}": 10 for i in range(10_000)})
        other = strings({f"street {i}": 1 for i in range(10_000)})
        garbled = strings({f"StraÃ\x9fe {i}": 1 for i in range(10_000)})

        assert "" == respelled(case(before, other), 0.5)
        assert "decoded as Latin-1" == respelled(case(before, garbled), 0.5)


def unknown(counts, *, oov=None, tail=0):
    """Texts with these unknown tokens."""
    n = sum(counts.values()) + tail
    return FeatureProfile(texts=n, text=Text(n, 10 * n, oov or n, 100 * n, n, 10 * n, counts, tail))


VOCABULARY = {"good": 900, "café": 400, "naïve": 300, "iPhone": 200, "über": 100}


class TestTokens:
    """Known tokens in another spelling."""

    @pytest.mark.parametrize(
        ("tokens", "words"),
        [
            ({"Good": 60, "GOOD": 35, "x": 5}, "case folding off"),
            ({"IPHONE": 90}, "casing changed"),
            ({"cafÃ©": 50, "naÃ¯ve": 50}, "decoded as Latin-1"),
            ({"cafÃ": 50, "naÃ": 30, "Ã¼ber": 20}, "decoded as Latin-1"),
            ({"cafã": 50, "ve": 50}, "decoded as Latin-1"),
            ({"cafe": 50, "naive": 40, "uber": 10}, "accents stripped"),
            ({"caf\N{REPLACEMENT CHARACTER}": 20}, "bytes that are not UTF-8 were replaced"),
            ({"": 20}, "empty token"),
            ({"bon": 60, "jour": 30, "Good": 10}, ""),
            ({"caf": 100}, ""),
            ({"goods": 100}, ""),
        ],
    )
    def test_spellings(self, tokens, words):
        """Each kind of spelling is named; words of another language are not explained."""
        both = case(texts(1000), unknown(tokens))

        assert words == respelled_tokens(both, VOCABULARY)

    def test_usual_unknown_tokens(self):
        """Tokens that are unknown at the usual rate need not fit."""
        usual = unknown({"Good": 60} | {f"odd {i}": 1 for i in range(40)})
        before = texts(1000, tokens=100, oov=4)

        assert "case folding off" == respelled_tokens(case(before, usual), VOCABULARY)
        assert "" == respelled_tokens(case(texts(1000), usual), VOCABULARY)

    def test_without_vocabulary(self):
        """Where the service knows the vocabulary alone, nothing can be said; nor of no or too many tokens."""
        tokens = {"Good": 100}

        assert "" == respelled_tokens(case(texts(1000), unknown(tokens)), {})
        assert "" == respelled_tokens(case(texts(1000), texts(100)), VOCABULARY)
        assert "" == respelled_tokens(case(texts(9), unknown(tokens, tail=101)), VOCABULARY)
        assert "" == respelled_tokens(case(numbers(9), unknown(tokens)), VOCABULARY)


def zero_one(ones, n=100):
    """Numbers of which so many are 1, the others 0."""
    mean = ones / n
    return FeatureProfile(
        numbers=n,
        numeric=Numeric(n, mean, n * mean * (1 - mean), 0.0, 1.0, (-1.0, 0.5), (0, n - ones, ones)),
    )


def boxed(items):
    """Lists of one item each."""
    return FeatureProfile(lists=sum(items.values()), categorical=Categorical(items))


class TestRetyped:
    """The same values in another form."""

    @pytest.mark.parametrize(
        ("before", "after", "words"),
        [
            (numbers(1000), strings({"1": 50, "2.5": 48, "": 2}), "numbers as strings"),
            (numbers(1000), strings({"1,5": 50, "2.000,25": 50}), "numbers as strings with a decimal comma"),
            (numbers(1000), strings({"": 99, "x": 1}), "empty string"),
            (numbers(1000), strings({"None": 60, "nan": 40}), "null-like string"),
            (numbers(1000), strings({"many": 60, "7": 40}), "now a string"),
            (numbers(1000), strings({"1,x": 100}), "now a string"),
            (numbers(1000), strings({"true": 60, "false": 40}), "now a string"),
            (zero_one(30), strings({"true": 60, "false": 40}), "0/1 as booleans"),
            (strings(TRUTH), zero_one(60), "booleans as 0/1"),
            (strings(TRUTH), numbers(100), "now a number"),
            (strings(CODES), numbers(100), "strings as numbers"),
            (strings(CITIES), numbers(100), "now a number"),
            (strings({}, tail=90), numbers(100), "now a number"),
            (strings(CITIES), boxed({"Köln": 60, "Berlin": 40}), "scalar in a list"),
            (numbers(1000), boxed({"4": 60, "4.5": 40}), "scalar in a list"),
            (strings(CITIES), boxed({"Paris": 60, "Rom": 40}), "now a list"),
            (strings(CITIES), lists(["Köln", "Berlin"]), "now a list"),
            (lists(["a"]), strings({"a": 9}), "now a string"),
            (texts(100), numbers(100), "now a number"),
            (numbers(100), texts(100), "now a text"),
            (numbers(100), FeatureProfile(others={"dict": 9}), "now a dict"),
            (numbers(100), FeatureProfile(strings=5, others={"dict": 5}), ""),
            (numbers(100), numbers(100), ""),
            (FeatureProfile(nulls=9), numbers(100), ""),
        ],
    )  # fmt: skip
    def test_kinds(self, before, after, words):
        """Each kind of value in another form is named, else only the kind itself."""
        assert words == retyped(case(before, after))

    @given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1))
    def test_zero_or_one(self, xs):
        """Zeros and ones are known by their moments, and no longer with a number between."""
        assert zero_or_one(numeric(xs, np.array([])))
        assert not zero_or_one(numeric([*xs, 0.5], np.array([])))
        assert not zero_or_one(numeric([*xs, 1.5], np.array([])))

    @pytest.mark.parametrize("text", ["nan", "inf", "1_000", "", "0x10", "1,5"])
    def test_no_number(self, text):
        """What only some languages read as a number is none."""
        assert parsed(text) is None


def finding(detector, feature="f", **more):
    """A finding with a summary."""
    return Result(detector, feature, Outcome.FINDING, "said", **more)


class TestExplained:
    """Which findings are explained, and how it is said."""

    def both(self):
        """A feature whose casing changed."""
        return case(strings({"a": 500, "b": 500}), strings({"A": 50, "b": 50}))

    def test_is_appended(self):
        """The explanation ends the summary and stands on its own."""
        (result,) = explained([finding("unseen_category")], [self.both()], WindowProfile(100), {})

        assert ("said; casing changed", "casing changed") == (result.summary, result.explanation)

    def test_is_not_repeated(self):
        """What the summary says already is not said again."""
        told = said(replace(finding("type_change"), summary="f: now a list in 9 %"), "now a list")

        assert ("f: now a list in 9 %", "now a list") == (told.summary, told.explanation)

    @pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.INSUFFICIENT])
    def test_only_findings(self, outcome):
        """What is no finding is not explained, nor is what no rule is about."""
        results = [
            replace(finding("unseen_category"), outcome=outcome),
            finding("na_spike"),
            finding("volume", feature=""),
            finding("unseen_category", feature="gone"),
        ]

        assert results == explained(results, [self.both()], WindowProfile(100), {})

    @pytest.mark.parametrize("detector", ["stuck", "prediction_collapse"])
    def test_constant(self, detector):
        """What is stuck says since when."""
        both = case(numbers(1000), numbers(100, high=0.0))

        (result,) = explained([finding(detector)], [both], WindowProfile(100, first=FIRST), {})

        assert "constant since 2026-11-22 14:02 UTC or earlier" == result.explanation

    def test_texts(self):
        """The baseline's vocabulary explains unknown tokens."""
        both = case(texts(1000), unknown({"Good": 100}))

        (result,) = explained([finding("oov_rate")], [both], WindowProfile(), {"f": VOCABULARY})

        assert "case folding off" == result.explanation

    @pytest.mark.parametrize("detector", ["range", "numeric_shift", "prediction_shift"])
    def test_numbers(self, detector):
        """Numbers are explained by unit and sentinel, whichever detector saw them."""
        rng = random_source()
        before = rng.normal(40, 3, 10_000)
        edges, later = edges_of(before), rng.normal(40, 3, 1000)
        missing = np.where(np.arange(1000) < 100, -999.0, later)
        told = [
            explained(
                [finding(detector)],
                [case(numeric_profile(before, edges), numeric_profile(xs, edges))],
                WindowProfile(1000),
                {},
            )[0].explanation
            for xs in (100 * later, missing, later + 1)
        ]

        assert ["scaled by 100", "sentinel -999", ""] == told

    def test_kinds(self):
        """A change of type is explained."""
        both = case(numbers(1000), strings({"1": 50, "2": 50}))

        (result,) = explained([finding("type_change")], [both], WindowProfile(100), {})

        assert "numbers as strings" == result.explanation

    def test_swapped_beside_other_findings(self):
        """Only features with findings of their own are asked whether they were swapped."""
        rng = random_source()
        f, x = columns(*[(rng.normal(40, 10, n), rng.gamma(2, 30, n)) for n in (10_000, 500)])

        both = explained([finding("range"), finding("range", "x")], [f, x], WindowProfile(), {})
        alone = explained([finding("range")], [f, x], WindowProfile(), {})

        assert ["swapped with `x`", "swapped with `f`"] == [r.explanation for r in both]
        assert [""] == [r.explanation for r in alone]
