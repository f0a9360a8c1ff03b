"""What many stored events and waiting lanes cost: intake and deliveries beside them, over those of an empty database."""

import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from .. import accounting
from ..bench import Workbench
from ..rounds import say
from .contestants import BACKLOT
from .draining import MOST_SECONDS, delivery_rate
from .life import Life, begin_life
from .receiver import Receiver
from .storage import SQLITE, Storage
from .webhooks import Webhooks

# As in grow-sqlite.sql and grow-postgres.sql. There are 100,000 lanes at least as long as anything is measured.
EVENTS, LANES, LEAST_LANES = 1_000_000, 150_000, 100_000


@dataclass(frozen=True)
class Growth:
    """Medians of intake in turn with an empty database; deliveries while all lanes are due."""

    empty_intake: float
    intake: float
    empty_deliveries: float
    deliveries: float
    lanes_left: int
    resident_bytes: int
    peak_bytes: int

    @property
    def intake_slower(self) -> float:
        return self.empty_intake / self.intake

    @property
    def deliveries_slower(self) -> float:
        return self.empty_deliveries / self.deliveries

    def as_json(self) -> dict:
        more = {"intake_slower": self.intake_slower, "deliveries_slower": self.deliveries_slower}
        return asdict(self) | more


def measure_growth(
    bench: Workbench, webhooks: Webhooks, kind: str, empty_deliveries: float
) -> Growth:
    """A full database, and in turn with it lives with an empty one."""
    receiver, seconds = Receiver(bench), bench.settings.seconds
    empty, full, resident, peak = [], [], [], []
    with begin_life(bench, BACKLOT, kind, webhooks, receiver.port) as life:
        receiver.wait_for(1, MOST_SECONDS)
        life.stop()
        say(f"events: {kind}: storing {EVENTS:,} events and {LANES:,} waiting lanes")
        _fill(life.storage)
        for number in range(1, bench.settings.rounds + 1):
            with begin_life(bench, BACKLOT, kind, webhooks, receiver.port) as other:
                empty.append(other.flooded(seconds).requests_per_second)
            life.start_again()
            found = life.flooded(seconds)
            full.append(found.requests_per_second)
            resident.append(found.resident_bytes)
            peak.append(accounting.peak_bytes(life.server.pid))
            life.stop()
            rates = f"{full[-1]:,.0f} events/s, empty {empty[-1]:,.0f}"
            say(f"events: {kind}: round {number}: beside {EVENTS:,}: {rates}")
        deliveries = _deliver(life, receiver, seconds)
        resident.append(accounting.resident_bytes(life.server.pid))
        peak.append(accounting.peak_bytes(life.server.pid))
        life.stop()
        say(f"events: {kind}: beside {LANES:,} lanes: {deliveries:,.0f} deliveries/s")
        life.require_all_stored(besides=EVENTS)
        lanes = life.storage.count("delivery_lanes")
    receiver.stop()
    intake = median(empty), median(full)
    return Growth(*intake, empty_deliveries, deliveries, lanes, max(resident), max(peak))


def _deliver(life: Life, receiver: Receiver, seconds: int) -> float:
    known = receiver.count().distinct
    life.start_again()
    receiver.wait_for(known + 1, MOST_SECONDS)
    return delivery_rate(receiver, seconds, known + EVENTS)


def _fill(storage: Storage) -> None:
    if storage.kind != SQLITE:
        storage.run(_script("grow-postgres.sql"))
        return
    with closing(sqlite3.connect(storage.path)) as connection:
        made = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN "
        tables = "('events', 'deliveries', 'delivery_attempts', 'delivery_lanes', 'delivery_turns')"
        indexes = connection.execute(made + tables).fetchall()
        connection.executescript(";".join(f"DROP INDEX {name}" for name, _ in indexes))
    storage.run(_script("grow-sqlite.sql"))
    with closing(sqlite3.connect(storage.path)) as connection:
        connection.executescript(";".join(["PRAGMA synchronous = OFF", *(sql for _, sql in indexes)]))


def _script(name: str) -> Path:
    return Path(__file__).with_name(name)
