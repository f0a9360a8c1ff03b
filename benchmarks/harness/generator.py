"""Runs wrk, pinned, and reads what it reports."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .checks import page_headers
from .failures import ContestantFailed

UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}
DIAGNOSE = Path(__file__).with_name("diagnose.lua")
# A script that is told of this file shows what was answered, too.
DIAGNOSE_VARIABLE = "BENCHMARK_DIAGNOSE"


@dataclass(frozen=True)
class Script:
    """One of the Lua files beside this one, and the file of lines that it goes through."""

    name: str
    lines: Path
    # The line to begin with, for a script that sends each once.
    first: int | None = None

    @property
    def arguments(self) -> list[str]:
        return [str(self.lines), *([] if self.first is None else [str(self.first)])]

    @property
    def path(self) -> Path:
        return Path(__file__).with_name(self.name)


@dataclass(frozen=True)
class Load:
    """What wrk saw in one run."""

    requests: int
    seconds: float
    requests_per_second: float
    p50_us: float
    p99_us: float


class Generator:
    """One thread of wrk with kept-alive connections, and a page's headers if there is an authorization."""

    def __init__(self, program: str, core: int, connections: int) -> None:
        self._program, self._core, self._connections = program, core, connections

    def run(
        self, port: int, path: str, authorization: str, seconds: int, script: Script | None = None
    ) -> Load:
        """Loads the server; anything but clean 2xx replies ends it with what was answered."""
        report = self._wrk(port, path, authorization, seconds, script)
        broken = re.search(r"(Non-2xx or 3xx responses|Socket errors): .*", report)
        if broken:
            said = self._wrk(port, path, authorization, 1, script, diagnose=True)
            answers = re.findall(r"^answered .*$", said, re.MULTILINE)
            raise ContestantFailed(
                f"under load: {broken.group(0)}\n"
                + ("\n".join(answers) or "(the next second was clean)")
            )
        return parse(report)

    def _wrk(
        self,
        port: int,
        path: str,
        authorization: str,
        seconds: int,
        script: Script | None,
        *,
        diagnose: bool = False,
    ) -> str:
        command = ["taskset", "-c", str(self._core), self._program, "-t1", f"-c{self._connections}"]
        # A reply that takes long counts as slow (p99), not as none.
        command += [f"-d{seconds}s", "--latency", "--timeout", "10s"]
        if script or diagnose:
            command += ["-s", str(script.path if script else DIAGNOSE)]
        for name, value in (page_headers(authorization) if authorization else {}).items():
            command += ["-H", f"{name}: {value}"]
        command.append(f"http://127.0.0.1:{port}{path}")
        if script:
            command += ["--", *script.arguments]
        environment = os.environ | ({DIAGNOSE_VARIABLE: str(DIAGNOSE)} if diagnose else {})
        try:
            done = subprocess.run(
                command,
                env=environment,
                capture_output=True,
                text=True,
                timeout=seconds + 30,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ContestantFailed(f"wrk did not end in {error.timeout:.0f} s") from error
        if done.returncode:
            raise ContestantFailed(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout


def parse(report: str) -> Load:
    """The numbers in wrk's report."""
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m),", report)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    median = re.search(r"^\s+50%\s+([\d.]+)(us|ms|s|m)\s*$", report, re.MULTILINE)
    tail = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s|m)\s*$", report, re.MULTILINE)
    if not (total and rate and median and tail) or total.group(1) == "0":
        raise ContestantFailed(f"wrk reported no requests:\n{report}")
    return Load(
        requests=int(total.group(1)),
        seconds=float(total.group(2)) * UNITS[total.group(3)] / 1e6,
        requests_per_second=float(rate.group(1)),
        p50_us=float(median.group(1)) * UNITS[median.group(2)],
        p99_us=float(tail.group(1)) * UNITS[tail.group(2)],
    )
