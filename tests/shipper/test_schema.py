import json
import subprocess
import sys

import pytest

from driftlog import Redaction, Text
from driftlog._schema import schema_hash
from driftlog._text import tokenize


def own(text):
    """A tokenizer of the model's own."""
    return text.split("-")


class Tokenizer:
    """A tokenizer that is an object."""

    def __call__(self, text):
        """Cut at spaces."""
        return text.split()


def hashed(categorical=(), text=(), nan="nonfinite", redaction=None):
    """The hash of a logger with these arguments."""
    return schema_hash(categorical, dict(text), nan, redaction)


@pytest.mark.parametrize(
    "other",
    [
        {"categorical": ["zip"]},
        {"text": {"t": Text()}},
        {"text": {"t": Text(vocabulary=[])}},
        {"text": {"t": Text(vocabulary=["a"])}},
        {"text": {"t": Text(vocabulary=["a", "b"])}},
        {"text": {"t": Text(vocabulary=["a\\n'b'"])}},
        {"text": {"t": Text(vocabulary=["\ud800"])}},
        {"text": {"t": Text(tokenizer=own)}},
        {"text": {"t": Text(tokenizer=Tokenizer())}},
        {"text": {"u": Text()}},
        {"nan": "null"},
        {"redaction": Redaction(allow=[])},
        {"redaction": Redaction(allow=["a"])},
        {"redaction": Redaction(deny=["a"])},
        {"redaction": Redaction(hash=["a"], key=b"k")},
        {"redaction": Redaction(truncate={"a": 3})},
        {"redaction": Redaction(truncate={"a": 4})},
    ],
)
def test_what_decides_the_meaning_changes_it(other):
    """Each argument that decides what a feature means gives another hash, and the same one each time."""
    found = hashed(**other)

    assert found == hashed(**other)
    assert 12 == len(found)
    assert hashed() != found


def test_what_does_not_matter_does_not_change_it():
    """The order of names and tokens, an empty redaction, and the key of hashes leave the hash alone."""
    text = {"t": Text(vocabulary=["a", "b"], tokenizer=tokenize), "u": Text()}
    turned = {"u": Text(), "t": Text(vocabulary=("b", "a", "a"))}
    keys = [Redaction(hash=["x"], key=key) for key in (b"one", b"two")]

    assert hashed(["x", "y"], text) == hashed({"y", "x"}, turned)
    assert hashed() == hashed(redaction=Redaction())
    assert hashed(redaction=keys[0]) == hashed(redaction=keys[1])


def test_it_is_the_same_in_every_process():
    """Nothing in it hangs on the order of sets or on addresses."""
    code = (
        "from driftlog import Redaction, Text; from driftlog._schema import schema_hash\n"
        "words = {f'w{n}' for n in range(99)}\n"
        "text = {'t': Text(vocabulary=words, tokenizer=str.split)}\n"
        "print(schema_hash(words, text, 'null', Redaction(deny=words)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert 1 == len(found)


def test_every_event_carries_it(make, spool):
    """Predictions, rows of a batch and labels have their logger's hash; one more declared name changes it."""
    for categorical in ([], ["zip"]):
        with make(categorical=categorical) as logger:
            logger.log({"zip": 1})
            logger.log({"zip": 1}, duration=1, trace_id="t")
            logger.log_batch({"zip": [1, 2]})
            logger.log_label("p", 1)
    lines = (
        line for path in sorted(spool.glob("*.ndjson")) for line in path.read_text().splitlines()
    )
    models = [json.loads(line)["driftlog"]["model"] for line in lines]
    found = [model["schema"] for model in models if "schema" in model]

    assert [hashed()] * 5 + [hashed(["zip"])] * 5 == found
