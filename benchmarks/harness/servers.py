"""Starts servers pinned to a core on free loopback ports, and stops every one of them again."""

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from . import checks
from .failures import ContestantFailed

START_SECONDS = 20
STOP_SECONDS = 5


@dataclass(frozen=True)
class Launch:
    """How to start one server, and what to ask it until it is ready."""

    command: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    # None: any answer will do.
    ready_path: str | None = None


@dataclass
class Server:
    """A server that runs."""

    name: str
    port: int
    process: subprocess.Popen
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def tail(self) -> str:
        """The end of what it said, for a message about its failure."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return text[-1500:].strip() or "(it said nothing)"

    def require_alive(self) -> None:
        if self.process.poll() is not None:
            raise ContestantFailed(
                f"{self.name} ended with status {self.process.returncode}:\n{self.tail()}"
            )

    def forget_log(self) -> None:
        """Empties the log between rounds, so that a long run does not fill the disk."""
        os.truncate(self.log, 0)


def free_port() -> int:
    """A loopback port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Fleet:
    """All the servers of a run. Leaving its `with` stops them, whatever happened."""

    def __init__(self) -> None:
        self._running: list[Server] = []

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(self, *_: object) -> None:
        # A second Ctrl-C must not leave anybody behind.
        messages = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {message: signal.signal(message, signal.SIG_IGN) for message in messages}
        while self._running:
            self.stop(self._running[-1])
        for message, handler in before.items():
            signal.signal(message, handler)

    def start(self, name: str, launch: Launch, core: int | str, directory: Path) -> Server:
        """Starts one on a core or a list of cores, its output going to a real file, and waits until it answers."""
        directory.mkdir(parents=True, exist_ok=True)
        log = directory / "output.log"
        # Appending, so that emptying the file does not leave a hole before the next line.
        with log.open("ab") as output:
            process = subprocess.Popen(
                ["taskset", "-c", str(core), *launch.command],
                env=os.environ | launch.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        server = Server(name, launch.port, process, log)
        self._running.append(server)
        self._await(server, launch.ready_path)
        return server

    def stop(self, server: Server) -> None:
        """Asks its process group to end, and insists when it does not."""
        if server in self._running:
            self._running.remove(server)
        for message, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            with suppress(ProcessLookupError):
                os.killpg(server.pid, message)
            try:
                server.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return

    def _await(self, server: Server, ready_path: str | None) -> None:
        deadline = time.monotonic() + START_SECONDS
        last = "no answer"
        while time.monotonic() < deadline:
            server.require_alive()
            try:
                reply = checks.get(server.port, ready_path or "/")
            except OSError as error:
                last = str(error)
            else:
                if ready_path is None or reply.status == 200:
                    return
                last = f"{reply.status} {reply.body[:300]!r}"
            time.sleep(0.05)
        self.stop(server)
        raise ContestantFailed(
            f"{server.name} was not ready in {START_SECONDS} s ({last}):\n{server.tail()}"
        )
