"""One life of a contestant: it begins with an empty database, and ends with a count of what is stored."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..bench import Place, Workbench
from ..checks import ask
from ..failures import ContestantFailed
from ..rounds import Sample, sample
from ..servers import Launch, Server
from .contestants import Contestant
from .recipes import Setting
from .sender import PATH, WebhookSender
from .storage import Storage, empty_storage
from .webhooks import Webhooks


class Life:
    """A server that runs, and may be stopped and started again with what it has stored."""

    def __init__(
        self, bench: Workbench, name: str, place: Place, launch: Launch, setting: Setting
    ) -> None:
        self._bench, self._name, self._place, self._launch = bench, name, place, launch
        self.storage: Storage = setting.storage
        self.sender = WebhookSender(bench, setting.webhooks)
        self.server: Server = self._start()

    def examine(self) -> None:
        """A webhook is stored once, however often it is sent, and one that was altered is refused."""
        body = self.sender.take()
        for _ in range(2):
            self._expect(body, 200, "a webhook")
        self.sender.acknowledged += 1
        self.sender.sent += 1
        header, claims, signature = self.sender.take().split(b".")
        self._expect(header + b"." + claims[:-9] + b"." + signature, 401, "a changed webhook")
        self._expect(header + b"." + claims + b"." + signature[::-1], 401, "a forged webhook")

    def flooded(self, seconds: int) -> Sample:
        """A turn at full load."""
        return sample(self.server, lambda time: self.sender.flood(self.server, time), seconds)

    def stop(self) -> None:
        self._bench.fleet.stop(self.server)

    def start_again(self) -> None:
        self.server = self._start()

    def require_all_stored(self, besides: int = 0) -> None:
        """Each webhook that was answered 200 is a row, and there are no others."""
        rows = self.storage.count("events") - besides
        acknowledged, sent = self.sender.acknowledged, self.sender.sent
        if not acknowledged <= rows <= sent:
            text = f"{acknowledged:,} webhooks were answered 200, {sent:,} were sent"
            raise ContestantFailed(f"{self._name}: {text}, {rows:,} are stored")

    def _start(self) -> Server:
        # Signatures are work for both cores. The generator, the receiver and PostgreSQL share them.
        cores = f"{self._bench.cores.server},{self._bench.cores.generator}"
        return self._bench.fleet.start(self._name, self._launch, cores, self._place.directory)

    def _expect(self, body: bytes, status: int, what: str) -> None:
        try:
            reply = ask(self.server.port, "POST", PATH, {"Content-Type": "text/plain"}, body)
        except OSError as error:
            raise ContestantFailed(f"{self._name}: POST {PATH}: {error}") from error
        if reply.status != status:
            raise ContestantFailed(f"{self._name}: {what} was answered {reply}")


@contextmanager
def begin_life(
    bench: Workbench, contestant: Contestant, kind: str, webhooks: Webhooks, receiver_port: int
) -> Iterator[Life]:
    """A life that has been examined; the end of the `with` ends it, and its database."""
    with empty_storage(bench, kind) as storage:
        place, setting = bench.place(0), Setting(webhooks, storage, receiver_port)
        launch = contestant.recipe(bench, place, setting)
        life = Life(bench, contestant.name, place, launch, setting)
        try:
            life.examine()
            yield life
        finally:
            life.stop()
