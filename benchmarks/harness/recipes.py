"""How each contestant is configured and started. The rivals' own files are in benchmarks/rivals."""

import base64
from pathlib import Path

from . import build, tools
from .bench import Place, Workbench
from .servers import Launch, free_port
from .settings import APP_ID, BENCHMARKS, RIVALS, SECRET, SECRET_VARIABLE

PROXIES = RIVALS / "proxies"
PUBLIC_KEY = BENCHMARKS / "harness" / "public-key.pem"

BACKLOT_APP = """\
[app]
id = "@APP_ID@"
secret = { env = "@SECRET_VARIABLE@" }
public_key = { file = "@PUBLIC_KEY@" }

"""
BACKLOT_PLACE = """\
[server]
listen = "127.0.0.1:@PORT@"

[admin]
listen = "127.0.0.1:@ADMIN_PORT@"

[database]
url = "@DATABASE_URL@"

"""
BACKLOT_API = """\
[[api]]
path = "/api"
upstream = "http://127.0.0.1:@UPSTREAM_PORT@"
methods = ["GET", "POST"]
allow = ["owner", "member", "visitor"]
"""


def backlot(bench: Workbench, place: Place) -> Launch:
    """Backlot as it comes: every check, one log line a request to a file, SQLite on the disk."""
    config = place.directory / "backlot.toml"
    text = BACKLOT_APP + BACKLOT_PLACE + BACKLOT_API
    config.write_text(fill(text, values(place) | backlot_values(place)))
    return serve(bench, place, config)


def backlot_values(place: Place) -> dict[str, str]:
    """What is in Backlot's configurations and in nobody else's."""
    return {
        "APP_ID": APP_ID,
        "SECRET_VARIABLE": SECRET_VARIABLE,
        "PUBLIC_KEY": str(PUBLIC_KEY),
        "ADMIN_PORT": str(free_port()),
        "DATABASE_URL": f"sqlite://{place.directory}/backlot.db",
    }


def serve(bench: Workbench, place: Place, config: Path) -> Launch:
    """Backlot in production, with that configuration and a data folder of its own."""
    command = [str(bench.binary("backlot")), "serve", "--config", str(config)]
    command += ["--data", str(place.directory / "data")]
    return Launch(command, place.port, {SECRET_VARIABLE: SECRET}, ready_path="/readyz")


def express(bench: Workbench, place: Place) -> Launch:
    """Express 5 with cors, a check by hand and http-proxy-middleware."""
    return node("express.js", place)


def fastify(bench: Workbench, place: Place) -> Launch:
    """Fastify 5 with @fastify/cors, a check by hand and @fastify/http-proxy."""
    return node("fastify.js", place)


def nginx(bench: Workbench, place: Place) -> Launch:
    """nginx with one worker; checks nothing."""
    config = _write("nginx.conf", place)
    return Launch([tools.located("nginx"), "-e", "stderr", "-c", str(config)], place.port)


def haproxy(bench: Workbench, place: Place) -> Launch:
    """HAProxy with one thread; checks nothing."""
    return _haproxy("haproxy.cfg", place)


def haproxy_hmac(bench: Workbench, place: Place) -> Launch:
    """HAProxy with one thread and a rule that checks the signature."""
    return _haproxy("haproxy-hmac.cfg", place)


def envoy(bench: Workbench, place: Place) -> Launch:
    """Envoy with one worker; checks nothing."""
    config = _write("envoy.yaml", place)
    command = [str(build.envoy_binary()), "-c", str(config), "--concurrency", "1"]
    command += ["--disable-hot-restart", "--log-level", "warning"]
    return Launch(command, place.port)


def _haproxy(file: str, place: Place) -> Launch:
    config = _write(file, place)
    return Launch([tools.located("haproxy"), "-db", "-f", str(config)], place.port)


def node(file: str, place: Place, more: dict[str, str] | None = None) -> Launch:
    """One of the rivals in Node, in one process."""
    environment = {
        "NODE_ENV": "production",
        "BENCHMARK_APP_ID": APP_ID,
        SECRET_VARIABLE: SECRET,
        "BENCHMARK_PORT": str(place.port),
        "BENCHMARK_UPSTREAM": f"http://127.0.0.1:{place.upstream_port}",
        "BENCHMARK_POOL": str(place.pool),
    } | (more or {})
    command = [tools.located("node"), str(build.NODE_RIVALS / file)]
    return Launch(command, place.port, environment)


def _write(file: str, place: Place) -> Path:
    path = place.directory / file
    path.write_text(fill((PROXIES / file).read_text(), values(place)))
    return path


def values(place: Place) -> dict[str, str]:
    """What stands for each @NAME@ in a configuration."""
    return {
        "PORT": str(place.port),
        "LISTEN": f"127.0.0.1:{place.port}",
        "UPSTREAM": f"127.0.0.1:{place.upstream_port}",
        "UPSTREAM_PORT": str(place.upstream_port),
        "DIRECTORY": str(place.directory),
        "POOL": str(place.pool),
        # HAProxy wants the key in base64; the key itself is the secret's text.
        "KEY": base64.b64encode(SECRET.encode()).decode(),
    }


def fill(text: str, values: dict[str, str]) -> str:
    """The text with each @NAME@ in it replaced."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
