"""The events section from its first part to its last."""

import os

from ..bench import Workbench
from ..data.database import Database, Unavailable
from ..findings import Findings
from ..rounds import Result, say
from .draining import measure_draining
from .growth import measure_growth
from .half_rate import measure_half_rate
from .intake import run_intake
from .outcome import Events, Outcome
from .storage import POSTGRESQL, SQLITE
from .webhooks import Webhooks, provide_webhooks

# For development: only this database.
ONLY = os.environ.get("BENCHMARK_DATABASE", "")


def measure_events(bench: Workbench, found: Findings) -> None:
    """Each database in turn."""
    webhooks = provide_webhooks(bench)
    found.events = Events()
    for kind in (SQLITE, POSTGRESQL):
        if ONLY in ("", kind):
            _measure(bench, webhooks, kind, found)


def _measure(bench: Workbench, webhooks: Webhooks, kind: str, found: Findings) -> None:
    """Each part on its own: one that fails leaves the others, but for those that need what it found."""
    part = f"events-{kind.lower()}"
    try:
        _require(kind)
    except Unavailable as reason:
        say(f"{part}: not measured: {reason}")
        found.events.remarks.append(f"{kind} was not measured: {reason}.")
        return
    outcome = found.events.of[kind] = Outcome()
    with found.excusing(part):
        found.add(part, run_intake(bench, webhooks, kind, part))
        rate = _own_rate(found.timed[part]) / 2
        outcome.half_rate = measure_half_rate(bench, webhooks, kind, rate)
    with found.excusing(part):
        outcome.draining = measure_draining(bench, webhooks, kind)
        rate = outcome.draining.per_second
        outcome.growth = measure_growth(bench, webhooks, kind, rate)


def _own_rate(results: list[Result]) -> float:
    """That of Backlot, which is the first."""
    return results[0].median("requests_per_second")


def _require(kind: str) -> None:
    """There is a server of PostgreSQL."""
    if kind == POSTGRESQL:
        with Database("_events"):
            pass
