import pytest

from driftlog._upload._reply import CREATED, DUPLICATE, Outcome, Reply, judge

ES = {"type": "some_exception", "reason": "some reason"}


def item(name="a", **result):
    """Give an item of a reply."""
    return {"create": {"_id": name, **result}}


def one(**result):
    """Give the verdict on a reply with one item."""
    return judge(Reply(200, {"errors": False, "items": [item(**result)]}), ["a"])


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ({"status": 201}, CREATED),
        ({"status": 201, "result": "created", "_shards": {}}, CREATED),
        ({"status": 200, "failure_store": "not_enabled"}, CREATED),
        ({"status": 409, "error": ES}, DUPLICATE),
        ({"status": 400, "error": ES}, Outcome("rejected", "some_exception: some reason")),
        ({"status": 400}, Outcome("rejected", "status 400")),
        ({"status": 413, "error": "big"}, Outcome("rejected", "big")),
        ({"status": 201, "failure_store": "used"}, Outcome("rejected", "failure store")),
    ],
)
def test_resolved_items(result, outcome):
    """Each item that is settled has its outcome, and Elasticsearch's reason."""
    assert ("items", [outcome]) == (one(**result).kind, one(**result).items)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, ES, "retry"),
        (408, ES, "retry"),
        (500, ES, "retry"),
        (503, ES, "retry"),
        (None, None, "retry"),
        ("201", None, "retry"),
        (401, ES, "hold"),
        (403, {"type": "cluster_block_exception", "reason": "index [x] blocked"}, "hold"),
        (404, {"type": "index_not_found_exception", "reason": "no such index"}, "hold"),
        (400, {"type": "validation_exception", "reason": "would add [2] shards"}, "hold"),
        (400, {"type": "illegal_argument_exception", "reason": "pipeline with id [x]"}, "hold"),
        (400, {"type": "index_closed_exception", "reason": "closed"}, "hold"),
        (405, ES, "hold"),
    ],
)
def test_items_that_stay(status, error, kind):
    """What the event is not to blame for keeps the event, and says why."""
    verdict = one(status=status, error=error)
    assert ("items", kind, False) == (
        verdict.kind,
        verdict.items[0].kind,
        verdict.items[0].resolved,
    )
    assert verdict.reason


@pytest.mark.parametrize(
    "body",
    [
        None,
        "<html>hello</html>",
        [],
        {},
        {"items": None},
        {"items": []},
        {"items": [item("a", status=201)]},
        {"items": [item("b", status=201), item("a", status=201)]},
        {"items": [item("a", status=201), item("a", status=201)]},
        {"items": [item("a", status=201), {"index": {"_id": "b", "status": 201}}]},
        {"items": [item("a", status=201), None]},
        {"items": [item("a", status=201), {"create": None}]},
        {"items": "ab"},
    ],
)
def test_a_reply_that_does_not_fit(body):
    """Of a reply that is short, reordered or no reply to this request, nothing is believed."""
    verdict = judge(Reply(200, body), ["a", "b"])
    assert ("again", True, ()) == (verdict.kind, verdict.unclear, verdict.items)


@pytest.mark.parametrize(
    ("reply", "kind", "unclear"),
    [
        (Reply(0, "ConnectionError: refused"), "again", True),
        (Reply(429, {"error": ES}), "again", False),
        (Reply(503, None), "again", True),
        (Reply(502, "<html>", foreign=True), "again", True),
        (Reply(413, "", foreign=True), "split", False),
        (Reply(400, {"error": ES}), "split", False),
        (Reply(400, {"error": {"type": "media_type_header_exception"}}), "hold", False),
        (Reply(400, {"error": {"reason": "unrecognized parameter: [x]"}}), "hold", False),
        (Reply(400, "bad request", foreign=True), "hold", True),
        (Reply(400, "bad request"), "hold", False),
        (Reply(401, {"error": ES}), "hold", False),
        (Reply(403, {"error": ES}), "hold", False),
        (Reply(404, {"error": ES}), "hold", False),
        (Reply(404, "nginx", foreign=True), "hold", True),
        (Reply(0, "not Elasticsearch", foreign=True), "hold", True),
        (Reply(302, ""), "hold", False),
    ],
)
def test_whole_requests(reply, kind, unclear):
    """A request that fails as a whole is sent again, split, or held; its events stay."""
    verdict = judge(reply, ["a", "b"])
    assert (kind, unclear, ()) == (verdict.kind, verdict.unclear, verdict.items)
    assert verdict.reason


def test_says_what_to_do():
    """The sentences name the next step."""
    assert "driftlog setup" in judge(Reply(404, {"error": ES}), ["a"]).reason
    assert "create_doc" in judge(Reply(403, {"error": ES}), ["a"]).reason
    assert "API key" in judge(Reply(401, {"error": ES}), ["a"]).reason
    assert "some reason" not in judge(Reply(401, {"error": ES}), ["a"]).reason
    assert "8.14" in judge(Reply(400, {"error": {"type": "media_type_header"}}), ["a"]).reason
    assert "check the URL" in judge(Reply(0, "ConnectionError: refused"), ["a"]).reason
    assert "https" in judge(Reply(0, "TlsError: wrong version number"), ["a"]).reason
    assert "not Elasticsearch" in judge(Reply(404, "", foreign=True), ["a"]).reason


def test_retry_after_is_kept():
    """The time that the server asks for is passed on."""
    assert 7.0 == judge(Reply(429, None, retry_after=7.0), ["a"]).retry_after
