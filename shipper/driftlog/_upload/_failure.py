"""Why no answer came, in plain words, out of what the HTTP layer raised. Pure."""

import socket
import ssl
from collections.abc import Iterator

__all__ = ["no_answer"]


def no_answer(error: BaseException) -> tuple[str, bool]:
    """Say what stood between us and an answer, and what to do.

    Returns:
        The words, and whether it lasts until people do something about it.
    """
    chain = list(_chain(error))
    for cause in chain:
        if isinstance(cause, ssl.SSLError):
            why = getattr(cause, "verify_message", "") or cause.reason or "handshake failed"
            why = str(why).replace("_", " ").lower()
            return (
                f"no secure connection ({why}); check whether it speaks https, and the certificates to trust",
                True,
            )
        if isinstance(cause, socket.gaierror):
            known = cause.errno == socket.EAI_AGAIN
            return f"no such host ({cause.strerror}); check the URL and the name service", not known
    return f"no answer ({_why(chain)}); check the URL, and that Elasticsearch is running", False


def _why(chain: list[BaseException]) -> str:
    for cause in chain:
        if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
            return "it takes too long"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return "the connection was closed"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what it came from: the client lists causes, Python links them."""
    ahead, seen = [error], set()
    while ahead:
        one = ahead.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        listed = [*getattr(one, "errors", ()), *one.args, one.__cause__, one.__context__]
        ahead.extend(cause for cause in listed if isinstance(cause, BaseException))
