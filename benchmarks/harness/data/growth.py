"""What growth costs Backlot: the time of an indexed query as items and instances become many, and
the memory with a million items under load."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from .. import accounting, instances
from ..bench import Workbench
from ..failures import ContestantFailed
from ..generator import Generator, Script
from ..rounds import say
from ..sender import send_each_once
from . import wire
from .backend import Backend
from .recipes import start_backlot

COLLECTION = "products"
FEW_ITEMS, MANY_ITEMS, MANY_INSTANCES = 1_000, 1_000_000, 100_000
# Every query finds as many, however many others there are.
ON_A_SHELF = 10
MOST_QUERIES = 1000
IN_BULK = 1000
TEXT = "a product with a title of about sixty characters, number"


@dataclass(frozen=True)
class Growth:
    """Medians of one request after the other, in microseconds; resident bytes."""

    few_us: float
    many_items_us: float
    many_instances_us: float
    resident_bytes: int
    peak_bytes: int

    @property
    def by_items(self) -> float:
        return self.many_items_us / self.few_us

    @property
    def by_instances(self) -> float:
        return self.many_instances_us / self.few_us

    def as_json(self) -> dict:
        return asdict(self) | {"by_items": self.by_items, "by_instances": self.by_instances}


@dataclass(frozen=True)
class Grown:
    """A Backlot in some state, and the queries to ask it."""

    name: str
    backend: Backend
    caller: str
    queries: Script


def measure_growth(bench: Workbench, wrk: str) -> Growth:
    """Three lives of Backlot side by side, asked in turn."""
    few = _grow(bench, "few", FEW_ITEMS)
    many_instances = _grow(bench, "many instances", FEW_ITEMS)
    _add_instances(bench, many_instances.backend)
    many_items = _grow(bench, "many items", MANY_ITEMS)
    grown = [few, many_items, many_instances]
    found: dict[str, list[float]] = {one.name: [] for one in grown}
    one_by_one = Generator(wrk, bench.cores.generator, 1)
    for number in range(1, bench.settings.rounds + 1):
        for one in grown:
            time = _load(one_by_one, one, bench.settings.seconds)
            found[one.name].append(time)
            say(f"data-growth: round {number}: {one.name}: {time:.0f} µs at the median")
    together = Generator(wrk, bench.cores.generator, bench.settings.connections)
    _load(together, many_items, bench.settings.seconds)
    resident = accounting.resident_bytes(many_items.backend.server.pid)
    peak = accounting.peak_bytes(many_items.backend.server.pid)
    for one in grown:
        bench.fleet.stop(one.backend.server)
    few_us, items_us, instances_us = (median(found[one.name]) for one in grown)
    return Growth(few_us, items_us, instances_us, resident, peak)


def _grow(bench: Workbench, name: str, items: int) -> Grown:
    """A Backlot with so many items of one instance."""
    say(f"data-growth: {name}: inserting {items:,} items")
    backend, caller = start_backlot(bench), instances.sign()

    def insert(start: int) -> None:
        products = [_product(number) for number in range(start, min(start + IN_BULK, items))]
        body = wire.bulk_body(COLLECTION, products)
        reply = backend.ask(wire.BULK_INSERT, caller.text, body)
        if reply.status != 200 or b'"success":false' in reply.body:
            raise ContestantFailed(f"a bulk insert was answered {reply}")

    # The next body is made while the server has the last one.
    with ThreadPoolExecutor(2) as writers:
        list(writers.map(insert, range(0, items, IN_BULK)))
    queries = Script("paths.lua", _queries(bench.place(0).directory, items))
    grown = Grown(name, backend, caller.text, queries)
    _require_right_answers(grown)
    return grown


def _add_instances(bench: Workbench, backend: Backend) -> None:
    """A hundred thousand other instances, each with an item on a shelf that all have."""
    say(f"data-growth: inserting one item for each of {MANY_INSTANCES:,} instances")
    tenants = [instances.sign() for _ in range(MANY_INSTANCES)]
    body = wire.insert_body(COLLECTION, _product(0))
    connections = bench.settings.connections
    port = backend.server.port
    served = send_each_once(port, wire.ITEMS, tenants, connections, named=False, body=body)
    if served != MANY_INSTANCES:
        raise ContestantFailed(f"{served:,} of {MANY_INSTANCES:,} instances could insert")


def _product(number: int) -> dict:
    return {"title": f"{TEXT} {number}", "shelf": f"shelf {number // ON_A_SHELF}"}


def _queries(directory: Path, items: int) -> Path:
    """Queries for shelves that are spread over all of them."""
    shelves = items // ON_A_SHELF
    step = max(1, shelves // MOST_QUERIES)
    wanted = [f"shelf {number}" for number in range(0, shelves, step)]
    file = directory / "paths.txt"
    file.write_text("".join(f"{_query(shelf)}\n" for shelf in wanted))
    return file


def _query(shelf: str) -> str:
    return wire.query_path(COLLECTION, 2 * ON_A_SHELF, {"shelf": shelf})


def _require_right_answers(grown: Grown) -> None:
    """Each shelf holds its own ten."""
    for path in grown.queries.lines.read_text().splitlines()[:3]:
        found = grown.backend.items(grown.backend.ask(path, grown.caller))
        shelves = {one["shelf"] for one in found}
        if len(found) != ON_A_SHELF or path not in map(_query, shelves):
            raise ContestantFailed(f"GET {path} with {grown.name} found {found}")


def _load(generator: Generator, grown: Grown, seconds: int) -> float:
    grown.backend.server.require_alive()
    grown.backend.server.forget_log()
    port = grown.backend.server.port
    return generator.run(port, "/", grown.caller, seconds, grown.queries).p50_us
