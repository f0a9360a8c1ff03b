"""The memory section: what Backlot holds at rest, and after a hundred thousand tenants."""

import sys
import time
from dataclasses import asdict, dataclass

from . import accounting, instances, recipes
from .bench import Workbench
from .failures import ContestantFailed
from .sender import send_each_once
from .servers import Server

INSTANCES = 100_000
# What is written behind the replies gets this long to be written.
SETTLE_SECONDS = 3


@dataclass(frozen=True)
class Memory:
    """Resident bytes of Backlot at four moments of one life."""

    idle: int
    after_one_tenant: int
    after_whoami: int
    after_forwarding: int
    peak: int
    instances: int

    @property
    def added(self) -> int:
        """All that was added since the start: connections, pools and tenants together."""
        return self.after_forwarding - self.idle

    def as_json(self) -> dict:
        return asdict(self) | {"added": self.added}


def measure_memory(bench: Workbench) -> Memory:
    """One life of Backlot: at rest, one tenant for comparison, then every tenant to both paths."""
    upstream = bench.start_upstream()
    place = bench.place(upstream.port)
    launch = recipes.backlot(bench, place)
    server = bench.fleet.start("backlot", launch, bench.cores.server, place.directory)
    idle = _settled(server)
    _say(f"memory: idle; signing {INSTANCES:,} instances")
    tenants = [instances.sign() for _ in range(INSTANCES)]
    one = [instances.sign()] * INSTANCES
    _all_served(bench, server, "/whoami", one, 1)
    after_one = _settled(server)
    _all_served(bench, server, "/whoami", tenants, INSTANCES)
    after_whoami = _settled(server)
    _all_served(bench, server, "/api/hello", tenants, INSTANCES)
    after_forwarding = _settled(server)
    peak = accounting.peak_bytes(server.pid)
    bench.fleet.stop(server)
    bench.fleet.stop(upstream)
    return Memory(idle, after_one, after_whoami, after_forwarding, peak, INSTANCES)


def _all_served(
    bench: Workbench,
    server: Server,
    path: str,
    callers: list[instances.SignedInstance],
    tenants: int,
) -> None:
    _say(f"memory: {len(callers):,} requests to {path}, distinct instances: {tenants:,}")
    server.forget_log()
    connections = bench.settings.connections
    served = send_each_once(server.port, path, callers, connections, named=path == "/whoami")
    server.require_alive()
    if served != tenants:
        raise ContestantFailed(f"{path} served {served:,} of {tenants:,} tenants")


def _settled(server: Server) -> int:
    time.sleep(SETTLE_SECONDS)
    server.require_alive()
    return accounting.resident_bytes(server.pid)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
