"""Receivers on loopback, in a process of their own: one that swallows, two that answer bulk requests and OTLP."""

import gzip
import json
import multiprocessing
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import BinaryIO

ACTION = re.compile(rb'\{"(create|index)":\{(?:[^}]*"_id":"([^"]*)")?')
ROOT = {
    "cluster_name": "sink",
    "version": {"number": "8.17.0", "build_flavor": "default"},
    "tagline": "You Know, for Search",
}
INDICES = {"race-000001": {"mappings": {"_meta": {"managed_by": "driftlog"}}}}
HEAD = (
    b"HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n"
)


@dataclass(frozen=True)
class Ports:
    """Where the sinks listen.

    Attributes:
        http: answers at once.
        slow: answers after seconds.
        tcp: swallows.
        closed: nobody listens, and nobody else can.
    """

    http: int
    slow: int
    tcp: int
    closed: int


@contextmanager
def sinks(delay: float) -> Iterator[Ports]:
    """Run the sinks; the slow one takes so many seconds for an answer."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(theirs, delay), daemon=True)
    process.start()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        try:
            yield Ports(*mine.recv(), closed.getsockname()[1])
        finally:
            process.kill()
            process.join()


def _serve(ports: Connection, delay: float) -> None:
    doors: list[tuple[socket.socket, Callable[[socket.socket], None]]] = [
        (socket.create_server(("127.0.0.1", 0)), lambda one: _answer(one, 0.0)),
        (socket.create_server(("127.0.0.1", 0)), lambda one: _answer(one, delay)),
        (socket.create_server(("127.0.0.1", 0)), _swallow),
    ]
    ports.send([door.getsockname()[1] for door, _ in doors])
    for door, serve in doors:
        threading.Thread(target=_accept, args=(door, serve)).start()


def _accept(door: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    while True:
        connection, _ = door.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def _swallow(connection: socket.socket) -> None:
    with connection:
        try:
            while connection.recv(1 << 18):
                pass
        except ConnectionError:
            pass


def _answer(connection: socket.socket, delay: float) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb", buffering=1 << 18) as stream:
        try:
            while line := stream.readline():
                reply = _reply(line, _body(stream))
                time.sleep(delay)
                connection.sendall(HEAD % len(reply) + (b"" if line.startswith(b"HEAD") else reply))
        except ConnectionError:
            pass


def _body(stream: BinaryIO) -> bytes:
    headers = {}
    while field := stream.readline().strip():
        name, _, value = field.partition(b":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get(b"content-length", 0)))
    return gzip.decompress(body) if headers.get(b"content-encoding") == b"gzip" else body


def _reply(line: bytes, body: bytes) -> bytes:
    """Say of each action that it was done; to anything else what a client asks at its start."""
    if b"_bulk" in line:
        found = (ACTION.match(action) for action in body.split(b"\n")[::2])
        items = [_item(action[1], action[2]) for action in found if action]
        return b'{"errors":false,"took":1,"items":[' + b",".join(items) + b"]}"
    if b"/v1/logs" in line:
        return b"{}"
    return json.dumps(ROOT if line.split()[1].split(b"?")[0] == b"/" else INDICES).encode()


def _item(action: bytes, name: bytes | None) -> bytes:
    return b'{"%b":{"_id":"%b","status":201}}' % (action, name or b"made")
