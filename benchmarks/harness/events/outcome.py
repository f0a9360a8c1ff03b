"""What was found with each database, beside the intake in which rivals take turns."""

from dataclasses import dataclass, field

from .draining import Draining
from .growth import Growth
from .half_rate import HalfRate


@dataclass
class Outcome:
    """One database; None: it was not measured."""

    half_rate: HalfRate | None = None
    draining: Draining | None = None
    growth: Growth | None = None

    def as_json(self) -> dict:
        parts = {"half_rate": self.half_rate, "draining": self.draining, "growth": self.growth}
        return {name: part.as_json() for name, part in parts.items() if part}


@dataclass
class Events:
    """By database."""

    of: dict[str, Outcome] = field(default_factory=dict)
    # Why a database was not measured.
    remarks: list[str] = field(default_factory=list)

    def as_json(self) -> dict:
        found = {kind: outcome.as_json() for kind, outcome in self.of.items()}
        return {"databases": found, "remarks": self.remarks}
