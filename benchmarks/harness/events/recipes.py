"""How the contestants of the events section are configured and started."""

from dataclasses import dataclass

from .. import recipes
from ..bench import Place, Workbench
from ..servers import Launch
from .storage import Storage
from .webhooks import Webhooks

SUBSCRIPTION = """\
[[subscription]]
name = "all"
to = "http://127.0.0.1:@RECEIVER_PORT@/"
"""


@dataclass(frozen=True)
class Setting:
    """What a contestant is given."""

    webhooks: Webhooks
    storage: Storage
    receiver_port: int


def backlot(bench: Workbench, place: Place, setting: Setting) -> Launch:
    """Backlot as it comes, with a subscription."""
    return _backlot(bench, place, setting, SUBSCRIPTION)


def backlot_without_subscription(bench: Workbench, place: Place, setting: Setting) -> Launch:
    """Backlot as it comes: it stores events and delivers none."""
    return _backlot(bench, place, setting, "")


def reference(bench: Workbench, place: Place, setting: Setting) -> Launch:
    """The least that has to happen, in Rust."""
    command = [str(bench.binary("webhook-reference")), "--listen", f"127.0.0.1:{place.port}"]
    command += ["--database", setting.storage.url]
    command += ["--public-key", str(setting.webhooks.public_key)]
    return Launch(command, place.port)


def fastify_grouped(_: Workbench, place: Place, setting: Setting) -> Launch:
    """Fastify with group commit."""
    return _node("fastify-events.js", "together", place, setting)


def express(_: Workbench, place: Place, setting: Setting) -> Launch:
    """Express with a transaction for each event."""
    return _node("express-events.js", "alone", place, setting)


def _backlot(bench: Workbench, place: Place, setting: Setting, more: str) -> Launch:
    known = recipes.values(place) | recipes.backlot_values(place)
    known["PUBLIC_KEY"] = str(setting.webhooks.public_key)
    known["DATABASE_URL"] = setting.storage.url
    known["RECEIVER_PORT"] = str(setting.receiver_port)
    config = place.directory / "backlot.toml"
    config.write_text(recipes.fill(recipes.BACKLOT_APP + recipes.BACKLOT_PLACE + more, known))
    return recipes.serve(bench, place, config)


def _node(file: str, commits: str, place: Place, setting: Setting) -> Launch:
    more = {
        "BENCHMARK_DATABASE": setting.storage.url.removeprefix("sqlite://"),
        "BENCHMARK_COMMITS": commits,
        "BENCHMARK_PUBLIC_KEY": str(setting.webhooks.public_key),
    }
    return recipes.node(file, place, more)
