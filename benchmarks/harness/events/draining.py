"""Deliveries of what waits: how many a second, when nothing else is asked of the server."""

import time
from dataclasses import asdict, dataclass

from ..bench import Workbench
from ..failures import ContestantFailed
from ..rounds import WARM_UP_SECONDS, say
from .contestants import BACKLOT
from .life import Life, begin_life
from .receiver import Receiver
from .webhooks import Webhooks

# More than are delivered in a second.
A_SECOND = 4_000
MOST_SECONDS = 120


@dataclass(frozen=True)
class Draining:
    """All that waited was delivered; a few may have come twice."""

    deliveries: int
    repeated: int
    per_second: float

    def as_json(self) -> dict:
        return asdict(self)


def measure_draining(bench: Workbench, webhooks: Webhooks, kind: str) -> Draining:
    """Webhooks are stored while the destination is down. Then server and destination start."""
    count = A_SECOND * (bench.settings.seconds + WARM_UP_SECONDS)
    receiver = Receiver(bench)
    with begin_life(bench, BACKLOT, kind, webhooks, receiver.port) as life:
        receiver.wait_for(1, MOST_SECONDS)
        receiver.stop()
        life.sender.send(life.server, count)
        life.stop()
        receiver.start()
        life.start_again()
        per_second = delivery_rate(receiver, bench.settings.seconds, count)
        last = receiver.wait_for(count, MOST_SECONDS)
        _require_outcomes(life, count + 1)
    receiver.stop()
    say(f"events: {kind}: {count:,} waiting events: {per_second:,.0f} deliveries/s")
    return Draining(count, last.received - last.distinct, per_second)


def delivery_rate(receiver: Receiver, seconds: int, most: int) -> float:
    """Deliveries a second after the first second of them, until so many are delivered."""
    receiver.wait_for(1, MOST_SECONDS)
    time.sleep(WARM_UP_SECONDS)
    begun = receiver.count()
    ended = begun
    while ended.at - begun.at < seconds and ended.distinct < most:
        time.sleep(0.02)
        ended = receiver.count()
    if ended.distinct == begun.distinct:
        raise ContestantFailed("nothing is left to be delivered after a second")
    return ended.rate_since(begun)


def _require_outcomes(life: Life, count: int) -> None:
    """The last outcomes are stored when the server ends."""
    life.stop()
    delivered = life.storage.count("deliveries", "state = 'DELIVERED'")
    if delivered != count:
        raise ContestantFailed(f"{delivered:,} of {count:,} deliveries are marked as delivered")
    if left := life.storage.count("delivery_lanes"):
        raise ContestantFailed(f"{left:,} lanes are left after all deliveries")
