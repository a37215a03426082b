"""What is redacted reaches no file, and redaction that fails withholds."""

import logging

import pytest
import structlog

from driftlog import Redaction, SettingsError, Text

KEY = b"key"


def test_deny(body):
    """A denied feature, and all below it, is not there."""
    features = {"a": 1, "user": {"mail": "m"}, "t": "some words"}
    settings = {"redaction": Redaction(deny=["user", "t"]), "text": ["t"]}
    assert {"num": {"a": 1}} == body(features, settings=settings)


def test_allow(body):
    """With an allow-list nothing else is logged but the prediction."""
    features = {"a": 1, "b": {"c": 2, "d": 3}, "e": [1], "f": object()}
    expected = {"num": {"a": 1, "b.c": 2}, "prediction": {"num": {"score": 1}}}
    settings = {"redaction": Redaction(allow=["a", "b.c"])}
    assert expected == body(features, prediction=1, settings=settings)


def test_hash(body):
    """Equal values have equal hashes, of whatever kind; nulls stay nulls."""
    redaction = Redaction(hash=["a", "b", "t", "l", "n"], key=KEY)
    features = {"a": "x", "b": {"c": "x"}, "t": "two words", "l": ["x", "y"], "n": None}
    document = body(features, settings={"redaction": redaction, "text": ["t"]})
    assert document["cat"]["a"] == document["cat"]["b.c"] == document["list"]["l"][0]
    assert {"a", "b.c", "t"} == document["cat"].keys()
    assert 20 == len(document["cat"]["a"])
    assert ["n"] == document["na"]
    assert "tok" not in document


def test_key_matters():
    """The same value has another hash under another key."""
    one, other = (Redaction(hash=["a"], key=key).digest("x") for key in (b"1", b"2"))
    assert one != other


def test_truncate(body):
    """A cut value is its first characters, for numbers too."""
    redaction = Redaction(truncate={"zip": 2})
    features = {"zip": "10115", "x": {"zip": "10115"}, "y": "10115"}
    expected = {"cat": {"zip": "10", "x.zip": "10115", "y": "10115"}}
    assert expected == body(features, settings={"redaction": redaction})
    assert {"cat": {"zip": "10"}} == body({"zip": 10115}, settings={"redaction": redaction})


def test_predictions_and_labels(make, spool):
    """Fields of the prediction, ground truth and context variables are redacted by their names."""
    redaction = Redaction(deny=["score", "session"], hash=["label", "user"], key=KEY)
    bound = structlog.contextvars.bound_contextvars(session="s3cret", user="anna", tenant="t")
    with bound, make(redaction=redaction) as logger:
        event = logger.log({}, prediction={"score": 0.25, "label": "stay", "n": 1})
        logger.log_label(event, "stay")
    text = next(spool.glob("*.ndjson")).read_text()
    assert not [word for word in ("s3cret", "anna", "stay", "0.25") if word in text]
    assert 2 == text.count(redaction.digest("stay"))


def test_failure_withholds(make, spool, caplog):
    """A value whose redaction raises is withheld and named; the event stays; nothing tells it."""

    def broken(text):
        raise ValueError(text)

    class Broken(Redaction):
        def digest(self, text):
            raise RuntimeError(text)

    redaction = Broken(hash=["a"], truncate={"t": 3}, key=KEY)
    with (
        caplog.at_level(logging.WARNING),
        make(redaction=redaction, text={"t": Text(tokenizer=broken)}) as logger,
    ):
        logger.log({"a": "hunter2", "t": "hunter2", "n": 1}, prediction=1)
        logger.log_batch({"a": ["hunter2"], "t": ["hunter2"], "n": [1]})
    text = next(spool.glob("*.ndjson")).read_text()
    assert 2 == text.count('"redacted":["a","t"]')
    assert "hunter2" not in text + caplog.text
    assert 4 == logger.counters.changed["value raised an error"]


@pytest.mark.parametrize(
    "settings",
    [{"hash": ["a"]}, {"deny": "a"}, {"hash": ["a"], "key": "text"}, {"key": b"k" * 65},
     {"truncate": {"a": -1}}],
)  # fmt: skip
def test_settings(settings):
    """Settings that make no sense are refused at once, with a sentence."""
    with pytest.raises(SettingsError, match="Redaction: "):
        Redaction(**settings)
