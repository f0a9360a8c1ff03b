"""The time of a 200 while webhooks arrive at half of the rate that Backlot can take, and are delivered."""

from dataclasses import asdict, dataclass
from statistics import median

from ..bench import Workbench
from ..rounds import WARM_UP_SECONDS, say
from .contestants import BACKLOT
from .life import begin_life
from .receiver import Receiver
from .webhooks import Webhooks


@dataclass(frozen=True)
class HalfRate:
    """Medians over the rounds."""

    events_per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    deliveries_per_second: float

    def as_json(self) -> dict:
        return asdict(self)


def measure_half_rate(bench: Workbench, webhooks: Webhooks, kind: str, rate: float) -> HalfRate:
    """Each round is a life with an empty database."""
    found = []
    for number in range(1, bench.settings.rounds + 1):
        found.append(_measure(bench, webhooks, kind, rate))
        taken = f"p99 {found[-1].p99_ms:.1f} ms, {found[-1].deliveries_per_second:,.0f} deliveries/s"
        say(f"events: {kind}: round {number}: {rate:,.0f} events/s: {taken}")
    return HalfRate(*(median(getattr(one, name) for one in found) for name in asdict(found[0])))


def _measure(bench: Workbench, webhooks: Webhooks, kind: str, rate: float) -> HalfRate:
    receiver = Receiver(bench)
    with begin_life(bench, BACKLOT, kind, webhooks, receiver.port) as life:
        life.sender.pace(life.server, rate, int(rate * WARM_UP_SECONDS))
        before = receiver.count()
        paced = life.sender.pace(life.server, rate, int(rate * bench.settings.seconds))
        delivered = receiver.count().rate_since(before)
        life.stop()
        life.require_all_stored()
    receiver.stop()
    return HalfRate(rate, paced.p50_us / 1e3, paced.p99_us / 1e3, paced.max_us / 1e3, delivered)
