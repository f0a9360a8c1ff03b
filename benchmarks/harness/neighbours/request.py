"""Requests as bytes, made once, and replies read no further than their statistics need."""

import json
import re
import socket
from collections.abc import Callable

from .. import instances
from ..checks import page_headers
from ..data.wire import to_json

PREFIX = "/wix-data/v2/"
CODE = re.compile(rb'"code":"([A-Za-z0-9_]+)"')
# More of a reply is thrown away: the code of a refusal stands near its beginning.
KEPT_BYTES = 4096
PIECE_BYTES = 1 << 20


def request(
    caller: instances.SignedInstance | None,
    method: str,
    path: str,
    body: object = None,
    *,
    close: bool = False,
) -> bytes:
    """A whole request; a `path` without a slash in front is a call of Wix Data."""
    path = path if path.startswith("/") else PREFIX + path
    content = b"" if body is None else to_json(body)
    headers = {"Host": "127.0.0.1"} | (page_headers(caller.text) if caller else {})
    if content:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    if close:
        headers["Connection"] = "close"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def read_to_end(connection: socket.socket, is_over: Callable[[], bool]) -> str:
    """Reads until the server closes: the status and the code of the reply, or that there was none."""
    piece, kept = bytearray(PIECE_BYTES), b""
    connection.settimeout(0.25)
    while not is_over():
        try:
            count = connection.recv_into(piece)
        except TimeoutError:
            continue
        except OSError:
            return "connection broken"
        if not count:
            return classify(kept)
        if len(kept) < KEPT_BYTES:
            kept += piece[: min(count, KEPT_BYTES)]
    return "no answer before the end"


def classify(reply: bytes) -> str:
    """`200`, `429 INSTANCE_BUSY`, `422 QUERY_TOO_COSTLY`."""
    words = reply[:64].split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        return "closed without an answer"
    status, code = words[1].decode(), CODE.search(reply)
    return f"{status} {code.group(1).decode()}" if code else status


def parse(body: bytes) -> dict:
    """A reply's body as JSON; what is no object is an empty one."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
