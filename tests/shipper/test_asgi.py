"""The ASGI middleware, under Starlette and under bare ASGI, over a real spool."""

import asyncio
import re
import threading
from collections import UserDict
from concurrent.futures import ThreadPoolExecutor
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars

import driftlog
from driftlog import PredictionLogger, PredictionMiddleware, _asgi
from tests.shipper.event_spec import check_event, documents, predictions

FEATURES = {"country": "DE", "age": 41}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def logger(tmp_path):
    """A prediction logger over a spool of its own."""
    with PredictionLogger(model="churn", version="7", spool=tmp_path) as made:
        yield made


def get(logger, endpoint, *, raising=False, **headers):
    """Serve one GET of *endpoint* behind the middleware and return the response."""
    app = Starlette(routes=[Route("/", endpoint)])
    app.add_middleware(PredictionMiddleware, logger=logger)
    transport = httpx.ASGITransport(app, raise_app_exceptions=raising)

    async def call():
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/", headers=headers)

    return asyncio.run(call())


def drive(logger, app, *, send=None, receive=None):
    """Serve one bare ASGI request and return the messages that were sent."""
    sent = []

    async def keep(message):
        sent.append(message)

    async def nothing():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "headers": [], "method": "GET", "path": "/"}
    middleware = PredictionMiddleware(app, logger=logger)
    asyncio.run(middleware(scope, receive or nothing, send or keep))
    return sent


def outcomes(folder):
    """Return the outcomes of the predictions in *folder*, each line checked."""
    for event, line in predictions(folder):
        check_event(event, line)
    return [event["event"]["outcome"] for event, _ in predictions(folder)]


class TestTrace:
    """Where a request's trace id comes from, and where it goes."""

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({"traceparent": PARENT}, TRACE),
            ({"traceparent": PARENT, "x-request-id": "r-1"}, TRACE),
            ({"traceparent": f"cc-{PARENT[3:]}-later"}, TRACE),
            ({"x-request-id": "r-1"}, "r-1"),
            ({"traceparent": PARENT + "-extra", "x-request-id": "r-1"}, "r-1"),
            ({"traceparent": f"ff-{PARENT[3:]}", "x-request-id": "r-1"}, "r-1"),
            ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01", "x-request-id": "r-1"}, "r-1"),
            ({"traceparent": f"00-{TRACE}-{'0' * 16}-01", "x-request-id": "r-1"}, "r-1"),
            ({"traceparent": PARENT.upper(), "x-request-id": "r-1"}, "r-1"),
        ],
    )
    def test_comes_from_the_headers(self, logger, tmp_path, headers, expected):
        """A valid traceparent wins, then the request id."""

        async def endpoint(_):
            logger.log(FEATURES)
            return JSONResponse(get_contextvars()["trace_id"])

        assert expected == get(logger, endpoint, **headers).json()
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        assert expected == event["trace"]["id"]

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"traceparent": "nonsense"},
            {"x-request-id": "two words"},
            {"x-request-id": "x" * 129},
        ],
    )
    def test_is_made_up_otherwise(self, logger, headers):
        """Without a usable header the request gets 32 hex digits of its own."""

        async def endpoint(_):
            return JSONResponse(get_contextvars()["trace_id"])

        assert re.fullmatch("[0-9a-f]{32}", get(logger, endpoint, **headers).json())

    def test_ends_with_the_request(self, logger):
        """The context variables are afterwards what they were before."""

        async def app(_, __, send):
            bind_contextvars(inner=1)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})

        async def serve():
            scope = {"type": "http", "headers": []}
            with bound_contextvars(trace_id="outer"):
                await PredictionMiddleware(app, logger=logger)(scope, _silent, _silent)
                return get_contextvars()["trace_id"]

        assert "outer" == asyncio.run(serve())


class TestCapture:
    """Predictions that wait for their response."""

    def test_gets_duration_and_outcome(self, logger, tmp_path):
        """A captured prediction has its own context, and the time until the request's end."""

        async def endpoint(_):
            with bound_contextvars(tenant="acme"):
                given = driftlog.capture(FEATURES, prediction=0.5)
            await asyncio.sleep(0.05)
            assert [] == predictions(tmp_path)
            return JSONResponse(given)

        given = get(logger, endpoint, traceparent=PARENT).json()
        [(event, line)] = predictions(tmp_path)
        check_event(event, line)
        assert given == event["event"]["id"]
        assert TRACE == event["trace"]["id"]
        assert {"tenant": "acme"} == event["labels"]
        assert "success" == event["event"]["outcome"]
        assert 50_000_000 <= event["event"]["duration"] < 30_000_000_000

    def test_is_on_disk_before_the_response_is_complete(self, logger, tmp_path):
        """Whoever has the last message of the response can find the event."""
        found = []

        async def app(scope, _, send):
            scope["driftlog"].log(FEATURES)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"1", "more_body": True})
            await send({"type": "http.response.body", "body": b"2"})

        async def look(message):
            found.append((message.get("body"), len(predictions(tmp_path))))

        drive(logger, app, send=look)
        assert [(None, 0), (b"1", 0), (b"2", 1)] == found

    def test_keeps_several_in_order(self, logger, tmp_path):
        """A request may capture any number of predictions; each is an event."""

        async def endpoint(_):
            return JSONResponse([driftlog.capture({"n": n}, id=f"p-{n}") for n in range(3)])

        assert ["p-0", "p-1", "p-2"] == get(logger, endpoint).json()
        assert [0, 1, 2] == [event["driftlog"]["num"]["n"] for event, _ in predictions(tmp_path)]

    @pytest.mark.parametrize("given", [None, "", " ", "p-1"])
    def test_returns_the_id_of_the_event(self, logger, tmp_path, given):
        """What the service hands out is what a label can name later."""

        async def endpoint(_):
            return JSONResponse(driftlog.capture(FEATURES, id=given))

        handed = get(logger, endpoint).json()
        [(event, _)] = predictions(tmp_path)
        assert (handed, True) == (event["event"]["id"], given != "p-1" or handed == "p-1")

    def test_keeps_the_features_as_they_were(self, logger, tmp_path):
        """What the service does to its mapping afterwards does not reach the event."""

        async def endpoint(_):
            features = dict(FEATURES)
            driftlog.capture(features)
            features.clear()
            return JSONResponse(None)

        get(logger, endpoint)
        [(event, _)] = predictions(tmp_path)
        assert {"age": 41} == event["driftlog"]["num"]

    def test_works_in_a_plain_function(self, logger, tmp_path):
        """An endpoint that runs in a thread captures into its own request."""

        def endpoint(_):
            driftlog.capture(FEATURES)
            return JSONResponse(None)

        get(logger, endpoint, traceparent=PARENT)
        [(event, _)] = predictions(tmp_path)
        assert (TRACE, "success") == (event["trace"]["id"], event["event"]["outcome"])

    def test_works_in_a_thread_without_the_context(self, logger, tmp_path):
        """The scope's capture knows the trace id where context variables do not reach."""

        async def app(scope, _, send):
            with ThreadPoolExecutor(1) as pool:
                pool.submit(scope["driftlog"].log, FEATURES).result()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})

        drive(logger, app)
        [(event, _)] = predictions(tmp_path)
        assert re.fullmatch("[0-9a-f]{32}", event["trace"]["id"])

    def test_keeps_requests_apart(self, logger, tmp_path):
        """Requests served at the same time do not see each other's predictions."""
        gate = asyncio.Event()

        async def app(scope, _, send):
            driftlog.capture({"trace": dict(scope["headers"])[b"x-request-id"].decode()})
            await gate.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})

        async def serve():
            middleware = PredictionMiddleware(app, logger=logger)
            names = [f"r-{n}".encode() for n in range(20)]
            scopes = [{"type": "http", "headers": [(b"x-request-id", name)]} for name in names]
            tasks = [asyncio.create_task(middleware(one, _silent, _silent)) for one in scopes]
            await asyncio.sleep(0)
            gate.set()
            await asyncio.gather(*tasks)

        asyncio.run(serve())
        pairs = [
            (e["trace"]["id"], e["driftlog"]["cat"]["trace"]) for e, _ in predictions(tmp_path)
        ]
        assert sorted((f"r-{n}", f"r-{n}") for n in range(20)) == sorted(pairs)

    def test_after_the_response_is_written_at_once(self, logger, tmp_path):
        """A background task's prediction has the response's duration and outcome."""

        async def later():
            await asyncio.sleep(0.05)
            driftlog.capture(FEATURES, id="late")

        async def endpoint(_):
            driftlog.capture(FEATURES, id="early")
            return JSONResponse(None, background=BackgroundTask(later))

        get(logger, endpoint)
        first, second = (event["event"] for event, _ in predictions(tmp_path))
        assert ("early", "late") == (first["id"], second["id"])
        assert (first["duration"], "success") == (second["duration"], second["outcome"])

    def test_outside_a_request_warns(self, caplog):
        """Without a request there is nowhere to keep a prediction, and it is said once."""
        _asgi._warn_of_no_request.cache_clear()
        assert driftlog.capture(FEATURES) is None
        assert driftlog.capture(FEATURES) is None
        assert ["driftlog"] == [record.name for record in caplog.records]
        assert "PredictionMiddleware" in caplog.text

    def test_survives_features_that_raise(self, logger, tmp_path):
        """Features that cannot be read cost the response nothing, and are counted."""

        class Broken(UserDict):
            def __iter__(self):
                raise RuntimeError("lazy feature broke")

        async def endpoint(_):
            driftlog.capture(Broken(FEATURES))
            return JSONResponse("served")

        assert "served" == get(logger, endpoint).json()
        assert 1 == sum(logger.counters.dropped.values()) + len(predictions(tmp_path))

    def test_threads_lose_nothing_at_the_end(self, logger, tmp_path):
        """What threads capture while the response ends is written once, before or after."""

        async def app(scope, _, send):
            def work(worker):
                for n in range(100):
                    scope["driftlog"].log({"n": n}, id=f"{worker}-{n}")

            threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
            for thread in threads:
                thread.start()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})
            for thread in threads:
                thread.join()

        drive(logger, app)
        ids = [event["event"]["id"] for event, _ in predictions(tmp_path)]
        assert sorted(f"{worker}-{n}" for worker in range(4) for n in range(100)) == sorted(ids)

    def test_never_raises(self, logger, tmp_path):
        """Features that are no mapping are counted when the response ends."""

        async def endpoint(_):
            driftlog.capture(["DE", 41])
            return JSONResponse("served")

        assert "served" == get(logger, endpoint).json()
        assert 1 == sum(logger.counters.dropped.values())
        assert [] == predictions(tmp_path)


class TestOutcome:
    """What a captured prediction's outcome says."""

    @pytest.mark.parametrize(
        ("status", "expected"),
        [(200, "success"), (302, "success"), (422, "success"), (500, "failure"), (503, "failure")],
    )
    def test_follows_the_status(self, logger, tmp_path, status, expected):
        """The service failed from 500 on; a refused request is its work done."""

        async def endpoint(_):
            driftlog.capture(FEATURES)
            return JSONResponse(None, status_code=status)

        get(logger, endpoint)
        assert [expected] == outcomes(tmp_path)

    def test_of_an_exception_is_failure(self, logger, tmp_path):
        """The exception goes on, and what was captured before it is written as failed."""

        async def endpoint(_):
            driftlog.capture(FEATURES)
            raise RuntimeError("model broke")

        with pytest.raises(RuntimeError, match="model broke"):
            get(logger, endpoint, raising=True)
        assert ["failure"] == outcomes(tmp_path)

    def test_without_a_capture_nothing_is_written(self, logger, tmp_path):
        """A request that predicted nothing leaves no event, served or failed."""

        async def fails(_):
            raise RuntimeError("before any prediction")

        async def serves(_):
            return JSONResponse(None)

        assert 500 == get(logger, fails).status_code
        assert 200 == get(logger, serves).status_code
        assert [] == predictions(tmp_path)

    def test_of_a_broken_stream_is_failure(self, logger, tmp_path):
        """A stream that breaks after its headers failed, whatever the status said."""

        async def chunks():
            yield b"1"
            raise RuntimeError("half way")

        async def endpoint(_):
            driftlog.capture(FEATURES)
            return StreamingResponse(chunks())

        with pytest.raises(RuntimeError, match="half way"):
            get(logger, endpoint, raising=True)
        assert ["failure"] == outcomes(tmp_path)

    def test_of_a_stream_waits_for_its_end(self, logger, tmp_path):
        """The duration of a stream is that of the whole stream."""

        async def chunks():
            yield b"1"
            await asyncio.sleep(0.05)
            yield b"2"

        async def endpoint(_):
            driftlog.capture(FEATURES)
            return StreamingResponse(chunks())

        assert b"12" == get(logger, endpoint).content
        [(event, _)] = predictions(tmp_path)
        assert ("success", True) == (
            event["event"]["outcome"],
            event["event"]["duration"] >= 50_000_000,
        )

    def test_of_a_client_that_left_is_unknown(self, logger, tmp_path):
        """A send that the server refuses is not the model's failure."""

        async def app(_, __, send):
            driftlog.capture(FEATURES)
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def gone(_):
            raise OSError("client disconnected")

        with pytest.raises(OSError, match="client disconnected"):
            drive(logger, app, send=gone)
        assert ["unknown"] == outcomes(tmp_path)

    def test_of_a_response_without_end_is_unknown(self, logger, tmp_path):
        """An application that returns early leaves its captured predictions written."""

        async def app(_, __, ___):
            driftlog.capture(FEATURES)

        assert [] == drive(logger, app)
        assert ["unknown"] == outcomes(tmp_path)

    def test_of_a_cancelled_request_is_unknown(self, logger, tmp_path):
        """A cancelled task writes what it captured, and stays cancelled."""

        async def app(_, __, ___):
            driftlog.capture(FEATURES)
            await asyncio.Event().wait()

        async def serve():
            scope = {"type": "http", "headers": []}
            served = PredictionMiddleware(app, logger=logger)(scope, _silent, _silent)
            task = asyncio.create_task(served)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(serve())
        assert ["unknown"] == outcomes(tmp_path)

    def test_of_a_failing_background_task_is_the_responses(self, logger, tmp_path):
        """What breaks after the response does not change what the client got."""

        async def breaks():
            raise RuntimeError("afterwards")

        async def endpoint(_):
            driftlog.capture(FEATURES)
            return JSONResponse(None, background=BackgroundTask(breaks))

        with pytest.raises(RuntimeError, match="afterwards"):
            get(logger, endpoint, raising=True)
        assert ["success"] == outcomes(tmp_path)


class TestOtherScopes:
    """Connections that are no HTTP request."""

    @pytest.mark.parametrize("kind", ["websocket", "lifespan"])
    def test_pass_untouched(self, logger, kind):
        """The application gets the very scope and channels that the server made."""
        got = []

        async def app(*arguments):
            got.append(arguments)
            assert "trace_id" not in get_contextvars()

        scope = {"type": kind, "headers": []}
        asyncio.run(PredictionMiddleware(app, logger=logger)(scope, _silent, _silent))
        assert [({"type": kind, "headers": []}, _silent, _silent)] == got


class TestExample:
    """The service in examples/, as a user would run it."""

    CLAIM: ClassVar = {
        "amount": 129.9,
        "merchant_id": "m-48213",
        "postcode": "10115",
        "reason": "not received",
        "comment": "The box was empty!",
    }

    def test_logs_predictions_and_their_truth(self, tmp_path):
        """A scored claim and what it turned out to be are in the spool."""
        pytest.importorskip("fastapi", reason="The example service needs fastapi to be installed.")
        app = example("fastapi_service").create_app(tmp_path)

        async def visit():
            transport = httpx.ASGITransport(app)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="http://test") as client,
            ):
                headers = {"traceparent": PARENT}
                risk = (await client.post("/claims", json=self.CLAIM, headers=headers)).json()
                path = f"/claims/{risk['prediction_id']}/truth"
                assert 204 == (await client.post(path, json={"fraud": True})).status_code
                assert 422 == (await client.post("/claims", json={})).status_code
                return risk

        risk = asyncio.run(visit())
        lines = documents(tmp_path)
        for event, line in lines:
            check_event(event, line)
        _, prediction, label = (event for event, _ in lines)
        assert (risk["prediction_id"], TRACE) == (
            prediction["event"]["id"],
            prediction["trace"]["id"],
        )
        held = prediction["driftlog"]
        assert {"num": {"score": risk["risk"]}} == held["prediction"]
        assert {"amount": 129.9} == held["num"]
        assert {
            "merchant_id": "m-48213",
            "postcode": "10115",
            "reason": "not received",
        } == held["cat"]
        assert {"tokens": 4, "distinct": 4} == held["text"]["comment"]
        assert ["account_age_days"] == held["na"]
        assert {"id": risk["prediction_id"], "cat": {"value": "true"}} == label["driftlog"]["label"]


def example(name):
    """Return the module *name* of examples/."""
    path = Path(__file__).parents[2] / "examples" / f"{name}.py"
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def _silent(*_):
    return {"type": "http.disconnect"}
