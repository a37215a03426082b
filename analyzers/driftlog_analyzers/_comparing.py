"""Two versions of a model compared on the same traffic: their agreement, their shift, their quality, and by slice."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from scipy import stats
from scipy.special import ndtr

from driftlog_analyzers._baseline import infer_constraints
from driftlog_analyzers._finding import Result
from driftlog_analyzers._intervals import of_correlation, of_mean, wilson
from driftlog_analyzers._profile import FeatureProfile, WindowProfile
from driftlog_analyzers._quality import Compared, Quality, compared
from driftlog_analyzers._shadow import By, Joined, Scores, Shadow, ShadowSpec
from driftlog_analyzers._statistics import more_often
from driftlog_analyzers._store import EventStore, FeatureSpec, ProfileSpec, QualitySpec
from driftlog_analyzers._window import Window
from driftlog_analyzers.detectors import Case
from driftlog_analyzers.detectors.category_shift import category_shift
from driftlog_analyzers.detectors.numeric_shift import numeric_shift
from driftlog_analyzers.errors import InputError

MINIMUM = 30
"""Joined requests below which nothing is concluded, of all or of a slice."""
SLICES = 20
LEVEL = 0.01
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ABSENT = FeatureProfile()

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two versions agree on some requests.

    Attributes:
        n: joined requests.
        labelled: of them, those where both gave a categorical output.
        agreement: share of these with the same one; None without any.
        agreement_interval: 95 %, by Wilson.
        scored: requests where both gave a number.
        difference: mean of shadow less live; None without any.
        difference_interval: 95 %.
        sd: standard deviation of the differences.
        correlation: of the two; None where one does not vary.
        correlation_interval: 95 %, by Fisher.
        quantiles: of the differences.
    """

    n: int
    labelled: int
    agreement: float | None
    agreement_interval: Interval
    scored: int
    difference: float | None
    difference_interval: Interval
    sd: float
    correlation: float | None
    correlation_interval: Interval
    quantiles: Mapping[float, float]

    @property
    def enough(self) -> bool:
        """Whether something may be concluded."""
        return self.n >= MINIMUM


@dataclass(frozen=True, slots=True)
class SliceAgreement:
    """One slice.

    Attributes:
        value: of the segment; None for all other values.
        agreement: of its requests.
        p_value: probability that it disagrees so much more than the others by chance (labels: Fisher, one-sided;
            scores: a mean difference farther from 0 than theirs; of both, the smaller times two).
        stands_out: whether that is significant among all slices (Benjamini and Hochberg 1995, at 1 %).
    """

    value: str | None
    agreement: Agreement
    p_value: float = 1.0
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """What two versions have to say on the same traffic.

    Attributes:
        spec: what was joined.
        shadow: what the join gave.
        agreement: of all joined requests.
        disagreements: the most frequent (live, shadow) pairs of different labels.
        shifts: of each output, whether its distribution differs, by the detectors of a log's windows.
        quality: of each version on its own predictions, where labels have arrived.
        slices: by value of the segment, the largest first.
    """

    spec: ShadowSpec
    shadow: Shadow
    agreement: Agreement
    disagreements: Mapping[tuple[str, str], int]
    shifts: tuple[Result, ...] = ()
    quality: Mapping[str, Quality] = field(default_factory=dict)
    slices: tuple[SliceAgreement, ...] = ()


def compare_models(
    store: EventStore,
    model: str,
    versions: tuple[str, str],
    *,
    by: By,
    window: Window,
    segment: str | None = None,
    outputs: Compared | None = None,
) -> ModelComparison:
    """Compare a live and a shadow version.

    Args:
        store: where the events are.
        model: the model's name.
        versions: live and shadow.
        by: whether one request has one trace id or one event id in both.
        window: the stretch of time.
        segment: a categorical feature by whose `SLICES` most frequent values to compare, too.
        outputs: what to compare; by default ``score`` and ``label``, else the only output of each kind.

    Raises:
        InputError: a version has no events there, none of their requests are the same, or the segment has no values.
        StoreError: the store could not answer completely.
    """
    live, other = (_profile(store, model, version, versions[0], window) for version in versions)
    spec = ShadowSpec(
        model,
        *versions,
        by,
        outputs or compared(live.predictions),
        window,
        segment,
        _values(live, segment) if segment else (),
    )
    found = store.shadow(spec)
    whole = found.whole
    if not whole.n:
        name = "trace id" if by == "trace" else "event id"
        another = "id" if by == "trace" else "trace"
        raise InputError(
            f"versions {versions[0]!r} and {versions[1]!r} of model {model!r} have no {name} in common"
            f" ({found.live:,} and {found.shadow:,} of their predictions have one); join them --by {another}"
        )
    return ModelComparison(
        spec,
        found,
        agreement_of(whole),
        _disagreements(whole),
        _shifts(live, other),
        _qualities(store, spec),
        slices_of(found) if segment else (),
    )


def agreement_of(joined: Joined) -> Agreement:
    """The figures of some joined requests."""
    labels, scores = joined.labels, joined.scores
    right = sum(count for (old, new), count in labels.pairs.items() if old == new)
    n = scores.n
    variance = scores.difference_m2 / (n - 1) if n > 1 else 0.0
    r = scores.correlation
    return Agreement(
        joined.n,
        labels.n,
        labels.accuracy,
        wilson(right, labels.n),
        n,
        scores.difference if n else None,
        of_mean(n, scores.difference, variance) if n else (-math.inf, math.inf),
        math.sqrt(variance),
        r,
        (-1.0, 1.0) if r is None else of_correlation(n, r),
        {at: scores.quantile(at) for at in QUANTILES} if n else {},
    )


def slices_of(shadow: Shadow) -> tuple[SliceAgreement, ...]:
    """Each slice, tested against all others together."""
    order = sorted(shadow.slices, key=lambda value: (value is None, -shadow.slices[value].n, value))
    found = []
    for value in order:
        rest = Joined()
        for other, joined in shadow.slices.items():
            rest = rest if other == value else rest.merge(joined)
        one = shadow.slices[value]
        p_value = _stands_out(one, rest) if min(one.n, rest.n) >= MINIMUM else 1.0
        found.append(SliceAgreement(value, agreement_of(one), p_value))
    if not found:
        return ()
    adjusted = stats.false_discovery_control([one.p_value for one in found])
    return tuple(
        replace(one, stands_out=bool(p <= LEVEL)) for one, p in zip(found, adjusted, strict=True)
    )


def _stands_out(one: Joined, rest: Joined) -> float:
    """The smaller p-value of labels and scores, times two where there are both."""
    found = [p for p in (_by_labels(one, rest), _by_scores(one, rest)) if p is not None]
    return min(1.0, len(found) * min(found, default=1.0))


def _by_labels(one: Joined, rest: Joined) -> float | None:
    if not one.labels.n or not rest.labels.n:
        return None
    wrong, usual = (
        sum(count for (old, new), count in side.labels.pairs.items() if old != new)
        for side in (one, rest)
    )
    return more_often(wrong, one.labels.n, usual, rest.labels.n)


def _by_scores(one: Joined, rest: Joined) -> float | None:
    """Of a slice whose mean difference is nearer to 0 than the others', 1: it is they that disagree."""
    a, b = one.scores, rest.scores
    variance = _error(a) + _error(b)
    if min(a.n, b.n) < MINIMUM or variance <= 0:
        return None
    if abs(a.difference) <= abs(b.difference):
        return 1.0
    return float(2.0 * ndtr(-abs(a.difference - b.difference) / math.sqrt(variance)))


def _error(scores: Scores) -> float:
    """Variance of the mean difference."""
    return scores.difference_m2 / (scores.n - 1) / scores.n if scores.n > 1 else math.inf


def _disagreements(joined: Joined) -> dict[tuple[str, str], int]:
    pairs = {pair: n for pair, n in joined.labels.pairs.items() if pair[0] != pair[1]}
    return dict(sorted(pairs.items(), key=lambda item: (-item[1], item[0])))


def _profile(
    store: EventStore, model: str, version: str, live: str, window: Window
) -> WindowProfile:
    """The version's outputs, over the bins of the live one's."""
    _, edges = store.edges(model, window, live)
    outputs = {name: FeatureSpec(own) for name, own in edges.items()}
    (profile,) = store.profiles(ProfileSpec(model, predictions=outputs, version=version), [window])
    if not profile.events:
        extent = store.extent(model)
        listed = ", ".join(sorted(extent.versions)) if extent else "none"
        raise InputError(
            f"version {version!r} of model {model!r} has no events from {window};"
            f" its versions: {listed}"
        )
    return profile


def _values(live: WindowProfile, segment: str) -> tuple[str, ...]:
    feature = live.features.get(segment)
    if feature is None or feature.categorical is None or not feature.strings:
        listed = ", ".join(sorted(n for n, f in live.features.items() if f.strings)) or "none"
        raise InputError(
            f"the live version has no categorical values of {segment!r}; name one of: {listed}"
        )
    counts = feature.categorical.counts
    return tuple(sorted(counts, key=lambda value: (-counts[value], value))[:SLICES])


def _shifts(live: WindowProfile, other: WindowProfile) -> tuple[Result, ...]:
    """Each output's distribution, as if the two were samples of their own, which is cautious for pairs."""
    rules = infer_constraints(replace(live, features=live.predictions))
    results = []
    for name in sorted(live.predictions.keys() | other.predictions.keys()):
        before, after = (side.predictions.get(name, _ABSENT) for side in (live, other))
        case = Case(
            f"prediction.{name}",
            rules.get(name),
            before,
            live.events,
            after,
            other.events,
            output=True,
        )
        answers = (
            numeric_shift(case, MINIMUM),
            category_shift(case, MINIMUM),
        )
        results += [answer for answer in answers if answer is not None]
    return tuple(results)


def _qualities(store: EventStore, spec: ShadowSpec) -> dict[str, Quality]:
    if not store.labelled(spec.model):
        return {}
    found = {
        version: next(
            iter(store.quality(QualitySpec(spec.model, spec.compared, version), [spec.window]))
        )
        for version in (spec.live, spec.shadow)
    }
    return found if any(one.labelled for one in found.values()) else {}
