import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from driftlog_analyzers._baseline import Baseline, Constraint, infer_constraints
from driftlog_analyzers._profile import Categorical, FeatureProfile, Text, WindowProfile
from driftlog_analyzers.errors import BaselineError, ConfigError, StoreError

CREATED = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
BASELINE = Baseline("churn", "7", CREATED, "train.csv", WindowProfile(3), {})


def keep(home, version, days=0, model="churn"):
    """Save a baseline made so many days later."""
    created = CREATED + timedelta(days=days)
    made = replace(BASELINE, model=model, version=version, created=created)
    assert home.baselines_place in home.baselines.save(made)
    return made


def test_the_exact_version(home):
    """The version's own baseline counts, even if another is newer."""
    old = keep(home, "7")
    keep(home, "8", days=1)
    assert old == home.baselines.find("churn", "7")


@pytest.mark.parametrize("version", ["11", None])
def test_else_the_newest(home, version):
    """Without one of the version the one made last counts, to the microsecond, and never another model's."""
    keep(home, "9", days=1)
    made = keep(home, "10", days=2)
    keep(home, "8")
    keep(home, "8", days=9, model="fraud")
    home.baselines.save(
        replace(made, version="6", created=made.created - timedelta(microseconds=1))
    )
    assert made == home.baselines.find("churn", version)


def test_in_place_of_an_earlier_one(home):
    """A baseline takes the place of that of its version; names may hold anything."""
    keep(home, "7/é", model="team/churn")
    later = replace(keep(home, "7/é", model="team/churn"), source="more.csv")
    home.baselines.save(later)
    assert later == home.baselines.find("team/churn", "7/é")


def test_exactly_this_version(home):
    """One of exactly the version is given, or none: nothing is inherited."""
    made = keep(home, "7")
    found = [home.baselines.get("churn", "7"), home.baselines.get("churn", "8")]
    assert [made, None] == found


def test_none(home):
    """A model without baseline is refused with the command that makes one."""
    keep(home, "7", model="fraud")
    with pytest.raises(BaselineError) as caught:
        home.baselines.find("churn", "7")
    assert str(caught.value).startswith(f"model 'churn' has no baseline in {home.baselines_place}")
    assert str(caught.value).endswith(
        "make one with `driftlog baseline --model churn --input FILE`"
    )


def test_a_large_one(home):
    """Ten thousand categories, two thousand features and a vocabulary of 300,000 words are kept whole."""
    chance = random.Random(5)
    words = {f"{chance.randrange(10**12):x}": chance.randrange(1, 900) for _ in range(300_000)}
    categories = dict(list(words.items())[:10_000])
    wide = FeatureProfile(strings=3, categorical=Categorical(categories))
    features = {f"c{n}": wide for n in range(20)}
    features |= {f"n{n}": FeatureProfile(numbers=n) for n in range(2_000)}
    features["t"] = FeatureProfile(texts=3, text=Text(3, 9, 1, 9, 1, 3, words))
    profile = WindowProfile(3_000, features)
    made = replace(
        BASELINE,
        profile=profile,
        constraints=infer_constraints(profile) | {"x": Constraint("numeric", minimum=0.25)},
        vocabulary={"t": words},
    )
    home.baselines.save(made)
    assert made == home.baselines.find("churn", "7")


class TestElasticsearch:
    """What only an index has."""

    def test_revisions(self, emptied):
        """A revision counts the changes; the same baseline made once more is none and writes nothing."""
        for days in (0, 0, 1):
            made = keep(emptied, "7", days, model="counted")
        assert CREATED == emptied.baselines.find("counted").created
        emptied.baselines.save(replace(made, source="more.csv"))
        ((_, hit),) = emptied.hits("baselines").items()
        found = hit["_source"]["driftlog"]
        assert (2, 2) == (hit["_version"], found["revision"])
        assert ("counted 7", "more.csv", 3) == (found["name"], found["source"], found["events"])

    def test_overtaken(self, emptied):
        """Who saves onto what another process saved meanwhile is told so."""
        index = emptied.baselines._index
        keep(emptied, "7")
        real = index.get

        def get(name):
            before = real(name)
            index.get = real
            emptied.baselines.save(replace(BASELINE, source="theirs.csv"))
            return before

        index.get = get
        with pytest.raises(StoreError, match="saved meanwhile by another process; run again"):
            emptied.baselines.save(replace(BASELINE, source="ours.csv"))
        assert "theirs.csv" == emptied.baselines.find("churn").source

    def test_damaged(self, emptied, client):
        """A baseline that another program wrote is refused with the command that makes it again."""
        keep(emptied, "7")
        ((_, hit),) = emptied.hits("baselines").items()
        body = {"driftlog": {"baseline": "junk"}}
        client.update(index=hit["_index"], id=hit["_id"], doc=body, refresh=True)
        with pytest.raises(ConfigError) as caught:
            emptied.baselines.find("churn")
        assert f"the baseline 'churn 7' in {emptied.baselines_place}" in str(caught.value)
