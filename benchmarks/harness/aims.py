"""What Backlot sets out to reach, judged on this run's medians. A missed aim is no failure."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from .connections.section import Connections
from .data.growth import Growth
from .data.postgres import Postgres
from .events import tables as events
from .findings import Findings
from .neighbours import tables as neighbours
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


def judge(found: Findings) -> list[Aim]:
    """Every aim of the sections that ran."""
    judged = []
    for section, aims in TIMED.items():
        if section in found.timed:
            judged += [aim(found.timed[section], section) for aim in aims]
    if found.wix:
        judged += _wix(found.wix)
    if found.connections:
        judged += _connections(found.connections)
    if found.memory:
        added, tenants = found.memory.added, f"{found.memory.instances:,}"
        judged.append(_below("memory", "idle < 15 MB", found.memory.idle, 15))
        judged.append(_below("memory", f"{tenants} instances add < 50 MB", added, 50))
    if found.postgres:
        judged += _postgres(found.postgres)
    if found.growth:
        judged += _growth(found.growth)
    if found.neighbours:
        aims_of = neighbours.aims(found.neighbours)
        judged += [Aim("neighbours", text, value, met) for text, value, met in aims_of]
    if found.events:
        judged += [Aim(*aim) for aim in events.aims(found.events)]
    return judged


def ratio(results: list[Result], name: str, rival: str) -> float | None:
    """Backlot's median over the rival's, where both have one."""
    whole = {result.name: result for result in results if result.samples and not result.failure}
    if "backlot" not in whole or rival not in whole:
        return None
    return whole["backlot"].median(name) / whole[rival].median(name)


Judge = Callable[[list[Result], str], Aim]


def _rate(rival: str, text: str, holds: Callable[[float], bool]) -> Judge:
    """Backlot's requests/s over the rival's."""
    return _compared("requests_per_second", rival, text, holds)


def _compared(name: str, rival: str, text: str, holds: Callable[[float], bool]) -> Judge:
    def judge_it(results: list[Result], section: str) -> Aim:
        value = ratio(results, name, rival)
        if value is None:
            return Aim(section, text, "-", None)
        return Aim(section, text, f"{value:.2f}", holds(value))

    return judge_it


def _p99_below(milliseconds: float) -> Judge:
    """Backlot's own p99."""
    text = f"p99 < {milliseconds:g} ms"

    def judge_it(results: list[Result], section: str) -> Aim:
        own = [r for r in results if r.name == "backlot" and r.samples and not r.failure]
        if not own:
            return Aim(section, text, "-", None)
        value = own[0].median("p99_us") / 1000
        return Aim(section, text, f"{value:.2f} ms", value < milliseconds)

    return judge_it


EVENTS = [
    _rate("reference", "intake: backlot / reference >= 0.6", lambda ratio: ratio >= 0.6),
    _rate(
        "fastify-grouped",
        "intake: backlot / fastify with group commit >= 2.5",
        lambda ratio: ratio >= 2.5,
    ),
    _rate("express", "intake: backlot / express >= 5", lambda ratio: ratio >= 5),
]
TIMED: dict[str, list[Judge]] = {
    "answer": [
        _rate("hyper", "backlot / bare hyper >= 0.60", lambda ratio: ratio >= 0.60),
        _rate("express", "backlot / express >= 9", lambda ratio: ratio >= 9),
    ],
    "forward": [
        _rate("nginx", "backlot / nginx that checks nothing >= 0.80", lambda ratio: ratio >= 0.80),
        _rate("haproxy-hmac", "backlot / haproxy with HMAC > 1", lambda ratio: ratio > 1),
        _rate("express", "backlot / express >= 8", lambda ratio: ratio >= 8),
        _compared("p99_us", "nginx", "p99: backlot / nginx < 1.5", lambda ratio: ratio < 1.5),
    ],
    "data-read": [
        _rate("pocketbase", "backlot / pocketbase >= 12", lambda ratio: ratio >= 12),
        _rate("hyper", "backlot / bare hyper >= 0.33", lambda ratio: ratio >= 0.33),
    ],
    "data-insert": [
        _rate("pocketbase", "backlot / pocketbase >= 10", lambda ratio: ratio >= 10),
        _rate("express", "backlot / express, an fsync each >= 8", lambda ratio: ratio >= 8),
        _rate(
            "fastify-grouped",
            "backlot / fastify with group commit >= 1.3",
            lambda ratio: ratio >= 1.3,
        ),
        _p99_below(10),
    ],
    "events-sqlite": EVENTS,
    "events-postgresql": EVENTS,
    "data-list": [
        _rate("pocketbase", "backlot / pocketbase >= 10", lambda ratio: ratio >= 10),
    ],
}


def _wix(wix: Wix) -> list[Aim]:
    cost, overhead, questions = wix.token_cost, wix.room_overhead, wix.burst_questions
    once = f"{wix.burst:,} waiting requests with one new token ask Wix once"
    room = "median: `/wix/` - plain proxied call < 100 µs"
    return [
        Aim("wix", "CPU: known token / signed instance <= 1.15", f"{cost:.2f}", cost <= 1.15),
        Aim("wix", once, str(questions), questions == 1),
        Aim("wix", room, f"{overhead:.0f} µs", overhead < 100),
    ]


def _connections(found: Connections) -> list[Aim]:
    renewals, section = found.renewals, "connections"
    one_each = f"{renewals.instances:,} ended tokens: one token request each"
    waits = "nobody waits for the slowest renewal"
    own = renewals.token_requests == renewals.instances and renewals.most_for_one == 1
    adds = found.stream_adds
    return [
        Aim(section, "CPU: a call / forwarding <= 1.10", f"{found.cost:.2f}", found.cost <= 1.10),
        Aim(section, one_each, f"{renewals.token_requests:,}", own),
        Aim(section, waits, f"{renewals.slowest_ms:.0f} ms", renewals.slowest_ms < 2000),
        Aim(section, "an event passes within 1 ms", f"{adds:.0f} µs", adds < 1000),
    ]


def _postgres(postgres: Postgres) -> list[Aim]:
    found = []
    for name, rates in (("read one", postgres.read), ("insert", postgres.insert)):
        text = f"{name}: backlot / pgbench >= 0.5"
        if postgres.remark:
            found.append(Aim("data-postgres", text, "-", None))
        else:
            found.append(Aim("data-postgres", text, f"{rates.ratio:.2f}", rates.ratio >= 0.5))
    return found


def _growth(growth: Growth) -> list[Aim]:
    section = "data-growth"
    items, tenants = growth.by_items, growth.by_instances
    return [
        Aim(section, "10^6 items / 10^3 items <= 2", f"{items:.2f}", items <= 2),
        Aim(section, "10^5 instances / 1 instance <= 2", f"{tenants:.2f}", tenants <= 2),
        _below(section, "10^6 items under load < 150 MB", growth.resident_bytes, 150),
    ]


def _below(section: str, text: str, size: int, megabytes: int) -> Aim:
    return Aim(section, text, f"{size / MEGABYTE:.1f} MB", size < megabytes * MEGABYTE)
