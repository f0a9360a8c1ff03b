"""Webhooks as fast as they are taken: Backlot, the reference program and the rivals, in turn."""

from ..bench import Workbench
from ..rounds import Result, Sample, say, take_turns
from .contestants import taking_part
from .life import begin_life
from .receiver import Receiver
from .webhooks import Webhooks


def run_intake(bench: Workbench, webhooks: Webhooks, kind: str, part: str) -> list[Result]:
    """Each turn is a life with an empty database."""
    contestants = {contestant.name: contestant for contestant in taking_part(bench.settings)}
    results = [Result(one.name, one.does) for one in contestants.values()]
    say(f"{part}: {', '.join(contestants)}")
    receiver = Receiver(bench)

    def measure(result: Result) -> Sample:
        contestant = contestants[result.name]
        with begin_life(bench, contestant, kind, webhooks, receiver.port) as life:
            found = life.flooded(bench.settings.seconds)
            life.stop()
            life.require_all_stored()
        return found

    take_turns(part, results, bench.settings.rounds, measure)
    receiver.stop()
    return results
