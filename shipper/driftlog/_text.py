"""Text features: from a string to its tokens."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from driftlog.errors import SettingsError

__all__ = ["Text", "tokenize", "words"]

words = re.compile(r"\w+(?:['’]\w+)*").findall  # noqa: RUF001 - the typographic apostrophe is meant

# More text than this is cut before it is tokenized, so that one event cannot hold up a request.
MAX_CHARACTERS = 1 << 20


def tokenize(text: str) -> list[str]:
    """Cut a text into words: runs of letters, digits and ``_``; apostrophes inside stay.

    >>> tokenize("Don't panic, it's 42!")
    ["Don't", 'panic', "it's", '42']
    """
    # Letters and blanks alone are the usual case, and split() is many times faster than a regex.
    found = text.split()
    return found if "".join(found).isalnum() else words(text)


@dataclass(frozen=True, slots=True)
class Text:
    """How a text feature is tokenized, and which tokens the model knows.

    With a vocabulary the event carries the number of tokens and the unknown ones; without, it
    carries the distinct tokens and the baseline's vocabulary decides later.

    Args:
        vocabulary: The tokens that the model knows, exactly as the tokenizer writes them.
        tokenizer: Takes the text, gives its tokens; the model's own, where it has one.

    Raises:
        SettingsError: The vocabulary is one string instead of a collection of strings.
    """

    vocabulary: Collection[str] | None = None
    tokenizer: Callable[[str], Iterable[str]] = tokenize
    known: frozenset[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.vocabulary, str):
            raise SettingsError("Text: the vocabulary is one string; give a collection of tokens.")
        known = None if self.vocabulary is None else frozenset(self.vocabulary)
        object.__setattr__(self, "known", known)

    def measure(self, text: str) -> tuple[dict[str, int], str, list[str]]:
        """Give the counts of a text, the kind of its token list (``oov`` or ``tok``), the list.

        Raises:
            Exception: Whatever the tokenizer raises.
        """
        found = self.tokenizer(text)
        tokens = found if type(found) is list else list(found)
        distinct = set(tokens)
        if self.known is None:
            return {"tokens": len(tokens), "distinct": len(distinct)}, "tok", sorted(distinct)
        unknown = sorted(distinct - self.known)
        counts = {"tokens": len(tokens), "distinct": len(distinct), "oov": len(unknown)}
        return counts, "oov", unknown
