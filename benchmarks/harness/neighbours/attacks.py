"""The attacks: each is one or more kinds of requests of one site, by a visitor where a visitor may make them."""

from collections.abc import Iterator

from ..settings import SECRET, SECRET_VARIABLE
from .attackers import Calls, Commands, EndlessBodies, HangUps, UnreadReplies, Worker
from .request import request
from .site import PAPERS, WORDS, Site

# What one condition, filter or pipeline may hold at the most is ten thousand operands.
TERMS = 4_900
CONDITION_TERMS = 800
JOB_TERMS = 2_000
LETTERS = "qwxzvkjyqpwxzvkj"


def attacks(site: Site) -> Iterator[tuple[str, list[Worker]]]:
    """The name and the workers of each; the last one is a mix of them all."""
    kinds = _Kinds(site)
    yield "1,000 items that include one of 450 kB, 4 at once", [kinds.includes(4)]
    yield "two pipelines with 4,900 $contains over 1,000 reviews", [kinds.pipelines(2)]
    yield "conditions of 800 terms on 480 kB, one after the other", [kinds.conditions(1)]
    yield "the same, 4 at once", [kinds.conditions(4)]
    yield "a bulk of five of them", [kinds.bulk_conditions(1)]
    yield "eight counts with 4,900 terms", [kinds.counts(8)]
    yield "eight of them that hang up after 0.2 s", [kinds.hang_ups(8)]
    yield "60 searches at once over 20,000 items", [kinds.searches(60)]
    yield "bulk inserts of long texts into a pattern field", [kinds.patterns(4)]
    yield "bulk inserts of 1,000 items, 8 at once", [kinds.inserts(8)]
    yield "the same, 3 at once, and a truncate every 1.5 s", [kinds.truncates(1), kinds.inserts(3)]
    yield "aggregates and distinct values", [kinds.aggregates(4), kinds.distinct(4)]
    yield "exports of the site", [kinds.exports(1)]
    yield "40 endless bodies", [kinds.endless(40)]
    yield "64 unread replies", [kinds.unread(64)]
    yield "150 jobs, and one with a costly filter", kinds.jobs()
    yield (
        "all of these at once",
        [
            kinds.includes(2),
            kinds.pipelines(2),
            kinds.conditions(2),
            kinds.bulk_conditions(1),
            kinds.counts(2),
            kinds.hang_ups(2),
            kinds.searches(8),
            kinds.patterns(1),
            kinds.inserts(2),
            kinds.aggregates(2),
            kinds.distinct(2),
            kinds.exports(1),
            kinds.endless(8),
            kinds.unread(8),
            *kinds.jobs(),
        ],
    )


class _Kinds:
    """The workers, in any number."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def includes(self, count: int) -> Worker:
        query = {"paging": {"limit": 1000}}
        more = {"query": query, "includeReferences": [{"field": "author"}]}
        return Calls([self._ask("items/query", "books", more)], count)

    def pipelines(self, count: int) -> Worker:
        """The filter before, and then after, all items are gathered for an order."""
        terms, order = {"filter": _terms(TERMS)}, {"sort": {"values": [{"fieldName": "stars"}]}}
        both = [{"pipeline": {"stages": stages}} for stages in ([order, terms], [terms, order])]
        return Calls([self._ask("items/aggregate-pipeline", "reviews", one) for one in both], count)

    def conditions(self, count: int) -> Worker:
        """Each on a paper of its own, in turn."""
        condition = {"condition": {"filter": _terms(CONDITION_TERMS)}}
        papers = [{"patch": _patch(number)} | condition for number in range(PAPERS)]
        return Calls([self._ask("items/patch", "papers", one) for one in papers], count)

    def bulk_conditions(self, count: int) -> Worker:
        patches = {"patches": [_patch(number) for number in range(PAPERS)]}
        more = patches | {"condition": {"filter": _terms(CONDITION_TERMS)}}
        return Calls([self._ask("bulk/items/patch", "papers", more)], count)

    def counts(self, count: int) -> Worker:
        return Calls([self._ask("items/count", "reviews", {"filter": _terms(TERMS)})], count)

    def hang_ups(self, count: int) -> Worker:
        asked = self._ask("items/count", "reviews", {"filter": _terms(TERMS)})
        return HangUps(asked, count, after=0.2)

    def searches(self, count: int) -> Worker:
        words = {"search": {"expression": " ".join(WORDS[:8])}, "paging": {"limit": 1000}}
        return Calls([self._ask("items/search", "shelf", {"search": words})], count)

    def patterns(self, count: int) -> Worker:
        texts = [{"data": {"text": f"{'abcdefghij' * 1500} {number} "}} for number in range(100)]
        return Calls([self._ask("bulk/items/insert", "codes", {"dataItems": texts})], count)

    def inserts(self, count: int) -> Worker:
        items = [{"data": {"text": f"{'a text ' * 20} {number}"}} for number in range(1000)]
        return Calls([self._ask("bulk/items/insert", "heap", {"dataItems": items})], count)

    def truncates(self, count: int) -> Worker:
        return Calls([self._ask("items/truncate", "heap", {})], count, pause=1.5)

    def aggregates(self, count: int) -> Worker:
        sum_of = {"resultFieldName": "sum", "sum": {"itemFieldName": "number"}}
        more = {"aggregation": {"groupingFields": ["text"], "operations": [sum_of]}}
        return Calls([self._ask("items/aggregate", "shelf", more)], count)

    def distinct(self, count: int) -> Worker:
        more = {"fieldName": "text", "paging": {"limit": 1000}}
        return Calls([self._ask("items/query-distinct-values", "shelf", more)], count)

    def exports(self, count: int) -> Worker:
        program = str(self._site.bench.binary("backlot"))
        words = ["instance", "export", self._site.attacker.instance_id]
        command = [program, *words, *self._site.launch.command[2:]]
        return Commands(command, {SECRET_VARIABLE: SECRET}, count)

    def endless(self, count: int) -> Worker:
        """A body of chunks that never ends."""
        whole = request(self._site.visitor, "POST", "bulk/items/insert")
        more = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        return EndlessBodies(whole[:-2] + more, count)

    def unread(self, count: int) -> Worker:
        more = {"query": {"paging": {"limit": 1000}}, "includeReferences": [{"field": "author"}]}
        return UnreadReplies(self._ask("items/query", "books", more), count)

    def jobs(self) -> list[Worker]:
        """Fifteen of each of ten callers, and the costly one first."""
        change = {"fieldPath": "seen", "action": "SET_FIELD", "setFieldOptions": {"value": True}}
        more = {"fieldModifications": [change]}
        path = "bulk/items/async-patch-by-filter"
        costly = self._ask(path, "reviews", more | {"filter": _terms(JOB_TERMS)})
        cheap = self._ask(path, "shelf", more | {"filter": {"number": {"$lt": 2_000}}})
        return [Calls([costly], 1, times=1), Calls([cheap], 10, times=15)]

    def _ask(self, path: str, collection: str, more: dict) -> bytes:
        body = {"dataCollectionId": collection} | more
        return request(self._site.visitor, "POST", path, body, close=True)


def _patch(number: int) -> dict:
    change = {"fieldPath": "seen", "action": "SET_FIELD", "setFieldOptions": {"value": True}}
    return {"dataItemId": f"paper-{number}", "fieldModifications": [change]}


def _terms(count: int) -> dict:
    """So many texts, of which none is found: all of them are looked for."""
    return {"$or": [{"text": {"$contains": f"{LETTERS}{number}"}} for number in range(count)]}
