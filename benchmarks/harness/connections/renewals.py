"""A thousand instances whose tokens have all ended: each call waits for its own token, and for no other."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from .. import instances
from ..checks import ask, page_headers
from ..failures import ContestantFailed
from ..servers import Server

INSTANCES = 1000
CALLS_OF_EACH = 3
# In seconds: over before the first call, which has to renew it.
LIFETIME = 0.001


@dataclass(frozen=True)
class Renewals:
    """What was found; times in milliseconds."""

    instances: int
    calls: int
    token_requests: int
    most_for_one: int
    slowest_ms: float
    # Of the one whose provider took two seconds.
    slow_one_ms: float


def measure_renewals(server: Server, provider: Server, say: Callable[[str], None]) -> Renewals:
    """Connects an account for each instance, then calls for all of them at once."""
    signed = [instances.sign() for _ in range(INSTANCES)]
    slow = signed[len(signed) // 2]
    _tell(provider, {"firstLifetime": LIFETIME, "slow": [slow.instance_id]})
    for instance in signed:
        _connect(server, instance)
    say(f"connections: {INSTANCES:,} accounts are connected")
    times = asyncio.run(_call_at_once(server, signed))
    counts = json.loads(ask(provider.port, "GET", "/renewals").body)
    others = [time for name, time in times if name != slow.instance_id]
    its = [time for name, time in times if name == slow.instance_id]
    found = Renewals(
        INSTANCES,
        len(times),
        sum(counts.values()),
        max(counts.values()),
        max(others) * 1000,
        max(its) * 1000,
    )
    say(f"connections: {found.calls:,} calls at expiry made {found.token_requests:,} token requests")
    return found


def _tell(provider: Server, settings: dict) -> None:
    ask(provider.port, "POST", "/settings", {}, json.dumps(settings).encode())


def _connect(server: Server, instance: instances.SignedInstance) -> None:
    path = "/connections/account"
    headers = page_headers(instance.text)
    begun = ask(server.port, "POST", f"{path}/authorize", headers)
    if begun.status != 200:
        raise ContestantFailed(f"authorize was answered {begun}")
    url = json.loads(begun.body)["authorizationUrl"]
    state = parse_qs(urlsplit(url).query)["state"][0]
    query = f"code={instance.instance_id}&state={state}"
    ended = ask(server.port, "GET", f"{path}/callback?{query}")
    if ended.status != 200:
        raise ContestantFailed(f"the callback was answered {ended}")


async def _call_at_once(
    server: Server, signed: list[instances.SignedInstance]
) -> list[tuple[str, float]]:
    """Whose call it was, and how long it took from the moment at which all were sent."""
    opened = []
    for instance in signed:
        for _ in range(CALLS_OF_EACH):
            streams = await asyncio.open_connection("127.0.0.1", server.port)
            opened.append((instance, streams))
    begun = time.monotonic()
    calls = [_call(instance, *streams, begun) for instance, streams in opened]
    return await asyncio.gather(*calls)


async def _call(
    instance: instances.SignedInstance,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    begun: float,
) -> tuple[str, float]:
    headers = {"Host": "127.0.0.1", "Connection": "close"} | page_headers(instance.text)
    lines = ["GET /connections/account/thing HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    reply = await reader.read()
    writer.close()
    if not reply.startswith(b"HTTP/1.1 200 "):
        raise ContestantFailed(f"a call was answered {reply[:300]!r}")
    return instance.instance_id, time.monotonic() - begun
