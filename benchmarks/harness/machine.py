"""The machine: which cores to pin to, and what to write down about it beside the numbers."""

import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from .failures import CannotRun


@dataclass(frozen=True)
class Cores:
    """One core for the server under test, another for the generator and the upstream."""

    server: int
    generator: int
    siblings: bool


def choose_cores() -> Cores:
    """The first allowed core serves; the next one that shares no physical core with it generates."""
    if platform.system() != "Linux":
        raise CannotRun("benchmarks/run pins cores and reads /proc: it runs on Linux only.")
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise CannotRun(
            "benchmarks/run needs two cores: one for the server under test and one for the "
            "generator. This machine has one, where each would only measure the other."
        )
    server, *others = allowed
    twins = _siblings(server)
    apart = [core for core in others if core not in twins]
    return Cores(server, (apart or others)[0], siblings=not apart)


def describe(cores: Cores, versions: dict[str, str]) -> dict:
    """What a reader needs to judge the numbers."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "pinning": asdict(cores),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000,
        "kernel": platform.release(),
        "versions": versions,
    }


def version(command: list[str], pattern: str = r"\d+(?:\.\d+)+") -> str:
    """The version that a program tells of itself, or "unknown"."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(0) if found else "unknown"


def _siblings(core: int) -> set[int]:
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    try:
        text = path.read_text().strip()
    except OSError:
        return set()
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else platform.machine()
