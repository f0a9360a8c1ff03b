"""What was found under each attack, and the aims that it is held against."""

from dataclasses import asdict, dataclass, field

from .quiet import Times

ALONE = "the quiet site alone"
KINDS = ("healthz", "read", "query", "search", "insert")
# Milliseconds: of each /healthz, and of 99 in 100 of the others.
LIMITS = {"healthz": 50, "read": 20, "query": 250, "search": 250, "insert": 250}


@dataclass(frozen=True)
class Outcome:
    """One attack, or none."""

    name: str
    times: Times
    resident_before: int
    resident_peak: int
    # How often the attacker was answered what.
    answers: dict[str, int]

    @property
    def grown(self) -> int:
        return max(0, self.resident_peak - self.resident_before)

    def judged(self, kind: str) -> float:
        """What the aim is about."""
        return self.times.most(kind) if kind == "healthz" else self.times.p(kind, 0.99)

    @property
    def missed(self) -> list[str]:
        """The kinds of requests that took too long, or were not answered as they should be."""
        refused = {text.partition(":")[0] for text in self.times.refused}
        return [k for k in KINDS if self.judged(k) > LIMITS[k] or k in refused]

    def as_json(self) -> dict:
        times = {
            kind: {
                "count": len(taken),
                "p50_ms": self.times.p(kind, 0.5),
                "p99_ms": self.times.p(kind, 0.99),
                "max_ms": self.times.most(kind),
            }
            for kind, taken in self.times.of.items()
        }
        found = {name: value for name, value in asdict(self).items() if name != "times"}
        more = {"times": times, "refused": dict(self.times.refused), "missed": self.missed}
        return found | more


@dataclass
class Neighbours:
    """By database; the first outcome of each is that of the quiet site alone."""

    of: dict[str, list[Outcome]] = field(default_factory=dict)
    # Why a database was not measured.
    remarks: list[str] = field(default_factory=list)

    def worst(self, database: str, kind: str) -> Outcome:
        return max(self.of[database], key=lambda outcome: outcome.judged(kind))

    def as_json(self) -> dict:
        found = {name: [one.as_json() for one in all_of] for name, all_of in self.of.items()}
        return {"databases": found, "remarks": self.remarks}
