from dataclasses import replace

import pandas as pd
import pytest

from driftlog_analyzers import Roles, Settings, baseline_from_frame, parse_size
from driftlog_analyzers._fingerprint import baseline_label, profile_fingerprint
from driftlog_analyzers._reference import profile_spec

SIZE = parse_size("1h")


@pytest.fixture
def baseline():
    """A numeric feature and a numeric output."""
    frame = pd.DataFrame({"age": [20.0, 40.0, 60.0], "score": [0.1, 0.5, 0.9]})
    roles = Roles(predictions=frozenset({"score"}))
    return baseline_from_frame(frame, model="m", version="1", roles=roles)


@pytest.mark.parametrize(("part", "name"), [("constraints", "age"), ("outputs", "score")])
def test_an_edited_bound_profiles_windows_anew(baseline, part, name):
    """What lies below and above is counted in the profile, of features and of outputs."""
    rules = getattr(baseline, part)
    edited = replace(baseline, **{part: {**rules, name: replace(rules[name], maximum=0.7)}})

    prints = [profile_fingerprint(profile_spec(one)) for one in (baseline, edited)]
    labels = [baseline_label(one, Settings(), SIZE) for one in (baseline, edited)]

    assert prints[0] != prints[1]
    assert labels[0] != labels[1]


def test_the_same_baseline_has_the_same_texts(baseline):
    """Neither the order of the names nor the process decides."""
    turned = replace(baseline, constraints=dict(reversed(baseline.constraints.items())))

    assert profile_fingerprint(profile_spec(baseline)) == profile_fingerprint(profile_spec(turned))
    assert baseline_label(baseline, Settings(), SIZE) == baseline_label(turned, Settings(), SIZE)
