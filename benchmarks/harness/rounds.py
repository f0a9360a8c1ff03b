"""The timed sections: alternating rounds over the contestants, and their medians."""

import sys
from dataclasses import asdict, dataclass, field
from statistics import median

from . import accounting, instances
from .bench import Workbench
from .contestants import PATHS, Contestant, examine, taking_part
from .failures import ContestantFailed
from .generator import Generator
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

    contestant: Contestant
    samples: list[Sample] = field(default_factory=list)
    failure: str | None = None

    @property
    def name(self) -> str:
        return self.contestant.name

    def median(self, name: str) -> float:
        return median(getattr(sample, name) for sample in self.samples)

    def spread(self, name: str) -> tuple[float, float]:
        values = [getattr(sample, name) for sample in self.samples]
        return min(values), max(values)

    def as_json(self) -> dict:
        found: dict[str, object] = {"does": self.contestant.does, "failure": self.failure}
        if self.samples and not self.failure:
            names = list(asdict(self.samples[0]))
            found["median"] = {name: round(self.median(name), 3) for name in names}
        return found | {"rounds": [asdict(sample) for sample in self.samples]}


def run_section(bench: Workbench, generator: Generator, section: str) -> list[Result]:
    """Examines and starts everybody, lets them run in turn, and stops them."""
    results = [Result(contestant) for contestant in taking_part(section, bench.settings)]
    _say(f"{section}: checking {', '.join(result.name for result in results)}")
    servers: dict[str, Server] = {}
    upstream = bench.start_upstream() if section == "forward" else None
    for result in results:
        with _excusing(result):
            examine(bench, result.contestant, section)
            servers[result.name] = _start(bench, result.contestant, upstream)
    for number in range(1, bench.settings.rounds + 1):
        for result in results:
            if result.failure:
                continue
            with _excusing(result):
                sample = _measure(bench, generator, section, servers[result.name])
                result.samples.append(sample)
                rate = sample.requests_per_second
                _say(f"{section}: round {number}: {result.name}: {rate:,.0f} requests/s")
    for server in [*servers.values(), *filter(None, [upstream])]:
        bench.fleet.stop(server)
    return results


def _start(bench: Workbench, contestant: Contestant, upstream: Server | None) -> Server:
    place = bench.place(upstream.port if upstream else 1)
    launch = contestant.recipe(bench, place)
    return bench.fleet.start(contestant.name, launch, bench.cores.server, place.directory)


def _measure(bench: Workbench, generator: Generator, section: str, server: Server) -> Sample:
    path, caller = PATHS[section], instances.sign().text
    server.require_alive()
    server.forget_log()
    generator.run(server.port, path, caller, WARM_UP_SECONDS)
    before = accounting.processor_seconds(server.pid)
    load = generator.run(server.port, path, caller, bench.settings.seconds)
    used = accounting.processor_seconds(server.pid) - before
    server.require_alive()
    return Sample(
        requests_per_second=load.requests_per_second,
        p50_us=load.p50_us,
        p99_us=load.p99_us,
        resident_bytes=accounting.resident_bytes(server.pid),
        processor_us_per_request=used * 1e6 / load.requests,
        busy=used / load.seconds,
    )


class _excusing:
    """Notes a contestant's failure and lets the others go on."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, ContestantFailed):
            return False
        self._result.failure = str(error)
        _say(f"FAILED: {self._result.name}: {error}")
        return True


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
