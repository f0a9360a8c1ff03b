"""Many requests at the same moment, each on a connection of its own."""

import selectors
import socket

from .checks import page_headers
from .failures import ContestantFailed


def send_at_once(port: int, path: str, authorization: str, count: int) -> list[int]:
    """Opens all connections, sends on all of them, then reads: the status of each reply."""
    headers = {"Host": "127.0.0.1", "Connection": "close"} | page_headers(authorization)
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    opened = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]
    try:
        for connection in opened:
            connection.sendall(request)
        return _statuses(opened)
    except OSError as error:
        raise ContestantFailed(f"GET {path}: {error}") from error
    finally:
        for connection in opened:
            connection.close()


def _statuses(opened: list[socket.socket]) -> list[int]:
    """Reads whichever reply comes next, until all have come to their end."""
    received = {connection: b"" for connection in opened}
    with selectors.DefaultSelector() as selector:
        for connection in opened:
            selector.register(connection, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(timeout=30)
            if not ready:
                raise ContestantFailed(f"{len(selector.get_map())} requests got no reply")
            for key, _ in ready:
                connection = key.fileobj
                if piece := connection.recv(65_536):
                    received[connection] += piece
                else:
                    selector.unregister(connection)
    return [int(text.split(b" ", 2)[1]) if text else 0 for text in received.values()]
