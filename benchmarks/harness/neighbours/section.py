"""The neighbours section from its first part to its last."""

import os
import sys
from pathlib import Path

from .. import accounting
from ..bench import Workbench
from ..data.database import Database, Unavailable
from .attackers import Attack, Worker
from .attacks import attacks
from .outcome import ALONE, KINDS, Neighbours, Outcome
from .site import Site, start_site

SECONDS = 8
WARM_UP_SECONDS = 1
# For development: only attacks with one of these in their names, as in "counts|searches".
ONLY = os.environ.get("BENCHMARK_ATTACKS", "").split("|")
# Likewise: only this database.
DATABASE = os.environ.get("BENCHMARK_DATABASE", "")


def measure_neighbours(bench: Workbench, found: Neighbours) -> None:
    """Each database in turn, in a life of the server of its own for each attack."""
    if DATABASE != "PostgreSQL":
        found.of["SQLite"] = _measure(bench, "SQLite", None)
    if DATABASE == "SQLite":
        return
    try:
        with Database() as database:
            found.of["PostgreSQL"] = _measure(bench, "PostgreSQL", database.url)
    except Unavailable as reason:
        _say(f"neighbours: PostgreSQL: not measured: {reason}")
        found.remarks.append(f"PostgreSQL was not measured: {reason}.")


def _measure(bench: Workbench, database: str, url: str | None) -> list[Outcome]:
    _say(f"neighbours: {database}: filling")
    site = start_site(bench, url)
    found = []
    try:
        for name, workers in [(ALONE, []), *attacks(site)]:
            if workers and not any(part in name for part in ONLY):
                continue
            site.restart()
            outcome = _under(site, name, workers)
            found.append(outcome)
            _say(f"neighbours: {database}: {name}: {_summary(outcome)}")
    finally:
        bench.fleet.stop(site.server)
    return found


def _under(site: Site, name: str, workers: list[Worker]) -> Outcome:
    """One attack, from a server that has just started to the end of the attackers."""
    pid, quiet = site.server.pid, site.quiet_requests()
    quiet.run(WARM_UP_SECONDS)
    before = accounting.resident_bytes(pid)
    _forget_peak(pid)
    with Attack(site.server.port, workers) as attack:
        times = quiet.run(SECONDS)
        peak = accounting.peak_bytes(pid)
    site.server.require_alive()
    site.server.forget_log()
    return Outcome(name, times, before, peak, attack.answers)


def _forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _summary(outcome: Outcome) -> str:
    times = ", ".join(f"{kind} {outcome.judged(kind):.1f}" for kind in KINDS)
    missed = f"; missed: {', '.join(outcome.missed)}" if outcome.missed else ""
    return f"{times} ms, +{outcome.grown / 1e6:.0f} MB{missed}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
