"""The wix section: what an access token costs, what a burst with a new one asks of Wix, and what the
`/wix/` adds to a plain proxied call."""

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

from . import accounting, instances
from .bench import Workbench
from .burst import send_at_once
from .checks import get
from .failures import ContestantFailed
from .generator import Generator
from .servers import Server
from .simulator import Simulator, start_backlot, start_simulator

BURST = 1000
# While Wix takes this long to answer, all of the burst is waiting.
SLOW_MS = 1500


@dataclass(frozen=True)
class Wix:
    """What was found; times in microseconds."""

    instance_cpu: float
    token_cpu: float
    burst: int
    burst_questions: int
    plain_p50: float
    room_p50: float

    @property
    def token_cost(self) -> float:
        return self.token_cpu / self.instance_cpu

    @property
    def room_overhead(self) -> float:
        return self.room_p50 - self.plain_p50

    def as_json(self) -> dict:
        return asdict(self) | {
            "token_cost": self.token_cost,
            "room_overhead": self.room_overhead,
        }


def measure_wix(bench: Workbench, wrk: str) -> Wix:
    """One life of Backlot in front of one simulator."""
    simulator = start_simulator(bench)
    server = start_backlot(bench, simulator)
    simulator.set_faults(requestsPerMinute=0)
    instance_cpu, token_cpu = _costs(bench, wrk, simulator, server)
    questions = _burst(simulator, server)
    plain, room = _latencies(bench, wrk, simulator, server)
    bench.fleet.stop(server)
    bench.fleet.stop(simulator.server)
    return Wix(instance_cpu, token_cpu, BURST, questions, plain, room)


def _costs(
    bench: Workbench, wrk: str, simulator: Simulator, server: Server
) -> tuple[float, float]:
    """CPU per request of GET /whoami with a signed instance and with a known access token, in turn."""
    generator = Generator(wrk, bench.cores.generator, bench.settings.connections)
    callers = {"signed instance": instances.sign().text, "access token": simulator.token("owner")}
    found: dict[str, list[float]] = {name: [] for name in callers}
    for number in range(1, bench.settings.rounds + 1):
        for name, caller in callers.items():
            cost = _cost(bench, generator, server, caller)
            found[name].append(cost)
            _say(f"wix: round {number}: {name}: {cost:.2f} µs of CPU a request")
    return median(found["signed instance"]), median(found["access token"])


def _cost(bench: Workbench, generator: Generator, server: Server, caller: str) -> float:
    server.require_alive()
    server.forget_log()
    generator.run(server.port, "/whoami", caller, 1)
    before = accounting.processor_seconds(server.pid)
    load = generator.run(server.port, "/whoami", caller, bench.settings.seconds)
    return (accounting.processor_seconds(server.pid) - before) * 1e6 / load.requests


def _burst(simulator: Simulator, server: Server) -> int:
    """How often Wix is asked for a thousand requests that wait with one new token."""
    simulator.set_faults(slowMs=SLOW_MS)
    simulator.forget_calls()
    token = simulator.token("member")
    answers = send_at_once(server.port, "/whoami", token, BURST)
    simulator.set_faults(slowMs=0)
    if answers != [200] * BURST:
        raise ContestantFailed(f"the burst was answered {sorted(set(answers))}")
    questions = simulator.count_calls("/oauth2/token-info")
    _say(f"wix: {BURST:,} waiting requests with one new token asked Wix {questions} time(s)")
    return questions


def _latencies(
    bench: Workbench, wrk: str, simulator: Simulator, server: Server
) -> tuple[float, float]:
    """The median time of one call after the other, plain and through `/wix/`, in turn."""
    generator = Generator(wrk, bench.cores.generator, 1)
    caller = simulator.token("app")
    paths = ("/plain/apps/v1/instance", "/wix/apps/v1/instance")
    for path in paths:
        reply = get(server.port, path, {"Authorization": caller})
        if reply.status != 200 or b"instanceId" not in reply.body:
            raise ContestantFailed(f"GET {path} was answered {reply}")

    def round_of(path: str) -> float:
        server.forget_log()
        simulator.server.forget_log()
        return generator.run(server.port, path, caller, bench.settings.seconds).p50_us

    return _medians(bench.settings.rounds, round_of, *paths)


def _medians(
    rounds: int, measure: Callable[[str], float], first: str, second: str
) -> tuple[float, float]:
    found: dict[str, list[float]] = {first: [], second: []}
    for number in range(1, rounds + 1):
        for path, values in found.items():
            values.append(measure(path))
            _say(f"wix: round {number}: GET {path}: {values[-1]:.0f} µs at the median")
    return median(found[first]), median(found[second])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
