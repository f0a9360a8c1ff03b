"""Server-sent events: how long each takes from the provider to the reader, directly and through Backlot."""

import json
import socket
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from .. import instances
from ..checks import ask, page_headers
from ..failures import ContestantFailed
from ..servers import Server


def measure_streams(
    server: Server, provider: Server, say: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    """Microseconds of each event, directly and through Backlot."""
    ask(provider.port, "POST", "/settings", {}, b'{"firstLifetime": 3600, "slow": []}')
    instance = instances.sign()
    begun = ask(server.port, "POST", "/connections/account/authorize", page_headers(instance.text))
    url = json.loads(begun.body)["authorizationUrl"]
    state = parse_qs(urlsplit(url).query)["state"][0]
    query = f"code={instance.instance_id}&state={state}"
    ask(server.port, "GET", f"/connections/account/callback?{query}")
    direct = _events(provider.port, "/events", {})
    headers = page_headers(instance.text)
    through = _events(server.port, "/connections/account/events", headers)
    say(f"connections: {len(through)} events passed")
    return direct, through


def _events(port: int, path: str, headers: dict[str, str]) -> list[float]:
    """How long each event took, by the clock that both processes share."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    taken = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        read = b""
        while b"\r\n0\r\n\r\n" not in read[-16:]:
            piece = connection.recv(65_536)
            now = time.monotonic_ns()
            if not piece:
                break
            read += piece
            # An event that came alone in its piece; others would say too much.
            if piece.count(b"data: ") == 1:
                sent = int(piece.partition(b"data: ")[2].split(b"\n")[0])
                taken.append((now - sent) / 1000)
    if not read.startswith(b"HTTP/1.1 200 ") or not taken:
        raise ContestantFailed(f"the stream was answered {read[:300]!r}")
    return taken
