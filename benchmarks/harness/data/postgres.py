"""The same read and insert on PostgreSQL: Backlot, and pgbench with Backlot's statements."""

import json
from dataclasses import asdict, dataclass, field
from statistics import median

from ..bench import Workbench
from ..failures import ContestantFailed
from ..generator import Generator
from ..rounds import WARM_UP_SECONDS, say
from .backend import Backend
from .database import Database, Unavailable
from .examination import examine_insert, examine_read
from .notes import COLLECTION, note
from .parts import inserting, reading
from .pgbench import PgBench, require_as_sent
from .recipes import start_backlot

NOTES = 10_000
NOT_YET = "PostgreSQL is not supported yet"


@dataclass
class Rates:
    """Requests a second in each round."""

    backlot: list[float] = field(default_factory=list)
    pgbench: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(self.backlot) / median(self.pgbench)


@dataclass
class Postgres:
    """What was found, or why nothing was."""

    remark: str | None = None
    read: Rates = field(default_factory=Rates)
    insert: Rates = field(default_factory=Rates)

    def as_json(self) -> dict:
        if self.remark:
            return {"remark": self.remark}
        return asdict(self) | {"read_ratio": self.read.ratio, "insert_ratio": self.insert.ratio}


def measure_postgres(bench: Workbench, generator: Generator) -> Postgres:
    """Both in turn, in a database of their own, if there is a server for it."""
    if "pgbench" not in bench.settings.rivals:
        return Postgres("pgbench is not among --rivals")
    try:
        with Database() as database:
            return _measure(bench, generator, database)
    except Unavailable as reason:
        say(f"data-postgres: not measured: {reason}")
        return Postgres(str(reason))


def _measure(bench: Workbench, generator: Generator, database: Database) -> Postgres:
    say("data-postgres: filling and checking backlot")
    backend = _start(bench, database)
    try:
        backend.fill(NOTES, name=str)
        examine_read(backend)
        examine_insert(backend)
        pgbench = PgBench(database, bench.cores.server, _variables(backend, database))
        directory = bench.place(0).directory
        found = Postgres()
        _require_same_statements(backend, database)
        turns = {
            "read.sql": (found.read, reading(generator, backend, directory)),
            "insert.sql": (found.insert, inserting(generator, backend, directory)),
        }
        for number in range(1, bench.settings.rounds + 1):
            for script, (rates, loading) in turns.items():
                backend.server.require_alive()
                backend.server.forget_log()
                loading(WARM_UP_SECONDS)
                rates.backlot.append(loading(bench.settings.seconds).requests_per_second)
                rates.pgbench.append(pgbench.run(script, bench.settings.seconds))
                said = f"{rates.backlot[-1]:,.0f} requests/s, pgbench {rates.pgbench[-1]:,.0f}"
                say(f"data-postgres: round {number}: {script}: backlot {said}")
        return found
    finally:
        bench.fleet.stop(backend.server)


def _require_same_statements(backend: Backend, database: Database) -> None:
    """Asks once for each script, and looks at what the database was sent."""
    backend.ask(backend.item_path(backend.ids[0]), backend.owner)
    require_as_sent(database, "read.sql")
    backend.ask(backend.insert_path, backend.owner, backend.body(note("new", 0)))
    require_as_sent(database, "insert.sql")


def _start(bench: Workbench, database: Database) -> Backend:
    try:
        return start_backlot(bench, database.url)
    except ContestantFailed as error:
        if NOT_YET in str(error):
            raise Unavailable("this backlot takes no postgres:// yet") from error
        raise


def _variables(backend: Backend, database: Database) -> dict[str, str]:
    """What pgbench binds."""
    sql = f"SELECT revision FROM backlot.declared_collections WHERE id = '{COLLECTION}'"
    return {
        "instance": backend.instance_id,
        "collection": COLLECTION,
        "revision": database.ask(sql)[0],
        "owner": backend.owner_id,
        "data": json.dumps(_stored(backend)),
        "last": str(NOTES - 1),
        "none": "{}",
        # Six fields in an order of their own.
        "order": "\\x060504030201",
    }


def _stored(backend: Backend) -> dict:
    """A note as it is kept: a date is a number of milliseconds."""
    now = {"$date": 1_767_225_600_000}
    stamps = {"_id": backend.ids[0], "_owner": backend.owner_id}
    return note("new", 1) | stamps | {"_createdDate": now, "_updatedDate": now}
