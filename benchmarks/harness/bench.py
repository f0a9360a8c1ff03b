"""The workbench: what every recipe and every section of a run needs at hand."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

from .failures import ContestantFailed
from .machine import Cores
from .servers import Fleet, Launch, Server, free_port
from .settings import PROFILE, Settings


@dataclass(frozen=True)
class Place:
    """Where one server lives: its port, its upstream's, and a folder of its own."""

    port: int
    upstream_port: int
    directory: Path
    pool: int


@dataclass
class Workbench:
    """One run's settings, cores, servers and folder."""

    settings: Settings
    cores: Cores
    fleet: Fleet
    directory: Path
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def place(self, upstream_port: int) -> Place:
        """A new place for a server in front of that upstream."""
        directory = self.directory / str(next(self._numbers))
        directory.mkdir()
        return Place(free_port(), upstream_port, directory, self.settings.pool)

    def binary(self, name: str) -> Path:
        """One of our own binaries, as they are packaged."""
        path = self.settings.target / PROFILE / name
        if not path.exists():
            raise ContestantFailed(f"{path} is missing: run without --no-build.")
        return path

    def start_upstream(self) -> Server:
        """Bare hyper beside the generator: the same upstream for whoever forwards."""
        place = self.place(0)
        launch = hyper_hello(self, place)
        return self.fleet.start("upstream", launch, self.cores.generator, place.directory)


def hyper_hello(bench: Workbench, place: Place) -> Launch:
    """Bare hyper, as a contestant and as the upstream."""
    program = str(bench.binary("hyper-hello"))
    return Launch([program, "--listen", f"127.0.0.1:{place.port}"], place.port)
