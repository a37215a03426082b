"""Which features a stream has, by the names of its fields: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SECTIONS = ("num", "cat", "list", "text", "tok", "oov", "other")
NAMED = ("na", "nonfinite", "empty")
_ROOT = "driftlog."
_ENDINGS = {"text": ".distinct"}


@dataclass(frozen=True, slots=True)
class Fields:
    """Where the features, or the outputs, stand in the documents of a stream.

    Attributes:
        role: what their sections' names begin with: nothing, or ``prediction.``.
        sections: feature names by section.
    """

    role: str = ""
    sections: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def names(self, section: str) -> frozenset[str]:
        """The features that stand in a section of some document."""
        return self.sections.get(section, frozenset())

    def path(self, section: str, name: str) -> str:
        """The field of a feature; of a text, that with the number of its distinct tokens."""
        return f"{_ROOT}{self.role}{section}.{name}{_ENDINGS.get(section, '')}"

    def unknown(self, name: str) -> str:
        """The field with the number of a text's unknown tokens."""
        return f"{_ROOT}{self.role}text.{name}.oov"

    def named(self, mark: str) -> str:
        """The field that names the features of one kind: null, not finite, or an empty list."""
        return f"{_ROOT}{self.role}{mark}"


def fields_of(mapped: Iterable[str], role: str = "") -> Fields:
    """The features (no role) or outputs (``prediction.``) among the fields that a stream has."""
    found: dict[str, set[str]] = {}
    for path in mapped:
        for section in SECTIONS:
            start, end = f"{_ROOT}{role}{section}.", _ENDINGS.get(section, "")
            if path.startswith(start) and path.endswith(end):
                found.setdefault(section, set()).add(path[len(start) : len(path) - len(end)])
    return Fields(role, {section: frozenset(names) for section, names in found.items()})
