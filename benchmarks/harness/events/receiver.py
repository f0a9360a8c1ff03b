"""The destination of the subscription, beside the generator: it takes each delivery at once, and counts them."""

import json
import time
from dataclasses import dataclass

from ..bench import Workbench
from ..checks import get
from ..failures import ContestantFailed
from ..servers import Launch, free_port

POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Count:
    """What it has taken, at a time; distinct by `webhook-id`."""

    at: float
    received: int
    distinct: int

    def rate_since(self, earlier: "Count") -> float:
        return (self.distinct - earlier.distinct) / (self.at - earlier.at)


class Receiver:
    """Its port stays the same when it is stopped and started again; its count does not."""

    def __init__(self, bench: Workbench) -> None:
        self._bench, self.port = bench, free_port()
        self.start()

    def start(self) -> None:
        place, core = self._bench.place(0), self._bench.cores.generator
        command = [str(self._bench.binary("event-receiver")), "--listen", f"127.0.0.1:{self.port}"]
        launch = Launch(command, self.port)
        self._server = self._bench.fleet.start("receiver", launch, core, place.directory)

    def stop(self) -> None:
        self._bench.fleet.stop(self._server)

    def count(self) -> Count:
        found = json.loads(get(self.port, "/").body)
        return Count(time.monotonic(), found["received"], found["distinct"])

    def wait_for(self, distinct: int, seconds: float) -> Count:
        """Waits until so many were delivered."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.count()
            if found.distinct >= distinct:
                return found
            if found.at > deadline:
                text = f"{found.distinct:,} of {distinct:,} deliveries came in {seconds:.0f} s"
                raise ContestantFailed(text)
            time.sleep(POLL_SECONDS)
