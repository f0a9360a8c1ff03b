"""A server under test with notes in it, and those who ask it."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta

from .. import instances
from ..checks import Reply, ask, page_headers
from ..failures import ContestantFailed
from ..servers import Server
from . import wire
from .notes import COLLECTION, PAGE, blocks, note


class Backend:
    """One that speaks Wix Data v2; the owner of the notes is a site member."""

    # Does it check the signed instance, and answer the page's CORS?
    signed = True
    insert_path = wire.ITEMS
    list_path = wire.query_path(COLLECTION, PAGE)

    def __init__(self, server: Server) -> None:
        self.server = server
        member = instances.sign(member=True)
        self.instance_id, self.owner_id = member.instance_id, member.user
        self.owner = member.text
        self.other = instances.sign(member.instance_id, member=True).text
        self.strangers = {
            "another member": self.other,
            "another tenant": instances.sign(member=True).text,
            "another tenant's owner": instances.sign().text,
        }
        unsigned = member.text.partition(".")[2]
        expired = instances.sign(member.instance_id, member=True, lifetime=timedelta(hours=-1))
        self.nobodies = {
            "a tampered instance": instances.tampered(member),
            "an instance without its signature": unsigned,
            "an expired instance": expired.text,
        }
        # The owner's notes, in the order of insertion.
        self.ids: list[str] = []

    def fill(self, count: int, name: Callable[[int], str] | None = None) -> None:
        """Lets the owner and another member write so many notes; `name` gives the owner's ids."""
        for numbers in blocks(count):
            self.ids += self._write_many("note", self.owner, numbers, name)
            self._write_many("other", self.other, numbers, None)

    def item_path(self, item_id: str) -> str:
        return wire.item_path(COLLECTION, item_id)

    def body(self, data: dict) -> bytes:
        """An insert's body."""
        return wire.insert_body(COLLECTION, data)

    def item(self, reply: Reply) -> dict:
        """The item in the answer to an insert or a read; it has an `_id`."""
        return _parsed(reply)["dataItem"]["data"]

    def items(self, reply: Reply) -> list[dict]:
        return [one["data"] for one in _parsed(reply)["dataItems"]]

    def ask(
        self, path: str, authorization: str, body: bytes | None = None, method: str | None = None
    ) -> Reply:
        """One request as a page sends it: a GET, or with a body a POST."""
        headers = page_headers(authorization) if authorization else {}
        if body is not None:
            headers |= wire.JSON_HEADER
        method = method or ("GET" if body is None else "POST")
        try:
            return ask(self.server.port, method, path, headers, body, timeout=60)
        except OSError as error:
            raise ContestantFailed(f"{self.server.name}: {method} {path}: {error}") from error

    def _write_many(
        self, writer: str, caller: str, numbers: range, name: Callable[[int], str] | None
    ) -> list[str]:
        data = [note(writer, n) | ({"_id": name(n)} if name else {}) for n in numbers]
        reply = self.ask(wire.BULK_INSERT, caller, wire.bulk_body(COLLECTION, data))
        results = _parsed(reply)["results"]
        if not all(one["itemMetadata"]["success"] for one in results):
            raise ContestantFailed(f"{self.server.name}: a bulk insert was answered {reply}")
        return [one["itemMetadata"]["id"] for one in results]


class Bare(Backend):
    """One that reads nothing and stores nothing."""

    signed = False

    def fill(self, count: int, name: Callable[[int], str] | None = None) -> None:
        self.ids = [str(uuid.uuid4()) for _ in range(count)]


def _parsed(reply: Reply) -> dict:
    if reply.status != 200:
        raise ContestantFailed(f"not 200: {reply}")
    try:
        return json.loads(reply.body)
    except ValueError as error:
        raise ContestantFailed(f"no JSON: {reply}") from error
