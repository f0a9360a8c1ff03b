"""A third party of its own process: an OAuth provider, an API, and a stream that says when each piece left.

Run as a program: provider.py PORT
"""

import asyncio
import json
import sys
import time
from urllib.parse import parse_qs

EVENTS = 200
BETWEEN_EVENTS = 0.01


class Provider:
    """Counts token requests; the first tokens are short-lived, renewed ones last."""

    def __init__(self) -> None:
        self.first_lifetime = 3600
        self.slow: set[str] = set()
        self.renewals: dict[str, int] = {}

    async def answer(self, method: str, path: str, body: bytes, writer: asyncio.StreamWriter):
        """One request."""
        if path == "/token":
            return await self._token(parse_qs(body.decode()), writer)
        if path == "/settings":
            settings = json.loads(body)
            self.first_lifetime = settings.get("firstLifetime", self.first_lifetime)
            self.slow = set(settings.get("slow", self.slow))
            return _json(writer, {})
        if path == "/renewals":
            return _json(writer, self.renewals)
        if path == "/events":
            return await _events(writer)
        return _json(writer, {"hello": "world"})

    async def _token(self, form: dict[str, list[str]], writer: asyncio.StreamWriter):
        if form["grant_type"] == ["refresh_token"]:
            name = form["refresh_token"][0]
            self.renewals[name] = self.renewals.get(name, 0) + 1
            await asyncio.sleep(2 if name in self.slow else 0.05)
            return _json(writer, {"access_token": f"new-{name}-token", "expires_in": 3600})
        # The code is what the callback was called with: it names the account.
        name = form["code"][0]
        grant = {"access_token": f"first-{name}-token", "refresh_token": name}
        return _json(writer, grant | {"expires_in": self.first_lifetime})


def _json(writer: asyncio.StreamWriter, value: object) -> None:
    body = json.dumps(value).encode()
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)


async def _events(writer: asyncio.StreamWriter) -> None:
    head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    for _ in range(EVENTS):
        await asyncio.sleep(BETWEEN_EVENTS)
        event = f"data: {time.monotonic_ns()}\n\n".encode()
        writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")


async def _serve(port: int) -> None:
    provider = Provider()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                method, path, _ = line.decode().split(" ", 2)
                length = 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.decode().partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                body = await reader.readexactly(length)
                await provider.answer(method, path.split("?")[0], body, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
