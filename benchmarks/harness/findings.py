"""Everything that a run has found, section by section."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .connections.section import Connections
from .data.growth import Growth
from .data.postgres import Postgres
from .events.outcome import Events
from .failures import ContestantFailed
from .memory import Memory
from .neighbours.outcome import Neighbours
from .rounds import Result
from .wix import Wix


@dataclass
class Findings:
    """What was measured; None: it was not, or nothing of it is left."""

    # The sections, and parts of sections, in which rivals take turns.
    timed: dict[str, list[Result]] = field(default_factory=dict)
    wix: Wix | None = None
    connections: Connections | None = None
    memory: Memory | None = None
    postgres: Postgres | None = None
    growth: Growth | None = None
    neighbours: Neighbours | None = None
    events: Events | None = None
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def excusing(self, section: str) -> Iterator[None]:
        """Notes that a whole section failed, and lets the others go on."""
        try:
            yield
        except ContestantFailed as error:
            self.failures.append(f"{section}: {error}")
            print(f"FAILED: {section}: {error}", file=sys.stderr, flush=True)

    def add(self, section: str, results: list[Result]) -> None:
        """Keeps what a section timed."""
        self.timed[section] = results
        self.failures += [f"{section}: {r.name}: {r.failure}" for r in results if r.failure]

    def as_json(self) -> dict:
        return {
            "sections": {n: {r.name: r.as_json() for r in rs} for n, rs in self.timed.items()},
            "wix": self.wix.as_json() if self.wix else None,
            "connections": self.connections.as_json() if self.connections else None,
            "memory": self.memory.as_json() if self.memory else None,
            "postgres": self.postgres.as_json() if self.postgres else None,
            "growth": self.growth.as_json() if self.growth else None,
            "neighbours": self.neighbours.as_json() if self.neighbours else None,
            "events": self.events.as_json() if self.events else None,
            "failures": self.failures,
        }
