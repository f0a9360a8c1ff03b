"""Sends every request of a list exactly once, over kept-alive connections, and reads each reply.

wrk runs for a time and cannot promise that each of 100,000 instances was used; this can.
"""

import socket
from collections.abc import Iterator
from itertools import islice

from .checks import page_headers
from .failures import ContestantFailed
from .instances import SignedInstance

# Requests that wait on one connection at a time.
DEPTH = 16


class Connection:
    """One kept-alive connection with pipelined requests."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")
        self.waiting: list[SignedInstance] = []

    def send(self, path: str, batch: list[SignedInstance], body: bytes | None) -> None:
        self._socket.sendall(b"".join(_request(path, instance, body) for instance in batch))
        self.waiting = batch

    def receive(self) -> tuple[int, bytes]:
        """The next reply: its status and its body."""
        line = self._stream.readline().split(b" ", 2)
        if len(line) < 2:
            raise ContestantFailed("the connection was closed before the reply")
        length, chunked = 0, False
        while (header := self._stream.readline()) not in (b"\r\n", b""):
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name.lower() == b"transfer-encoding":
                chunked = b"chunked" in value.lower()
        return int(line[1]), self._chunks() if chunked else self._stream.read(length)

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self._stream.readline().split(b";")[0], 16):
            body += self._stream.read(size)
            self._stream.readline()
        self._stream.readline()
        return body


def send_each_once(
    port: int,
    path: str,
    instances: list[SignedInstance],
    connections: int,
    *,
    named: bool,
    body: bytes | None = None,
) -> int:
    """Sends one GET, or one POST of the body, for each instance and returns how many tenants got
    their 200.

    With `named`, each reply must also hold the id of the tenant that asked.
    """
    todo = iter(instances)
    served: set[str] = set()
    opened = [Connection(port) for _ in range(connections)]
    try:
        while _hand_out(opened, path, todo, body):
            for connection in opened:
                for instance in connection.waiting:
                    status, answer = connection.receive()
                    if status != 200:
                        raise ContestantFailed(f"{path} was answered {status} {answer[:500]!r}")
                    if named and instance.instance_id.encode() not in answer:
                        raise ContestantFailed(
                            f"{instance.instance_id} got another's answer: {answer[:500]!r}"
                        )
                    served.add(instance.instance_id)
    except OSError as error:
        raise ContestantFailed(f"{path}: {error}") from error
    finally:
        for connection in opened:
            connection.close()
    return len(served)


def _hand_out(
    opened: list[Connection], path: str, todo: Iterator[SignedInstance], body: bytes | None
) -> bool:
    for connection in opened:
        connection.send(path, list(islice(todo, DEPTH)), body)
    return any(connection.waiting for connection in opened)


def _request(path: str, instance: SignedInstance, body: bytes | None) -> bytes:
    headers = {"Host": "127.0.0.1"} | page_headers(instance.text)
    if body is not None:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    method = "GET" if body is None else "POST"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")
