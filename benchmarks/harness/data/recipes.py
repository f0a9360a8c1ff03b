"""How the contestants of the data section are started."""

from functools import partial

from .. import recipes
from ..bench import Workbench, hyper_hello
from ..servers import Launch
from ..settings import BENCHMARKS
from .backend import Backend, Bare

COLLECTIONS = BENCHMARKS / "collections"

BACKLOT_DATA = """\
[data]
collections = "@COLLECTIONS@"
"""


def start_backlot(bench: Workbench, database_url: str | None = None) -> Backend:
    """Backlot as it comes, with the collections of files; SQLite on the disk, or what is given."""
    place = bench.place(0)
    known = recipes.values(place) | recipes.backlot_values(place)
    known["COLLECTIONS"] = str(COLLECTIONS)
    if database_url:
        known["DATABASE_URL"] = database_url
    config = place.directory / "backlot.toml"
    text = recipes.BACKLOT_APP + recipes.BACKLOT_PLACE + BACKLOT_DATA
    config.write_text(recipes.fill(text, known))
    launch = recipes.serve(bench, place, config)
    return Backend(bench.fleet.start("backlot", launch, bench.cores.server, place.directory))


def start_node(file: str, commits: str, bench: Workbench) -> Backend:
    """A rival in Node; its commits come `alone` or `together`."""
    place = bench.place(0)
    more = {"BENCHMARK_DATABASE": str(place.directory / "items.db"), "BENCHMARK_COMMITS": commits}
    launch: Launch = recipes.node(file, place, more)
    return Backend(bench.fleet.start(file, launch, bench.cores.server, place.directory))


def start_hyper(bench: Workbench) -> Bare:
    """Bare hyper: no store, no check."""
    place = bench.place(0)
    launch = hyper_hello(bench, place)
    return Bare(bench.fleet.start("hyper", launch, bench.cores.server, place.directory))


start_express = partial(start_node, "express-data.js", "alone")
start_fastify = partial(start_node, "fastify-data.js", "alone")
start_fastify_grouped = partial(start_node, "fastify-data.js", "together")
