"""What a process tree has used, from /proc: processor time and resident memory."""

import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def processor_seconds(root: int) -> float:
    """User and system time of the process and all its living descendants, in steps of a tick."""
    ticks = 0
    for process in _tree(root):
        fields = _stat(process)
        if fields:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def resident_bytes(root: int) -> int:
    """VmRSS added over the tree; pages that processes share count once for each."""
    return sum(_status(process, "VmRSS") for process in _tree(root))


def peak_bytes(root: int) -> int:
    """VmHWM added over the tree: the most that was ever resident."""
    return sum(_status(process, "VmHWM") for process in _tree(root))


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process, [])
    return found


def _stat(process: int) -> list[str] | None:
    """The fields after the name, which may itself hold spaces: state, parent, and so on."""
    try:
        return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _status(process: int, name: str) -> int:
    try:
        lines = (PROC / str(process) / "status").read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
