"""Backlot's own stand-in for Wix, beside the generator, and Backlot in front of it."""

import json
import subprocess
import urllib.request
from dataclasses import dataclass

from .bench import Workbench
from .recipes import BACKLOT_PLACE, PUBLIC_KEY, fill
from .servers import Launch, Server, free_port
from .settings import APP_ID, SECRET

ENVIRONMENT = {
    "WIX_CLIENT_ID": APP_ID,
    "WIX_CLIENT_SECRET": SECRET,
    "WIX_CLIENT_PUBLIC_KEY": PUBLIC_KEY.read_text(),
}

CONFIG = (
    BACKLOT_PLACE
    + """\
[wix]
base_url = "http://127.0.0.1:@SIMULATOR_PORT@"
calls = ["GET /apps/v1/instance"]
allow = ["app"]
# The simulator's own limit is off, too: what is measured here is the way, not the waiting.
requests_per_minute = 100000000

# The same call as a plain proxied one: the caller's own token is good at the simulator, too.
[[api]]
path = "/plain"
strip_prefix = true
upstream = "http://127.0.0.1:@SIMULATOR_PORT@"
methods = ["GET"]
allow = ["app"]
pass_authorization = true
"""
)


@dataclass(frozen=True)
class Simulator:
    """The stand-in, running: where it is, and the installation that calls are made on."""

    server: Server
    data: str
    instance_id: str
    program: str

    def token(self, role: str) -> str:
        """A good access token."""
        command = [self.program, "simulator", "token", "--data", self.data]
        command += ["--instance", self.instance_id, "--role", role]
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def set_faults(self, **faults: object) -> None:
        self._ask("PUT", "/simulator/v1/faults", faults)

    def forget_calls(self) -> None:
        self._ask("DELETE", "/simulator/v1/calls")

    def count_calls(self, path: str) -> int:
        return self._ask("GET", f"/simulator/v1/calls?path={path}")["total"]

    def _ask(self, method: str, path: str, body: object = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.server.port}{path}",
            data=data,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            text = reply.read()
        return json.loads(text) if text else {}


def start_simulator(bench: Workbench) -> Simulator:
    """Starts `backlot dev` on the generator's core; of all that it runs the simulator is used."""
    place = bench.place(0)
    data, ready = place.directory / "data", place.directory / "ready.json"
    program = str(bench.binary("backlot"))
    command = [program, "dev", "--data", str(data), "--ready-file", str(ready)]
    command += ["--simulator-listen", f"127.0.0.1:{place.port}", "--app-listen", "127.0.0.1:0"]
    command += ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
    launch = Launch(command, place.port, ENVIRONMENT, ready_path="/healthz")
    server = bench.fleet.start("simulator", launch, bench.cores.generator, place.directory)
    instance_id = json.loads(ready.read_text())["instances"][0]["instanceId"]
    return Simulator(server, str(data), instance_id, program)


def start_backlot(bench: Workbench, simulator: Simulator) -> Server:
    """Starts `backlot serve` on the server's core, with the simulator for Wix."""
    place = bench.place(simulator.server.port)
    values = {
        "PORT": str(place.port),
        "ADMIN_PORT": str(free_port()),
        "SIMULATOR_PORT": str(simulator.server.port),
        "DATABASE_URL": f"sqlite://{place.directory}/backlot.db",
    }
    config = place.directory / "backlot.toml"
    config.write_text(fill(CONFIG, values))
    command = [str(bench.binary("backlot")), "serve", "--config", str(config)]
    command += ["--data", str(place.directory / "data")]
    launch = Launch(command, place.port, ENVIRONMENT, ready_path="/readyz")
    return bench.fleet.start("backlot", launch, bench.cores.server, place.directory)
