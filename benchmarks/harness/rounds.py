"""The timed sections: alternating rounds over the contestants, and their medians."""

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from statistics import median

from . import accounting, instances
from .bench import Workbench
from .contestants import PATHS, Contestant, examine, taking_part
from .failures import ContestantFailed
from .generator import Generator, Load
from .servers import Server

WARM_UP_SECONDS = 1


@dataclass(frozen=True)
class Sample:
    """One contestant in one round."""

    requests_per_second: float
    p50_us: float
    p99_us: float
    resident_bytes: int
    processor_us_per_request: float
    # The share of its core that the contestant used: below 0.9 something else held it back.
    busy: float


@dataclass
class Result:
    """One contestant in one section."""

    name: str
    does: str
    samples: list[Sample] = field(default_factory=list)
    failure: str | None = None

    def median(self, name: str) -> float:
        return median(getattr(sample, name) for sample in self.samples)

    def spread(self, name: str) -> tuple[float, float]:
        values = [getattr(sample, name) for sample in self.samples]
        return min(values), max(values)

    def as_json(self) -> dict:
        found: dict[str, object] = {"does": self.does, "failure": self.failure}
        if self.samples and not self.failure:
            names = list(asdict(self.samples[0]))
            found["median"] = {name: round(self.median(name), 3) for name in names}
        return found | {"rounds": [asdict(sample) for sample in self.samples]}


def run_section(bench: Workbench, generator: Generator, section: str) -> list[Result]:
    """Examines and starts everybody, lets them run in turn, and stops them."""
    contestants = taking_part(section, bench.settings)
    results = [Result(contestant.name, contestant.does) for contestant in contestants]
    say(f"{section}: checking {', '.join(result.name for result in results)}")
    servers: dict[str, Server] = {}
    upstream = bench.start_upstream() if section == "forward" else None
    for result, contestant in zip(results, contestants, strict=True):
        with Excusing(result):
            examine(bench, contestant, section)
            servers[result.name] = _start(bench, contestant, upstream)
    path, caller = PATHS[section], instances.sign().text

    def measure(result: Result) -> Sample:
        server = servers[result.name]
        load = partial(generator.run, server.port, path, caller)
        return sample(server, load, bench.settings.seconds)

    take_turns(section, results, bench.settings.rounds, measure)
    for server in [*servers.values(), *filter(None, [upstream])]:
        bench.fleet.stop(server)
    return results


def take_turns(
    section: str, results: list[Result], rounds: int, measure: Callable[[Result], Sample]
) -> None:
    """Round one of each, then round two of each; whoever fails is out."""
    for number in range(1, rounds + 1):
        for result in results:
            if result.failure:
                continue
            with Excusing(result):
                found = measure(result)
                result.samples.append(found)
                rate = found.requests_per_second
                say(f"{section}: round {number}: {result.name}: {rate:,.0f} requests/s")


def sample(server: Server, load: Callable[[int], Load], seconds: int) -> Sample:
    """One turn: a warm-up that is not counted, and then what the load took of the server."""
    server.require_alive()
    server.forget_log()
    load(WARM_UP_SECONDS)
    before = accounting.processor_seconds(server.pid)
    found = load(seconds)
    used = accounting.processor_seconds(server.pid) - before
    server.require_alive()
    return Sample(
        requests_per_second=found.requests_per_second,
        p50_us=found.p50_us,
        p99_us=found.p99_us,
        resident_bytes=accounting.resident_bytes(server.pid),
        processor_us_per_request=used * 1e6 / found.requests,
        busy=used / found.seconds,
    )


def _start(bench: Workbench, contestant: Contestant, upstream: Server | None) -> Server:
    place = bench.place(upstream.port if upstream else 1)
    launch = contestant.recipe(bench, place)
    return bench.fleet.start(contestant.name, launch, bench.cores.server, place.directory)


class Excusing:
    """Notes a contestant's failure and lets the others go on."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, ContestantFailed):
            return False
        self._result.failure = str(error)
        say(f"FAILED: {self._result.name}: {error}")
        return True


def say(text: str) -> None:
    """Tells how far a run has come."""
    print(text, file=sys.stderr, flush=True)
