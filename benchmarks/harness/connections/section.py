"""The connections section from its first part to its last."""

import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from .. import accounting, instances, recipes
from ..bench import Workbench
from ..generator import Generator
from ..servers import Launch, Server
from ..settings import SECRET, SECRET_VARIABLE
from .renewals import Renewals, measure_renewals
from .streams import measure_streams

PROVIDER = Path(__file__).with_name("provider.py")
CONNECTIONS = """\
[secrets]
master_key = { file = "master.key" }

[[connection]]
name = "hello"
base_url = "http://127.0.0.1:@UPSTREAM_PORT@"
networks = ["127.0.0.1"]
auth = { bearer = { secret = "key" } }
calls = ["GET /api/hello"]
allow = ["owner"]

[[connection]]
name = "account"
base_url = "http://127.0.0.1:@PROVIDER_PORT@"
networks = ["127.0.0.1"]
calls = ["GET /thing", "GET /events"]
allow = ["owner"]

[connection.auth.oauth]
authorize_url = "http://127.0.0.1:@PROVIDER_PORT@/authorize"
token_url = "http://127.0.0.1:@PROVIDER_PORT@/token"
client_id = "backlot"
client_secret = { file = "key" }
redirect_url = "http://127.0.0.1/callback"
"""


@dataclass(frozen=True)
class Connections:
    """What was found; times in microseconds."""

    forward_cpu: float
    call_cpu: float
    renewals: Renewals
    direct_us: float
    stream_us: float
    stream_p99_us: float

    @property
    def cost(self) -> float:
        return self.call_cpu / self.forward_cpu

    @property
    def stream_adds(self) -> float:
        return self.stream_us - self.direct_us

    def as_json(self) -> dict:
        return asdict(self) | {"cost": self.cost, "stream_adds": self.stream_adds}


def measure_connections(bench: Workbench, wrk: str) -> Connections:
    """One life of Backlot in front of bare hyper and a provider."""
    upstream = bench.start_upstream()
    provider = _start_provider(bench)
    server = _start_backlot(bench, upstream, provider)
    forward, call = _costs(bench, wrk, server)
    renewals = measure_renewals(server, provider, _say)
    direct, through = measure_streams(server, provider, _say)
    for one in (server, provider, upstream):
        bench.fleet.stop(one)
    p99 = sorted(through)[int(len(through) * 0.99)]
    return Connections(forward, call, renewals, median(direct), median(through), p99)


def _start_provider(bench: Workbench) -> Server:
    place = bench.place(0)
    command = [sys.executable, str(PROVIDER), str(place.port)]
    launch = Launch(command, place.port, ready_path="/thing")
    return bench.fleet.start("provider", launch, bench.cores.generator, place.directory)


def _start_backlot(bench: Workbench, upstream: Server, provider: Server) -> Server:
    place = bench.place(upstream.port)
    known = recipes.values(place) | recipes.backlot_values(place)
    known["PROVIDER_PORT"] = str(provider.port)
    (place.directory / "key").write_text("a-key-of-some-length-0123456789\n")
    (place.directory / "master.key").write_text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
    config = place.directory / "backlot.toml"
    text = recipes.BACKLOT_APP + recipes.BACKLOT_PLACE + recipes.BACKLOT_API + CONNECTIONS
    config.write_text(recipes.fill(text, known))
    _keep_secret(bench, config)
    launch = recipes.serve(bench, place, config)
    return bench.fleet.start("backlot", launch, bench.cores.server, place.directory)


def _keep_secret(bench: Workbench, config: Path) -> None:
    """The API's key, in Backlot's own keeping, as its guide has it."""
    program = str(bench.binary("backlot"))
    command = [program, "secret", "set", "key", "--config", str(config)]
    variables = os.environ | {SECRET_VARIABLE: SECRET}
    subprocess.run(
        command, input=b"a-key-of-some-length-0123456789", env=variables, check=True, capture_output=True
    )


def _costs(bench: Workbench, wrk: str, server: Server) -> tuple[float, float]:
    """CPU per request of GET /api/hello forwarded, and made as a connection's call, in turn."""
    generator = Generator(wrk, bench.cores.generator, bench.settings.connections)
    caller = instances.sign().text
    paths = {"forwarded": "/api/hello", "a call": "/connections/hello/api/hello"}
    found: dict[str, list[float]] = {name: [] for name in paths}
    for number in range(1, bench.settings.rounds + 1):
        for name, path in paths.items():
            cost = _cost(bench, generator, server, caller, path)
            found[name].append(cost)
            _say(f"connections: round {number}: {name}: {cost:.2f} µs of CPU a request")
    return median(found["forwarded"]), median(found["a call"])


def _cost(bench: Workbench, generator: Generator, server: Server, caller: str, path: str) -> float:
    server.require_alive()
    server.forget_log()
    generator.run(server.port, path, caller, 1)
    before = accounting.processor_seconds(server.pid)
    load = generator.run(server.port, path, caller, bench.settings.seconds)
    return (accounting.processor_seconds(server.pid) - before) * 1e6 / load.requests


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
