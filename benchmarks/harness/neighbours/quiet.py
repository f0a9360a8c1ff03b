"""The quiet site: a low, steady rate of each kind of request, whatever becomes of those before, and how long each took.

It is a process of its own, so that the attacker's threads do not hold up its clock.
"""

import asyncio
import gc
import itertools
import multiprocessing
import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from .request import parse

RATE = 20
# What has no answer by then counts as long as this.
PATIENCE = 15
JOB_PAUSE = 0.2
POLL = 0.01


@dataclass
class Times:
    """Milliseconds of each request of each kind, and what was answered beside 200."""

    of: dict[str, list[float]] = field(default_factory=dict)
    refused: Counter = field(default_factory=Counter)

    def p(self, kind: str, share: float) -> float:
        """The time within which that share of the requests was answered."""
        times = sorted(self.of[kind])
        return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0

    def most(self, kind: str) -> float:
        return max(self.of[kind], default=0.0)


@dataclass(frozen=True)
class Quiet:
    """The requests of the quiet site, by kind; a job is one request to begin it and the paths of its status."""

    port: int
    requests: dict[str, list[bytes]]
    job: bytes
    status: bytes

    def run(self, seconds: float) -> Times:
        """Sends for so long, in a process of its own, and waits for what is still to be answered."""
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe()
        process = context.Process(target=_process, args=(self, seconds, there), daemon=True)
        process.start()
        try:
            return here.recv()
        finally:
            process.join(5)
            process.kill()


def _process(quiet: Quiet, seconds: float, report) -> None:
    # Where it may: the client's own wait for a core is not the server's time.
    with suppress(PermissionError):
        os.nice(-10)
    gc.disable()
    report.send(asyncio.run(_Client(quiet).run(seconds)))


class _Client:
    def __init__(self, quiet: Quiet) -> None:
        self._quiet = quiet
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._times = Times({kind: [] for kind in [*quiet.requests, "job"]})

    async def run(self, seconds: float) -> Times:
        self._idle = [await self._open() for _ in range(8)]
        begun = time.perf_counter()
        end = begun + seconds
        kinds = list(self._quiet.requests)
        # Spread over the interval, so that they do not wait for each other.
        senders = [
            self._send_steadily(kind, begun + place / (RATE * len(kinds)), end)
            for place, kind in enumerate(kinds)
        ]
        await asyncio.gather(*senders, self._run_jobs(end))
        return self._times

    async def _send_steadily(self, kind: str, begin: float, end: float) -> None:
        under_way = []
        requests = itertools.cycle(self._quiet.requests[kind])
        for number in itertools.count():
            due = begin + number / RATE
            if due >= end:
                break
            await asyncio.sleep(due - time.perf_counter())
            under_way.append(asyncio.create_task(self._timed(kind, next(requests))))
        await asyncio.gather(*under_way)

    async def _timed(self, kind: str, request: bytes) -> None:
        begun = time.perf_counter()
        await self._ask(kind, request)
        self._times.of[kind].append((time.perf_counter() - begun) * 1000)

    async def _run_jobs(self, end: float) -> None:
        while time.perf_counter() < end:
            begun = time.perf_counter()
            job_id = parse(await self._ask("job", self._quiet.job)).get("jobId")
            status = self._quiet.status.replace(b"@JOB@", str(job_id).encode())
            while time.perf_counter() - begun < PATIENCE:
                if parse(await self._ask("job", status)).get("status") in ("SUCCEEDED", "FAILED"):
                    break
                await asyncio.sleep(POLL)
            self._times.of["job"].append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(JOB_PAUSE)

    async def _ask(self, kind: str, request: bytes) -> bytes:
        """The body of the reply; what is not 200 is noted."""
        try:
            async with asyncio.timeout(PATIENCE):
                connection = self._idle.pop() if self._idle else await self._open()
                status, body = await _exchange(*connection, request)
        except TimeoutError:
            self._times.refused[f"{kind}: no answer in {PATIENCE} s"] += 1
            return b""
        except (OSError, asyncio.IncompleteReadError):
            self._times.refused[f"{kind}: connection broken"] += 1
            return b""
        self._idle.append(connection)
        if status != 200:
            self._times.refused[f"{kind}: {status}"] += 1
        return body

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._quiet.port, limit=1 << 20)


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, bytes]:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    body = b""
    if b"content-length:" in lower:
        length = int(lower.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
    elif b"transfer-encoding:" in lower:
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    return int(head.split(b" ", 2)[1]), body
