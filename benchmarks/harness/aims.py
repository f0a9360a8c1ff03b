"""What Backlot sets out to reach, judged on this run's medians. A missed aim is no failure."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from .memory import Memory
from .rounds import Result
from .wix import Wix

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Aim:
    """One aim and how this run did."""

    section: str
    text: str
    found: str
    # None: it was not measured.
    met: bool | None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "missed", None: "not measured"}[self.met]

    def as_json(self) -> dict:
        return asdict(self)


def judge(
    timed: dict[str, list[Result]], wix: Wix | None, memory: Memory | None
) -> list[Aim]:
    """Every aim of the sections that ran."""
    found = []
    if "answer" in timed:
        rate = _comparer(timed["answer"], "answer", "requests_per_second")
        found.append(rate("hyper", "backlot / bare hyper >= 0.60", lambda ratio: ratio >= 0.60))
        found.append(rate("express", "backlot / express >= 9", lambda ratio: ratio >= 9))
    if "forward" in timed:
        rate = _comparer(timed["forward"], "forward", "requests_per_second")
        slowest = _comparer(timed["forward"], "forward", "p99_us")
        found += [
            rate(
                "nginx", "backlot / nginx that checks nothing >= 0.80", lambda ratio: ratio >= 0.80
            ),
            rate("haproxy-hmac", "backlot / haproxy with HMAC > 1", lambda ratio: ratio > 1),
            rate("express", "backlot / express >= 8", lambda ratio: ratio >= 8),
            slowest("nginx", "p99: backlot / nginx < 1.5", lambda ratio: ratio < 1.5),
        ]
    if wix:
        cost, overhead = wix.token_cost, wix.room_overhead
        questions = wix.burst_questions
        text = f"{wix.burst:,} waiting requests with one new token ask Wix once"
        found += [
            Aim("wix", "CPU: known token / signed instance <= 1.15", f"{cost:.2f}", cost <= 1.15),
            Aim("wix", text, str(questions), questions == 1),
            Aim(
                "wix",
                "median: wix room - plain proxied call < 100 µs",
                f"{overhead:.0f} µs",
                overhead < 100,
            ),
        ]
    if memory:
        found.append(_below("idle < 15 MB", memory.idle, 15))
        found.append(_below(f"{memory.instances:,} instances add < 50 MB", memory.added, 50))
    return found


def ratio(results: list[Result], name: str, rival: str) -> float | None:
    """Backlot's median over the rival's, where both have one."""
    whole = {result.name: result for result in results if result.samples and not result.failure}
    if "backlot" not in whole or rival not in whole:
        return None
    return whole["backlot"].median(name) / whole[rival].median(name)


def _comparer(results: list[Result], section: str, name: str) -> Callable[..., Aim]:
    def compare(rival: str, text: str, holds: Callable[[float], bool]) -> Aim:
        value = ratio(results, name, rival)
        if value is None:
            return Aim(section, text, "-", None)
        return Aim(section, text, f"{value:.2f}", holds(value))

    return compare


def _below(text: str, size: int, megabytes: int) -> Aim:
    return Aim("memory", text, f"{size / MEGABYTE:.1f} MB", size < megabytes * MEGABYTE)
