"""Asks a backend by hand, before it is timed, whether it does the work that it is timed for."""

from ..checks import Reply
from ..failures import ContestantFailed
from ..settings import ORIGIN
from .backend import Backend
from .notes import PAGE, note

# Absent, or forbidden: both keep a secret.
REFUSALS = (400, 401, 403, 404)


def examine_read(backend: Backend) -> None:
    """The right note for its owner, and for nobody else."""
    for number in (0, len(backend.ids) // 2, len(backend.ids) - 1):
        path = backend.item_path(backend.ids[number])
        reply = backend.ask(path, backend.owner)
        _same(backend, note("note", number), backend.item(reply), path)
        _cors(backend, reply)
        _kept_secret(backend, path)


def examine_insert(backend: Backend) -> None:
    """What was inserted can be read, under an id of its own, and by its owner only."""
    data, ids = note("inserted", 1), set()
    for _ in range(2):
        reply = backend.ask(backend.insert_path, backend.owner, backend.body(data))
        _same(backend, data, backend.item(reply), "the answer to an insert")
        _cors(backend, reply)
        item_id = backend.item(reply)["_id"]
        ids.add(item_id)
        path = backend.item_path(item_id)
        _same(backend, data, backend.item(backend.ask(path, backend.owner)), path)
        _kept_secret(backend, path)
    _require(backend, len(ids) == 2, "two inserts got one id")
    for who, authorization in backend.nobodies.items():
        reply = backend.ask(backend.insert_path, authorization, backend.body(data))
        _require(backend, reply.status in REFUSALS, f"an insert by {who} was answered {reply}")


def examine_list(backend: Backend) -> None:
    """The owner's first notes in the order of insertion, and nothing of the owner's for others."""
    titles = [one["title"] for one in backend.items(backend.ask(backend.list_path, backend.owner))]
    expected = [note("note", number)["title"] for number in range(PAGE)]
    _require(backend, titles == expected, f"the list is {titles}")
    for who, authorization in backend.strangers.items():
        reply = backend.ask(backend.list_path, authorization)
        if reply.status not in REFUSALS:
            seen = [one["title"] for one in backend.items(reply)]
            _require(backend, not set(seen) & set(titles), f"{who} sees {seen}")
    if backend.signed:
        _unproven(backend, backend.list_path)


def _same(backend: Backend, expected: dict, found: dict, where: str) -> None:
    wrong = {name: found.get(name) for name in expected if found.get(name) != expected[name]}
    _require(backend, not wrong, f"{where}: {wrong} is not what was written")


def _kept_secret(backend: Backend, path: str) -> None:
    for who, authorization in backend.strangers.items():
        reply = backend.ask(path, authorization)
        _require(backend, reply.status in (403, 404), f"GET {path} by {who} was answered {reply}")
    _unproven(backend, path)


def _unproven(backend: Backend, path: str) -> None:
    statuses = (401,) if backend.signed else REFUSALS
    for who, authorization in backend.nobodies.items():
        reply = backend.ask(path, authorization)
        _require(backend, reply.status in statuses, f"GET {path} with {who} was answered {reply}")


def _cors(backend: Backend, reply: Reply) -> None:
    allowed = reply.headers.get("access-control-allow-origin")
    _require(backend, allowed in (ORIGIN, "*"), f"the page's origin was answered with {allowed!r}")


def _require(backend: Backend, holds: bool, otherwise: str) -> None:
    if not holds:
        raise ContestantFailed(f"{backend.server.name}: {otherwise}")
