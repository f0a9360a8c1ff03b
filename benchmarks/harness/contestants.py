"""Who takes part in which section, and what each has to prove before it is timed."""

from collections.abc import Callable
from dataclasses import dataclass

from . import instances, recipes
from .bench import Place, Workbench, hyper_hello
from .checks import Examination
from .recorder import Recorder
from .servers import Launch
from .settings import Settings

PATHS = {"answer": "/whoami", "forward": "/api/hello"}


@dataclass(frozen=True)
class Contestant:
    """One server under test."""

    name: str
    # The name in --rivals, or None for Backlot itself.
    rival: str | None
    does: str
    recipe: Callable[[Workbench, Place], Launch]
    # Does it check the signature, and all the rest that a backend has to do?
    signature: bool = False
    everything: bool = False


HYPER = Contestant("hyper", "hyper", "bare hyper, says hello, checks nothing", hyper_hello)
NODE = "CORS, the caller's whole check"
BACKENDS = [
    Contestant("backlot", None, "everything Backlot does", recipes.backlot, True, True),
    Contestant("express", "express", f"Express: {NODE}", recipes.express, True, True),
    Contestant("fastify", "fastify", f"Fastify: {NODE}", recipes.fastify, True, True),
]
PROXIES = [
    Contestant("nginx", "nginx", "proxies, checks nothing", recipes.nginx),
    Contestant("haproxy", "haproxy", "proxies, checks nothing", recipes.haproxy),
    Contestant(
        "haproxy-hmac", "haproxy", "proxies, checks the signature", recipes.haproxy_hmac, True
    ),
    Contestant("envoy", "envoy", "proxies, checks nothing", recipes.envoy),
]
SECTIONS = {
    "answer": [*BACKENDS, HYPER],
    "forward": [*BACKENDS, *PROXIES, HYPER],
}


def taking_part(section: str, settings: Settings) -> list[Contestant]:
    """The section's contestants, less the rivals that the command line leaves out."""
    return [c for c in SECTIONS[section] if c.rival is None or c.rival in settings.rivals]


def examine(bench: Workbench, contestant: Contestant, section: str) -> None:
    """Starts the contestant in front of an upstream that remembers, questions it, stops it."""
    with Recorder() as recorder:
        place = bench.place(recorder.port)
        launch = contestant.recipe(bench, place)
        server = bench.fleet.start(contestant.name, launch, bench.cores.server, place.directory)
        try:
            examination = Examination(contestant.name, place.port, PATHS[section])
            _question(examination, contestant, section, recorder)
        finally:
            bench.fleet.stop(server)


def _question(
    examination: Examination, contestant: Contestant, section: str, recorder: Recorder
) -> None:
    instance = instances.sign()
    whole = contestant.everything
    reply = examination.admits(instance, cors=whole, forged=whole)
    answers_itself = section == "answer" and whole
    examination.says(reply, instance.instance_id if answers_itself else "hello")
    if section == "forward" and whole:
        examination.told_upstream(instance, recorder.seen)
    if contestant.signature:
        examination.refuses_forgeries(instance)
    if whole:
        examination.refuses_what_the_payload_forbids()
