"""Who takes part in which part of the data section."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..bench import Workbench
from ..settings import Settings
from . import pocketbase, recipes
from .backend import Backend


@dataclass(frozen=True)
class Contestant:
    """One server under test."""

    name: str
    # The name in --rivals, or None for Backlot itself.
    rival: str | None
    does: str
    start: Callable[[Workbench], Backend]


CHECKS = "the caller's whole check, owner rule, SQLite"
BACKLOT = Contestant("backlot", None, "everything Backlot does", recipes.start_backlot)
EXPRESS = Contestant("express", "express", f"Express: {CHECKS}", recipes.start_express)
FASTIFY = Contestant("fastify", "fastify", f"Fastify: {CHECKS}", recipes.start_fastify)
AS_IT_COMES = partial(pocketbase.start, with_log=True)
WITHOUT_LOG = partial(pocketbase.start, with_log=False)
OWNED = "token, owner rule, SQLite"
POCKETBASE = Contestant("pocketbase", "pocketbase", f"{OWNED}, its log", AS_IT_COMES)
SILENT = Contestant("pocketbase-no-log", "pocketbase", f"{OWNED}, no log", WITHOUT_LOG)
HYPER = Contestant("hyper", "hyper", "bare hyper, no store, checks nothing", recipes.start_hyper)

INSERTING = [
    Contestant("backlot", None, "durable, commits grouped", recipes.start_backlot),
    Contestant("express", "express", "durable, an fsync each", recipes.start_express),
    Contestant("fastify", "fastify", "durable, an fsync each", recipes.start_fastify),
    Contestant(
        "fastify-grouped", "fastify", "durable, commits grouped", recipes.start_fastify_grouped
    ),
    Contestant("pocketbase", "pocketbase", "not durable: no fsync waited for", AS_IT_COMES),
    Contestant("pocketbase-no-log", "pocketbase", "the same, no log", WITHOUT_LOG),
]
PARTS = {
    "data-read": [BACKLOT, EXPRESS, FASTIFY, POCKETBASE, SILENT, HYPER],
    "data-insert": INSERTING,
    "data-list": [BACKLOT, EXPRESS, FASTIFY, POCKETBASE, SILENT],
}


def taking_part(part: str, settings: Settings) -> list[Contestant]:
    """The part's contestants, less the rivals that the command line leaves out."""
    return [c for c in PARTS[part] if c.rival is None or c.rival in settings.rivals]
