"""Bring the dashboards into Kibana: what is missing is made, what people changed is kept unless they say otherwise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from driftlog_analyzers._kibana._compare import Standing, State, compared
from driftlog_analyzers._kibana._objects import ORDER, Json, SavedObject, ndjson
from driftlog_analyzers._kibana._server import Kibana, Refused

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of it.

    Attributes:
        version: of Kibana; None where it does not tell.
        made: objects that were not there.
        replaced: those that were there and otherwise.
        same: those that were there as they are shipped.
        kept: those that were there and otherwise, and were left so.
        refused: those that Kibana did not take.
    """

    version: str | None
    made: tuple[SavedObject, ...] = ()
    replaced: tuple[SavedObject, ...] = ()
    same: tuple[SavedObject, ...] = ()
    kept: tuple[Standing, ...] = ()
    refused: tuple[Refused, ...] = ()


def standings(kibana: Kibana, shipped: Sequence[SavedObject]) -> tuple[Standing, ...]:
    """How each shipped object stands in a space.

    Raises:
        KibanaError: it cannot be asked.
    """
    kibana.check()
    return compared(shipped, kibana.found(shipped))


def bring(
    kibana: Kibana, shipped: Sequence[SavedObject], *, overwrite: bool, progress: Progress
) -> Brought:
    """Import what is missing, and what is otherwise if it may be overwritten; kind by kind.

    Args:
        kibana: the space.
        shipped: what is shipped.
        overwrite: whether what is otherwise than shipped is replaced.
        progress: is told how many of how many objects are done.

    Raises:
        KibanaError: Kibana is not there, too old, or refuses all.
    """
    version = kibana.check()
    found = compared(shipped, kibana.found(shipped))
    by_state = {state: [one for one in found if one.state is state] for state in State}
    changed = by_state[State.CHANGED]
    wanted = by_state[State.MISSING] + (changed if overwrite else [])
    refused = _imported(kibana, [one.shipped for one in wanted], progress)
    bad = {(one.type, one.id) for one in refused}

    def taken(some: Sequence[Standing]) -> tuple[SavedObject, ...]:
        return tuple(s.shipped for s in some if (s.shipped.type, s.shipped.id) not in bad)

    return Brought(
        version=version,
        made=taken(by_state[State.MISSING]),
        replaced=taken(changed) if overwrite else (),
        same=tuple(one.shipped for one in by_state[State.SAME]),
        kept=() if overwrite else tuple(changed),
        refused=tuple(refused),
    )


def bring_rules(kibana: Kibana, rules: Mapping[str, Json], *, overwrite: bool) -> Mapping[str, str]:
    """Create the alerting rules that are not there; what was done with each: ``made``, ``replaced`` or ``kept``.

    A rule that is there is people's: they add to whom it sends. It is replaced only where it may be overwritten.

    Raises:
        KibanaError: Kibana refuses one.
    """
    done = {}
    for name, body in rules.items():
        there = kibana.rule(name)
        if there is None or overwrite:
            actions = there.get("actions", []) if there else []
            kept = {"actions": [_sent(action) for action in actions]} if actions else {}
            kibana.put_rule(name, body | kept, there=there is not None)
        done[name] = "made" if there is None else "replaced" if overwrite else "kept"
    return done


def _sent(action: Json) -> Json:
    """An action as Kibana takes it back; it gives the connector's type beside, which it does not take."""
    return {key: value for key, value in action.items() if key != "connector_type_id"}


def _imported(kibana: Kibana, wanted: Sequence[SavedObject], progress: Progress) -> list[Refused]:
    """Import objects, those first that others refer to; Kibana takes links to dashboards that come later."""
    refused: list[Refused] = []
    done = 0
    for kind in ORDER:
        some = [one for one in wanted if one.type == kind]
        if some:
            refused += kibana.take(ndjson(some))[1]
            done += len(some)
            progress(done, len(wanted))
    return refused
