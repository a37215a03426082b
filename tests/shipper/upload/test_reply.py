import pytest

from driftlog._upload._reply import CREATED, DUPLICATE, Outcome, Reply, judge, judge_other

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
        (Reply(0, "no answer"), "again", True),
        (Reply(0, "no such host", lasting=True), "hold", True),
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
    assert "view_index_metadata" in judge(Reply(403, {"error": ES}), ["a"]).reason
    assert "not Elasticsearch" in judge(Reply(404, "", foreign=True), ["a"]).reason


@pytest.mark.parametrize(
    ("kind", "words", "step"),
    [
        ("media_type_header_exception", "Invalid media-type", "mend what it names"),
        (None, "unrecognized parameter: [require_data_stream]", "upgrade it to 8.14 or later"),
        (
            "validation_exception",
            "this action would add [2] shards, but there are [1000]/[1000] maximum normal shards open",
            "raise cluster.max_shards_per_node or delete old indices",
        ),
        ("index_closed_exception", "closed", "mend what it names"),
    ],
)
def test_the_next_step_of_a_refusal_with_400(kind, words, step):
    """What a 400 holds for is told in the server's words, with a step that fits them."""
    error = {"type": kind, "reason": words}
    reason = judge(Reply(400, {"error": error}), ["a"]).reason
    assert (True, True) == (step in reason, words in reason)
    if kind in {"validation_exception", "index_closed_exception"}:
        assert step in one(status=400, error=error).reason


def test_the_command_that_is_missing():
    """Where the template is missing the sentence holds the whole command, for requests and for items."""
    setup = "driftlog setup --url http://es:9200 --namespace prod"
    gone = {"type": "index_not_found_exception", "reason": "no such index"}
    reply = Reply(200, {"items": [item(status=404, error=gone)]})
    for verdict in (judge(reply, ["a"], setup), judge(Reply(404, {"error": gone}), ["a"], setup)):
        assert f"run: {setup} (404" in verdict.reason


def test_what_people_must_act_on():
    """A verdict lasts where one of its items is held, and that one's reason is told."""
    items = [item(status=429, error=ES), item("b", status=403, error=ES)]
    verdict = judge(Reply(200, {"items": items}), ["a", "b"])
    assert (True, True) == (verdict.lasting, "create_doc" in verdict.reason)
    assert not judge(Reply(200, {"items": items[:1]}), ["a"]).lasting


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(200, {}), None),
        (Reply(200, {"items": [{"index": {"status": 400, "error": ES}}]}), None),
        (Reply(200, {"items": [{"index": {"status": 429, "error": ES}}]}), "again"),
        (Reply(200, {"items": [{"index": {"status": 403, "error": ES}}]}), "hold"),
        (Reply(200, {}, foreign=True), "hold"),
        (Reply(400, {"error": ES}), "hold"),
        (Reply(413, ""), "hold"),
        (Reply(503, ""), "again"),
        (Reply(0, "no answer"), "again"),
    ],
)
def test_requests_without_events(reply, kind):
    """A question, or an operation that no stream takes, was answered, waits or holds; nothing is split."""
    verdict = judge_other(reply)
    assert kind == (verdict.kind if verdict else None)


def test_retry_after_is_kept():
    """The time that the server asks for is passed on."""
    assert 7.0 == judge(Reply(429, None, retry_after=7.0), ["a"]).retry_after
