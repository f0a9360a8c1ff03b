"""PocketBase: started, set up through its own command and API, and asked in its own way."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

from .. import build
from ..bench import Workbench
from ..checks import Reply
from ..failures import ContestantFailed
from ..servers import Launch, Server
from . import wire
from .backend import Backend
from .notes import COLLECTION, MOST_IN_BULK, PAGE, blocks, note

SUPERUSER, PASSWORD = "benchmark@example.com", "a-throw-away-password"
RECORDS = f"/api/collections/{COLLECTION}/records"
OWNER_RULE = "owner = @request.auth.id"
# Notes may come in bulk.
BULK = {"batch": {"enabled": True, "maxRequests": MOST_IN_BULK, "timeout": 60}}
# As it comes it keeps a line of each request for five days.
NO_LOG = {"logs": {"maxDays": 0}}


def start(bench: Workbench, with_log: bool) -> "PocketBase":
    """A PocketBase with the collection of notes and two users."""
    place = bench.place(0)
    program, data = str(build.pocketbase_binary()), ["--dir", str(place.directory / "pb_data")]
    command = [program, "superuser", "upsert", SUPERUSER, PASSWORD, *data]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise ContestantFailed(f"pocketbase superuser upsert failed: {done.stdout}{done.stderr}")
    address = f"127.0.0.1:{place.port}"
    launch = Launch(
        [program, "serve", "--http", address, *data], place.port, ready_path="/api/health"
    )
    server = bench.fleet.start("pocketbase", launch, bench.cores.server, place.directory)
    return PocketBase(server, BULK if with_log else BULK | NO_LOG)


class PocketBase(Backend):
    """It has no tenants, so it checks less: that a note is its reader's own."""

    signed = False
    insert_path = RECORDS
    # Neither counted nor sorted by anything but the order of insertion.
    list_path = f"{RECORDS}?perPage={PAGE}&skipTotal=1&sort=@rowid"

    def __init__(self, server: Server, settings: dict) -> None:
        self.server = server
        self.ids = []
        self._superuser = self._log_in("_superusers", SUPERUSER)[0]
        self._as_superuser("PATCH", "/api/settings", settings)
        self._as_superuser("POST", "/api/collections", _collection())
        self.owner, self._owner_id = self._new_user("owner@example.com")
        self.other, self._other_id = self._new_user("other@example.com")
        self.strangers = {"another user": self.other}
        self.nobodies = {
            "a request without a token": "",
            "a tampered token": self.owner[:-4] + "AAAA",
        }

    def fill(self, count: int, name: Callable[[int], str] | None = None) -> None:
        for numbers in blocks(count):
            self.ids += self._write_many("note", self._owner_id, numbers, name)
            self._write_many("other", self._other_id, numbers, None)

    def item_path(self, item_id: str) -> str:
        return f"{RECORDS}/{item_id}"

    def body(self, data: dict) -> bytes:
        return wire.to_json(data | {"owner": self._owner_id})

    def item(self, reply: Reply) -> dict:
        found = _parsed(reply)
        return found | {"_id": found["id"]}

    def items(self, reply: Reply) -> list[dict]:
        return _parsed(reply)["items"]

    def _write_many(
        self, writer: str, caller: str, numbers: range, name: Callable[[int], str] | None
    ) -> list[str]:
        bodies = [note(writer, number) | {"owner": caller} for number in numbers]
        requests = [{"method": "POST", "url": RECORDS, "body": body} for body in bodies]
        written = self._as_superuser("POST", "/api/batch", {"requests": requests})
        return [one["body"]["id"] for one in written]

    def _new_user(self, email: str) -> tuple[str, str]:
        body = {"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD}
        self._as_superuser("POST", "/api/collections/users/records", body)
        return self._log_in("users", email)

    def _log_in(self, collection: str, email: str) -> tuple[str, str]:
        """The token, and the id of who has it."""
        path = f"/api/collections/{collection}/auth-with-password"
        found = _parsed(self.ask(path, "", wire.to_json({"identity": email, "password": PASSWORD})))
        return found["token"], found["record"]["id"]

    def _as_superuser(self, method: str, path: str, value: object) -> Any:
        return _parsed(self.ask(path, self._superuser, wire.to_json(value), method))


def _collection() -> dict:
    owner = {"name": "owner", "type": "relation", "collectionId": "_pb_users_auth_"}
    stamps = [
        {"name": "created", "type": "autodate", "onCreate": True},
        {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
    ]
    return {
        "name": COLLECTION,
        "type": "base",
        "listRule": OWNER_RULE,
        "viewRule": OWNER_RULE,
        "createRule": OWNER_RULE,
        "fields": [
            {"name": "title", "type": "text"},
            {"name": "stars", "type": "number"},
            {"name": "text", "type": "text"},
            owner | {"maxSelect": 1, "required": True},
            *stamps,
        ],
        "indexes": [f"CREATE INDEX {COLLECTION}_of_owners ON {COLLECTION} (owner)"],
    }


def _parsed(reply: Reply) -> Any:
    if reply.status != 200:
        raise ContestantFailed(f"pocketbase answered {reply}")
    return json.loads(reply.body)
