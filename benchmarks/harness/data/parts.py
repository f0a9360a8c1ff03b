"""The parts of the data section in which rivals take turns: read one, insert one, list twenty."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..bench import Workbench
from ..generator import Generator, Load, Script
from ..rounds import Excusing, Result, Sample, sample, say, take_turns
from .backend import Backend, Bare
from .contestants import taking_part
from .examination import examine_insert, examine_list, examine_read
from .notes import note

DISTINCT_BODIES = 1000
# A turn's load: how many seconds, on which server.
Loading = Callable[[int], Load]


@dataclass(frozen=True)
class Part:
    """What is asked in one part."""

    # How many notes the owner has, and another member as many.
    notes: int
    examine: Callable[[Backend], None]
    loading: Callable[[Generator, Backend, Path], Loading]


def reading(generator: Generator, backend: Backend, directory: Path) -> Loading:
    """Reads the owner's notes, one at a time, in no order."""
    ids = random.Random(1).sample(backend.ids, len(backend.ids))
    script = Script("paths.lua", directory / "paths.txt")
    script.lines.write_text("".join(f"{backend.item_path(item_id)}\n" for item_id in ids))
    return partial(generator.run, backend.server.port, "/", backend.owner, script=script)


def inserting(generator: Generator, backend: Backend, directory: Path) -> Loading:
    """Inserts notes, one at a time."""
    script = Script("bodies.lua", directory / "bodies.txt")
    bodies = [backend.body(note("new", number)) for number in range(DISTINCT_BODIES)]
    script.lines.write_bytes(b"\n".join(bodies) + b"\n")
    port, path = backend.server.port, backend.insert_path
    return partial(generator.run, port, path, backend.owner, script=script)


def listing(generator: Generator, backend: Backend, _directory: Path) -> Loading:
    """Asks for the first page of the owner's notes."""
    return partial(generator.run, backend.server.port, backend.list_path, backend.owner)


PARTS = {
    "data-read": Part(10_000, examine_read, reading),
    "data-insert": Part(0, examine_insert, inserting),
    "data-list": Part(1_000, examine_list, listing),
}


def run_part(bench: Workbench, generator: Generator, name: str) -> list[Result]:
    """Starts, fills and examines everybody, lets them run in turn, and stops them."""
    part, contestants = PARTS[name], taking_part(name, bench.settings)
    results = [Result(contestant.name, contestant.does) for contestant in contestants]
    say(f"{name}: filling and checking {', '.join(result.name for result in results)}")
    backends: dict[str, Backend] = {}
    loadings: dict[str, Loading] = {}
    for result, contestant in zip(results, contestants, strict=True):
        with Excusing(result):
            backend = backends[result.name] = contestant.start(bench)
            backend.fill(part.notes)
            if not isinstance(backend, Bare):
                part.examine(backend)
            loadings[result.name] = part.loading(generator, backend, bench.place(0).directory)

    def measure(result: Result) -> Sample:
        server = backends[result.name].server
        return sample(server, loadings[result.name], bench.settings.seconds)

    take_turns(name, results, bench.settings.rounds, measure)
    for backend in backends.values():
        bench.fleet.stop(backend.server)
    return results
