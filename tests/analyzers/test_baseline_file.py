import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from driftlog_analyzers import _baseline_file
from driftlog_analyzers._baseline import Baseline, Constraint, infer_constraints
from driftlog_analyzers._baseline_file import (
    load_baseline,
    save_baseline,
)
from driftlog_analyzers._profile import Categorical, FeatureProfile, Numeric, WindowProfile
from driftlog_analyzers.errors import ConfigError, InputError
from tests.analyzers import value_strategies as values

CREATED = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
PROFILE = WindowProfile(
    events=3,
    features={
        "age": FeatureProfile(numbers=3, numeric=Numeric(3, 2.0, 2.0, 1.0, 3.5, (2.0,), (2, 1))),
        "country": FeatureProfile(strings=3, categorical=Categorical({"DE": 2, "FR": 1})),
        "comment": FeatureProfile(texts=2, nulls=1),
    },
)
BASELINE = Baseline(
    model="churn",
    version="7",
    created=CREATED,
    source="train.csv, 3 rows",
    profile=PROFILE,
    constraints=infer_constraints(PROFILE),
    vocabulary={"comment": {"good": 2}},
)

finite = st.floats(allow_nan=False, allow_infinity=False)
ranges = st.tuples(finite, finite).map(sorted)
stages = st.sampled_from(["active", "beta", "planned", "deprecated"])
constraints = st.one_of(
    st.builds(
        lambda span, **rest: Constraint("numeric", minimum=span[0], maximum=span[1], **rest),
        ranges,
        required=st.booleans(),
        nulls=st.sampled_from(["allowed", "forbidden"]),
        stage=stages,
    ),
    st.builds(
        Constraint,
        kind=st.sampled_from(["categorical", "list", "unknown"]),
        values=st.none() | st.lists(st.text(), max_size=3).map(tuple),
        min_domain_mass=st.floats(0, 1),
        stage=stages,
    ),
    st.builds(Constraint, kind=st.just("text"), required=st.booleans()),
)
baselines = st.builds(
    Baseline,
    model=st.text(),
    version=st.text(),
    created=values.moments,
    source=st.text(),
    profile=values.profiles,
    constraints=st.dictionaries(st.text(), constraints, max_size=3),
    vocabulary=st.dictionaries(st.text(), values.tables, max_size=2),
)


@pytest.fixture
def saved(tmp_path):
    """A baseline on disk."""
    path = tmp_path / "churn.toml"
    save_baseline(BASELINE, path)
    return path


def edit(path, old, new):
    """Edit the file as a person would."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def problems(path):
    """What the file is refused with."""
    with pytest.raises(ConfigError) as caught:
        load_baseline(path)
    return str(caught.value)


@settings(deadline=None, max_examples=60)
@given(baselines)
def test_round_trip(baseline):
    """What is saved is loaded, whatever the names, values and numbers."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sub" / "7.1.toml"
        save_baseline(baseline, path)
        assert baseline == load_baseline(path)


def test_the_file_reads_well(saved):
    """One table a feature, one line a key, only the keys of its kind, each explained once."""
    header, body = saved.read_text().split("\n\nmodel", 1)
    assert (
        body
        == """ = "churn"
version = "7"
created = 2026-11-22T10:00:00.123456Z
source = "train.csv, 3 rows"
events = 3
profile = "churn.profile.json"

[features.age]
kind = "numeric"
required = true
nulls = "allowed"
minimum = 1.0
maximum = 3.5

[features.comment]
kind = "text"
required = true
nulls = "allowed"

[features.country]
kind = "categorical"
required = true
nulls = "allowed"
values = ["DE", "FR"]
min_domain_mass = 0.0
"""
    )
    keys = ["kind", "required", "nulls", "minimum", "maximum", "values", "min_domain_mass", "stage"]
    assert [1] * len(keys) == [header.count(f"{key}  ") + header.count(f"{key}, ") for key in keys]
    assert all(line.startswith("#") for line in header.splitlines() if line)


def test_saving_again_changes_nothing(saved):
    """Loading and saving gives the same bytes, so git sees a change only where there is one."""
    beside = saved.with_name("churn.profile.json")
    before = saved.read_bytes(), beside.read_bytes()
    save_baseline(load_baseline(saved), saved)
    assert before == (saved.read_bytes(), beside.read_bytes())
    assert {"churn.toml", "churn.profile.json"} == {path.name for path in saved.parent.iterdir()}


def test_edits_win(saved):
    """What people write counts, not what the profile says."""
    edit(saved, "minimum = 1.0", "minimum = 16 # voting age")
    edit(saved, 'values = ["DE", "FR"]', 'values = ["DE", "FR", "AT"]')
    edit(saved, 'kind = "text"\nrequired = true', 'kind = "text"\nrequired = false')
    edit(saved, "maximum = 3.5\n", "")
    assert load_baseline(saved).constraints == {
        "age": Constraint("numeric", minimum=16.0),
        "comment": Constraint("text", required=False),
        "country": Constraint("categorical", values=("DE", "FR", "AT")),
    }


def test_features_are_planned_and_dropped(saved):
    """A feature may be in the file and not yet in the profile; one cut from the file is unknown."""
    text = saved.read_text()
    begin = text.index("[features.comment]")
    end = text.index("[features.country]")
    planned = '\n[features.new]\nkind = "numeric"\nstage = "planned"\n'
    saved.write_text(text[:begin] + text[end:] + planned)
    baseline = load_baseline(saved)
    assert list(baseline.constraints) == ["age", "country", "new"]
    assert Constraint("numeric", stage="planned") == baseline.constraints["new"]
    assert baseline.profile == PROFILE


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('model = "churn"', "model = 3", "model is 3; it should be a text in quotes"),
        ('version = "7"\n', "", "version is missing; add it"),
        (
            "created = 2026",
            "created = '2026' #",
            "created is '2026'; it should be a valid datetime",
        ),
        (
            "123456Z",
            "123456",
            "created is 2026-11-22 10:00:00.123456; it should have timezone info",
        ),
        ("events = 3", 'events = "3"', "events is '3'; it should be a valid integer"),
        (
            "events = 3",
            "events = 4",
            "events is 4, and churn.profile.json holds 3: the two files are not of one baseline",
        ),
        ("model =", "modle = 1\nmodel =", "modle is unknown; did you mean model?"),
        (
            'kind = "numeric"',
            'kind = "number"',
            "features.age.kind is 'number'; it should be 'numeric', 'categorical', 'text', 'list'",
        ),
        ('kind = "numeric"\n', "", "features.age.kind is missing; add it"),
        (
            "minimum = 1.0",
            "minimum = 4",
            "features.age: minimum 4 is above maximum 3.5; correct one of them",
        ),
        ("minimum = 1.0", "minimum = -inf", "features.age.minimum is -inf; it should be a finite"),
        ("minimum = 1.0", "minimum = '1'", "features.age.minimum is '1'; it should be a valid"),
        ("minimum =", "minimun =", "features.age.minimun is unknown; did you mean minimum?"),
        (
            "maximum = 3.5",
            'values = ["1"]',
            "features.age: a numeric feature has no values and no min_domain_mass; remove them",
        ),
        (
            "min_domain_mass = 0.0",
            "min_domain_mass = 90",
            "features.country.min_domain_mass is 90; it should be less than or equal to 1",
        ),
        (
            "min_domain_mass = 0.0",
            "maximum = 1",
            "features.country: a categorical feature has no minimum and no maximum; remove them",
        ),
        ('["DE", "FR"]', '["DE", 1]', "features.country.values.1 is 1; it should be a text"),
        (
            "required = true",
            "required = 1",
            "features.age.required is 1; it should be a valid bool",
        ),
        ('nulls = "allowed"', 'nulls = "no"', "features.age.nulls is 'no'; it should be 'allowed'"),
        (
            "[features.age]",
            "[features.age]\nstage = 'gone'",
            "features.age.stage is 'gone'; it should be 'active', 'beta', 'planned' or 'depre",
        ),
        (
            "churn.profile.json",
            "other.json",
            "profile {folder}/other.json cannot be read (No such file or directory); restore it",
        ),
        ("profile = ", "profile = 1 #", "profile is 1; it should be a text in quotes"),
    ],
)
def test_a_problem_is_one_sentence(saved, old, new, problem):
    """The sentence names file, key, what is there and what should be."""
    edit(saved, old, new)
    expected = f"{saved}: {problem.format(folder=saved.parent)}"
    assert expected == problems(saved)[: len(expected)]
    assert "\n" not in problems(saved)


def test_all_problems_at_once(saved):
    """Problems of the file and of the profile are listed together, one a line."""
    edit(saved, "minimum = 1.0", "minimum = 9\nvaluse = 1")
    edit(saved, 'kind = "text"', 'kind = "words"')
    saved.with_name("churn.profile.json").write_text('{"profile": {"events": 3}')
    beside = f"{saved.parent}/churn.profile.json"
    assert problems(saved).splitlines() == [
        f"{saved} has 3 problems:",
        "  features.age.valuse is unknown; did you mean values?",
        "  features.comment.kind is 'words';"  # noqa: ISC004 - one line of the answer
        " it should be 'numeric', 'categorical', 'text', 'list' or 'unknown'",
        f"  profile {beside} is damaged; restore it from git, or make the baseline again",
    ]


def test_strange_feature_names_are_quoted(tmp_path):
    """A problem names its feature as TOML writes it."""
    path = tmp_path / "b.toml"
    save_baseline(replace(BASELINE, constraints={'a.b "c"\n': Constraint("text")}), path)
    edit(path, "required = true", "required = 1")
    expected = r'features."a.b \"c\"\n".required is 1; it should be a valid boolean'
    assert f"{path}: {expected}" == problems(path)


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.9])
def test_a_torn_profile(saved, cut):
    """A profile that was cut off is refused."""
    beside = saved.with_name("churn.profile.json")
    beside.write_bytes(beside.read_bytes()[: int(cut * beside.stat().st_size)])
    assert f"{saved}: profile {beside} is damaged" in problems(saved)


def test_missing_and_broken_files(tmp_path):
    """No file, a folder and text that is not TOML are refused with the reason."""
    assert "cannot be read (No such file or directory)" in problems(tmp_path / "none.toml")
    assert "cannot be read (Is a directory)" in problems(tmp_path)
    broken = tmp_path / "broken.toml"
    broken.write_text("model = churn")
    assert f"{broken} is not valid TOML (Invalid value (at line 1, column 9))" in problems(broken)


@pytest.mark.parametrize("room", [0, 1])
def test_a_full_disk_leaves_the_old_baseline(saved, monkeypatch, room):
    """If the first or the second file does not fit, both are as they were, with nothing beside."""
    answers = iter([None] * room)

    def fsync(_):
        if next(answers, "full"):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(_baseline_file.os, "fsync", fsync)
    with pytest.raises(InputError) as caught:
        save_baseline(replace(BASELINE, version="8", profile=WindowProfile()), saved)
    assert str(caught.value) == (
        f"baseline {saved} cannot be written (No space left on device);"
        " free some space or name another place"
    )
    assert load_baseline(saved) == BASELINE
    assert len(list(saved.parent.iterdir())) == 2


def test_a_file_in_the_way(tmp_path):
    """A folder that cannot be made is one sentence."""
    (tmp_path / "churn").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        save_baseline(BASELINE, tmp_path / "churn" / "7.toml")


def test_the_files_are_what_other_tools_read(saved):
    """Any TOML and any JSON reader reads the two files."""
    document = tomlkit.parse(saved.read_text()).unwrap()
    assert document == tomllib.loads(saved.read_text())
    reference = json.loads(saved.with_name(document["profile"]).read_text())
    assert (reference["profile"]["events"], reference["vocabulary"]["comment"]) == (3, {"good": 2})
