"""A schema that changed though the model version did not: features mean something else than they did.

A rule: the service writes a hash of what decides its features' meaning into every event. Under a version that the
reference knows, events with a hash that it does not know are strange; so many of them as there are events of unknown
versions may belong to those. Under one version alone, several hashes contradict each other whatever the reference has.
"""

from dataclasses import dataclass

from driftlog_analyzers._profile import WindowProfile
from driftlog_analyzers._statistics import counted, percent, rate

MINIMUM_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What of it shows.

    Attributes:
        share: events with another schema, 0 to 1.
        words: for the summary.
    """

    share: float
    words: str


def schema_change(
    before: WindowProfile, after: WindowProfile, known: frozenset[str]
) -> SchemaChange | None:
    """Whether the schema changed within a version.

    Args:
        before: the reference's profile.
        after: the window's profile.
        known: versions that the reference knows.
    """
    n, versions = after.events, after.versions
    if len(versions) == 1 and not versions.keys() & known:
        usual = max(after.schemas.values(), default=0)
        strange, fresh = sum(after.schemas.values()) - usual, 0
    elif before.schemas:
        strange = sum(c for name, c in after.schemas.items() if name not in before.schemas)
        fresh = sum(count for name, count in versions.items() if name not in known)
    else:
        return None
    if strange <= fresh or rate(strange - fresh, n) < MINIMUM_SHARE:
        return None
    named = [name for name in versions if name in known] or list(versions)
    within = f"within version {named[0]}" if len(named) == 1 else "within a known version"
    share = rate(strange - fresh, n)
    words = (
        f"schema changed {within} in {percent(share)} of {counted(n, 'event')}: declared features, a vocabulary,"
        " a tokenizer or what is withheld is another"
    )
    return SchemaChange(share, words)
