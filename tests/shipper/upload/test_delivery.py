from hypothesis import given
from hypothesis import strategies as st

from driftlog._upload._account import Account
from driftlog._upload._backoff import Backoff
from driftlog._upload._delivery import Delivery
from driftlog._upload._reply import Outcome, Reply, judge

STATUSES = st.sampled_from([200, 201, 400, 403, 404, 409, 413, 429, 500, 503, None])
ERROR = {"type": "some_exception", "reason": "r"}


@st.composite
def replies(draw, names):
    """Give a reply as any server might: right, wrong, or half of each."""
    kind = draw(st.sampled_from(["items", "short", "reordered", "status", "nothing", "html"]))
    if kind == "nothing":
        return Reply(0, "reset")
    if kind == "html":
        return Reply(200, "<html>")
    if kind == "status":
        return Reply(draw(STATUSES) or 302, draw(st.sampled_from([None, "", {"error": ERROR}])))
    items = []
    for name in names:
        result = {"_id": name, "status": draw(STATUSES)}
        if draw(st.booleans()):
            result["error"] = ERROR
        if draw(st.integers(0, 9)) == 0:
            result["failure_store"] = "used"
        items.append({"create": result})
    if kind == "short":
        items = items[:-1]
    if kind == "reordered":
        items = items[::-1]
    return Reply(200, {"errors": True, "items": items})


@given(st.integers(0, 20), st.data())
def test_any_replies(count, data):
    """Whatever is replied, each event gets one outcome, and the account counts each once."""
    ids = [f"s-{n:x}" for n in range(count)]
    delivery = Delivery(count)
    for _ in range(30):
        group = delivery.group
        if group is None:
            break
        names = [ids[place] for place in group.members]
        before = len(delivery.outcomes)
        verdict = judge(data.draw(replies(names)), names)
        delivery.take(verdict)
        assert before <= len(delivery.outcomes)
        if verdict.kind in {"again", "hold"}:
            assert before == len(delivery.outcomes)
    else:
        while (group := delivery.group) is not None:
            names = [ids[place] for place in group.members]
            items = [{"create": {"_id": name, "status": 201}} for name in names]
            delivery.take(judge(Reply(200, {"items": items}), names))
    assert count == len(delivery.outcomes) == Account().plus(delivery.outcomes).resolved


@given(st.lists(st.booleans(), min_size=1, max_size=64))
def test_bisecting(bad):
    """If any bad event fails a whole request, exactly the bad ones are refused in the end."""
    delivery, requests = Delivery(len(bad)), 0
    while (group := delivery.group) is not None:
        requests += 1
        if any(bad[place] for place in group.members):
            names = [str(place) for place in group.members]
            delivery.take(judge(Reply(400, {"error": ERROR}), names))
        else:
            names = [str(place) for place in group.members]
            items = [{"create": {"_id": name, "status": 201}} for name in names]
            delivery.take(judge(Reply(200, {"items": items}), names))
    assert bad == [outcome.kind == "rejected" for outcome in delivery.outcomes]
    assert requests <= 1 + 2 * sum(bad) * 7


def test_only_the_unresolved_are_sent_again():
    """Of a mixed reply only what waits is sent again, and marked as sent before."""
    delivery = Delivery(4)
    statuses = [201, 429, 409, 503]
    items = [{"create": {"_id": str(n), "status": status}} for n, status in enumerate(statuses)]
    assert not delivery.take(judge(Reply(200, {"items": items}), ["0", "1", "2", "3"]))
    assert ([1, 3], True) == (list(delivery.group.members), delivery.group.resent)


def test_marked_only_where_unclear():
    """A request that surely indexed nothing is sent again without the mark."""
    delivery = Delivery(2)
    delivery.take(judge(Reply(429, None), ["0", "1"]))
    assert not delivery.group.resent
    delivery.take(judge(Reply(0, "timeout"), ["0", "1"]))
    assert delivery.group.resent


def test_backoff():
    """Waits are drawn from below a bound that doubles up to a minute, and begins anew."""
    backoff = Backoff(draw=lambda _, most: most)
    assert [0.5, 1, 2, 4, 8, 16, 32, 60, 60] == [backoff.next() for _ in range(9)]
    backoff.reset()
    assert 0.5 + 30 == backoff.next(30.0)
    assert 1 + 600 == backoff.next(1e9)


def test_the_account_by_reason():
    """The reasons are counted by their first word, so that there are few of them."""
    outcomes = [Outcome("rejected", f"mapper: field {n}") for n in range(3)]
    account = Account().plus(outcomes, ["torn"]).minus("segment deleted", 5)
    assert {"mapper": 3, "torn": 1} == account.quarantined
    assert ({"segment deleted": 5}, 9) == (account.dropped, account.resolved)
