"""The server of a run, its two sites, and the items that they begin with."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

from .. import instances, recipes
from ..bench import Place, Workbench
from ..checks import ask, page_headers
from ..data.wire import BULK_INSERT, JSON_HEADER, bulk_body
from ..failures import ContestantFailed
from ..servers import Launch, Server
from ..settings import BENCHMARKS
from .quiet import Quiet
from .request import request

COLLECTIONS = BENCHMARKS / "collections-neighbours"
# Visitors are not refused for how often they call: what is measured is the rest. By the environment, so that versions
# without this key run, too.
VARIABLES = {"BACKLOT_DATA_VISITOR_RATE_LIMIT": '{ requests = 100000000, per = "1m" }'}
CONFIG = """\
[data]
collections = "@COLLECTIONS@"
"""
THINGS = REVIEWS = BOOKS = 1_000
SHELF = 20_000
PAPERS = 5
WORDS = (
    "amber birch cedar dune ember fjord grove heath inlet jetty knoll ledge marsh north orchard pond quarry ridge "
    "stone tundra upland valley willow yarrow zephyr"
).split()


@dataclass
class Site:
    """One server, the quiet site and the attacker's."""

    bench: Workbench
    place: Place
    launch: Launch
    config: Path
    server: Server
    quiet: instances.SignedInstance
    attacker: instances.SignedInstance
    # Of the attacker's site, too.
    visitor: instances.SignedInstance

    def restart(self) -> None:
        """A server that has just started, with the same data: what an attack left in memory is gone."""
        self.bench.fleet.stop(self.server)
        self.server = _start(self.bench, self.launch, self.place)

    def quiet_requests(self) -> Quiet:
        """What the quiet site asks, by one of its members."""
        member, port = instances.sign(self.quiet.instance_id, member=True), self.server.port
        things = [f"thing-{number}" for number in range(0, THINGS, 7)]
        read = "items/{0}?dataCollectionId=things&dataItemId={0}"
        letters = {"title": {"$contains": WORDS[3]}, "number": {"$gt": THINGS // 2}}
        query = {"dataCollectionId": "things", "query": {"filter": letters, "paging": {"limit": 20}}}
        words = {"search": {"expression": WORDS[5]}, "paging": {"limit": 20}}
        search = {"dataCollectionId": "things", "search": words}
        visit = {"dataCollectionId": "visits", "dataItem": {"data": {"title": "a visit"}}}
        change = {"fieldPath": "seen", "action": "SET_FIELD", "setFieldOptions": {"value": True}}
        job = {"filter": {"_id": "thing-1"}, "fieldModifications": [change]}
        job_path = "bulk/items/async-patch-by-filter"
        return Quiet(
            port,
            {
                "healthz": [request(None, "GET", "/healthz")],
                "read": [request(member, "GET", read.format(one)) for one in things],
                "query": [request(member, "POST", "items/query", query)],
                "search": [request(member, "POST", "items/search", search)],
                "insert": [request(member, "POST", "items", visit)],
            },
            request(member, "POST", job_path, {"dataCollectionId": "things"} | job),
            request(member, "GET", "async-jobs/@JOB@/status"),
        )

    def fill(self) -> None:
        """Both sites' items, the same ones in each run."""
        chance = random.Random(12)

        def text(letters: int) -> str:
            words: list[str] = []
            while letters > 0:
                words.append(chance.choice(WORDS))
                letters -= len(words[-1]) + 1
            return " ".join(words)

        def numbered(name: str, count: int, letters: int, field: str = "text") -> list[dict]:
            return [
                {"_id": f"{name}-{number}", field: text(letters), "number": number}
                for number in range(count)
            ]

        self._insert(self.quiet, "things", numbered("thing", THINGS, 60, "title"))
        self._insert(self.attacker, "authors", [{"_id": "author", "life": "x" * 450_000}])
        books = [{"_id": f"book-{number}", "author": "author"} for number in range(BOOKS)]
        self._insert(self.attacker, "books", books)
        self._insert(self.attacker, "reviews", numbered("review", REVIEWS, 540))
        self._insert(self.attacker, "shelf", numbered("shelf", SHELF, 200))
        self._insert(self.attacker, "papers", numbered("paper", PAPERS, 480_000))

    def _insert(self, caller: instances.SignedInstance, collection: str, items: list[dict]) -> None:
        headers = page_headers(caller.text) | JSON_HEADER
        for start in range(0, len(items), 1000):
            body = bulk_body(collection, items[start : start + 1000])
            reply = ask(self.server.port, "POST", BULK_INSERT, headers, body, timeout=60)
            if reply.status != 200 or json.loads(reply.body)["bulkActionMetadata"]["totalFailures"]:
                raise ContestantFailed(f"inserting {collection} was answered {reply}")


def start_site(bench: Workbench, database_url: str | None) -> Site:
    """A server on both cores, with both sites' items."""
    place = bench.place(0)
    known = recipes.values(place) | recipes.backlot_values(place)
    known["COLLECTIONS"] = str(COLLECTIONS)
    if database_url:
        known["DATABASE_URL"] = database_url
    config = place.directory / "backlot.toml"
    config.write_text(recipes.fill(recipes.BACKLOT_APP + recipes.BACKLOT_PLACE + CONFIG, known))
    launch = recipes.serve(bench, place, config)
    launch.environment.update(VARIABLES)
    quiet, attacker = instances.sign(), instances.sign()
    visitor = instances.sign(attacker.instance_id, visitor=True)
    server = _start(bench, launch, place)
    site = Site(bench, place, launch, config, server, quiet, attacker, visitor)
    site.fill()
    return site


def _start(bench: Workbench, launch: Launch, place: Place) -> Server:
    cores = f"{bench.cores.server},{bench.cores.generator}"
    return bench.fleet.start("backlot", launch, cores, place.directory)
