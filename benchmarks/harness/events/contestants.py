"""Who takes part in the intake of events."""

from collections.abc import Callable
from dataclasses import dataclass

from ..bench import Place, Workbench
from ..servers import Launch
from ..settings import Settings
from . import recipes
from .recipes import Setting


@dataclass(frozen=True)
class Contestant:
    """One server under test."""

    name: str
    # The name in --rivals, or None for Backlot itself.
    rival: str | None
    does: str
    recipe: Callable[[Workbench, Place, Setting], Launch]


CHECKS = "the signature, one row an event"
BACKLOT = Contestant("backlot", None, "everything, deliveries included", recipes.backlot)
CONTESTANTS = [
    BACKLOT,
    Contestant(
        "backlot-intake-only",
        None,
        "the same without a subscription",
        recipes.backlot_without_subscription,
    ),
    Contestant("reference", "reference", f"{CHECKS}, commits grouped", recipes.reference),
    Contestant("fastify-grouped", "fastify", f"{CHECKS}, commits grouped", recipes.fastify_grouped),
    Contestant("express", "express", f"{CHECKS}, a transaction each", recipes.express),
]


def taking_part(settings: Settings) -> list[Contestant]:
    """The contestants, less the rivals that the command line leaves out."""
    return [c for c in CONTESTANTS if c.rival is None or c.rival in settings.rivals]
