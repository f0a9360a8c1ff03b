"""Sends webhooks that a database has not had yet, as fast as they are taken or at a rate, and counts the 200s."""

import json
import subprocess
from dataclasses import dataclass

from .. import tools
from ..bench import Workbench
from ..failures import ContestantFailed
from ..generator import Generator, Load, Script
from ..servers import Server
from .webhooks import Webhooks

PATH = "/webhooks"
TIMEOUT_SECONDS = 120
AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Paced:
    """What the paced sender saw: times from the moment at which each request was due."""

    seconds: float
    p50_us: float
    p99_us: float
    max_us: float


class WebhookSender:
    """Goes through the file, line by line."""

    def __init__(self, bench: Workbench, webhooks: Webhooks) -> None:
        self._bench, self._webhooks = bench, webhooks
        self._next = 0
        # What was answered 200, and what was sent at most.
        self.acknowledged, self.sent = 0, 0

    def take(self) -> bytes:
        """The next body, for a request by hand."""
        self._next += 1
        return self._webhooks.line(self._next - 1)

    def flood(self, server: Server, seconds: int) -> Load:
        """All connections, each with its next request as soon as the last one was answered."""
        cores, connections = self._bench.cores, self._bench.settings.connections
        generator = Generator(tools.located("wrk"), cores.generator, connections)
        script = Script("webhooks.lua", self._webhooks.lines, self._next)
        load = generator.run(server.port, PATH, "", seconds, script)
        # One that wrk asks its script for in vain, and those that were under way at the end.
        self._note(load.requests, load.requests + connections + 1)
        return load

    def send(self, server: Server, count: int) -> None:
        """So many, as fast as they are taken."""
        self.pace(server, AT_ONCE, count)

    def pace(self, server: Server, rate: float, count: int) -> Paced:
        """So many, at a fixed rate a second."""
        program, settings = str(self._bench.binary("paced-sender")), self._bench.settings
        command = ["taskset", "-c", str(self._bench.cores.generator), program]
        command += ["--port", str(server.port), "--path", PATH]
        command += ["--lines", str(self._webhooks.lines), "--first", str(self._next)]
        command += ["--rate", str(rate), "--count", str(count)]
        command += ["--connections", str(settings.connections)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ContestantFailed(f"{count:,} webhooks took over {TIMEOUT_SECONDS} s") from error
        if done.returncode:
            raise ContestantFailed(f"paced-sender: {done.stderr.strip()}")
        found = json.loads(done.stdout)
        if found["stored"] != count:
            raise ContestantFailed(f"{count - found['stored']} refused: {found['refusals']}")
        self._note(count, count)
        return Paced(found["seconds"], found["p50_us"], found["p99_us"], found["max_us"])

    def _note(self, acknowledged: int, sent: int) -> None:
        self.acknowledged += acknowledged
        self.sent += sent
        self._next += sent
        if self._next > self._webhooks.count:
            raise ContestantFailed(f"the {self._webhooks.count:,} signed webhooks ran out")
