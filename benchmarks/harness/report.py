"""Says what was found: tables for the terminal and for Markdown, and everything as JSON."""

from collections.abc import Callable
from statistics import median

from .aims import MEGABYTE, Aim, ratio
from .connections.section import Connections
from .data.growth import Growth
from .data.postgres import Postgres
from .events import tables as events
from .findings import Findings
from .memory import Memory
from .neighbours import tables as neighbours
from .rounds import Result
from .wix import Wix

TITLES = {
    "answer": "Answering an authenticated GET /whoami",
    "forward": "Forwarding an authenticated GET /api/hello to an upstream",
    "wix": "Wix on both sides, measured against the simulator",
    "connections": "Connections, measured against stand-ins",
    "memory": "Memory of Backlot",
    "data-read": "Reading one item, by its owner",
    "data-insert": "Inserting one small item",
    "data-list": "Listing the first 20 items in the order of insertion",
    "events-sqlite": "Storing webhooks of Wix, SQLite",
    "events-postgresql": "Storing webhooks of Wix, PostgreSQL",
    "postgres": "Reading and inserting on PostgreSQL",
    "growth": "Growth of Backlot's data: a query by an indexed field, one after the other",
}
POSTGRES_COLUMNS = ["what", "backlot requests/s", "pgbench transactions/s", "backlot is"]
COLUMNS = [
    "contestant", "requests/s", "lowest-highest", "p50 ms", "p99 ms", "memory MB",
    "CPU µs/request", "core busy", "backlot is", "what it does",
]  # fmt: skip
WAITING_FOR_THE_DISK = ("data-insert", "events-sqlite", "events-postgresql")
# Below this share of its core a contestant waited for the generator's.
HELD_BACK = 0.9


def tables(found: Findings, aims: list[Aim]) -> list[tuple]:
    """Title, header, rows and remarks of each table."""
    made = [(TITLES[name], COLUMNS, *_section(name, rs)) for name, rs in found.timed.items()]
    if found.wix:
        made.append((TITLES["wix"], ["what", "found"], _wix(found.wix), []))
    if found.connections:
        rows = _connections(found.connections)
        made.append((TITLES["connections"], ["what", "found"], rows, []))
    if found.memory:
        made.append((TITLES["memory"], ["moment", "resident MB"], _moments(found.memory), []))
    if found.postgres:
        made.append((TITLES["postgres"], POSTGRES_COLUMNS, *_postgres(found.postgres)))
    if found.growth:
        made.append((TITLES["growth"], ["what", "found"], _growth(found.growth), []))
    if found.neighbours:
        made += neighbours.tables(found.neighbours)
    if found.events:
        made += events.tables(found.events)
    rows = [[aim.section, aim.text, aim.found, aim.verdict] for aim in aims]
    made.append(("Aims", ["section", "aim", "found", "verdict"], rows, []))
    if found.failures:
        failed = [[" / ".join(failure.split("\n"))] for failure in found.failures]
        made.append(("Failures", ["what failed"], failed, []))
    return made


def as_text(found: list[tuple]) -> str:
    """For the terminal: columns that line up."""
    lines = []
    for title, header, rows, remarks in found:
        cells = [header, *rows]
        pads = [_pad([row[i] for row in rows], header[i]) for i in range(len(header))]
        lines += ["", title, ""]
        lines += [
            "  ".join(pad(cell) for pad, cell in zip(pads, row, strict=True)).rstrip()
            for row in cells
        ]
        lines += remarks
    return "\n".join(lines)


def as_markdown(found: list[tuple], facts: dict) -> str:
    """For a page of the documentation."""
    lines = _facts(facts)
    for title, header, rows, remarks in found:
        lines += ["", f"## {title}", ""]
        lines += [_row(header), _row(["---"] * len(header)), *(_row(row) for row in rows)]
        lines += ["", *remarks] if remarks else []
    return "\n".join(lines) + "\n"


def _section(name: str, results: list[Result]) -> tuple[list[list[str]], list[str]]:
    whole = [result for result in results if result.samples and not result.failure]
    whole.sort(key=lambda result: -result.median("requests_per_second"))
    remarks = []
    held = [result.name for result in whole if result.median("busy") < HELD_BACK]
    if name in WAITING_FOR_THE_DISK:
        remarks.append("Who waits for the disk need not fill a core.")
    elif held:
        remarks.append(
            f"Held back by something other than its own core: {', '.join(held)}. "
            "Compare these by CPU µs/request."
        )
    return [_contestant(result, results) for result in whole], remarks


def _contestant(result: Result, results: list[Result]) -> list[str]:
    lowest, highest = result.spread("requests_per_second")
    against = ratio(results, "requests_per_second", result.name)
    return [
        result.name,
        f"{result.median('requests_per_second'):,.0f}",
        f"{lowest:,.0f}-{highest:,.0f}",
        f"{result.median('p50_us') / 1000:.2f}",
        f"{result.median('p99_us') / 1000:.2f}",
        f"{result.median('resident_bytes') / MEGABYTE:.1f}",
        f"{result.median('processor_us_per_request'):.1f}",
        f"{result.median('busy'):.0%}",
        "-" if against is None else f"{against:.2f} x",
        result.does,
    ]


def _wix(wix: Wix) -> list[list[str]]:
    return [
        ["GET /whoami with a signed instance, CPU a request", f"{wix.instance_cpu:.2f} µs"],
        ["GET /whoami with a known access token, CPU a request", f"{wix.token_cpu:.2f} µs"],
        ["the second over the first", f"{wix.token_cost:.2f} x"],
        [f"{wix.burst:,} requests with one new token: questions to Wix", str(wix.burst_questions)],
        ["GET /apps/v1/instance proxied plainly, median", f"{wix.plain_p50:.0f} µs"],
        ["the same through `/wix/`, median", f"{wix.room_p50:.0f} µs"],
        ["the overhead of `/wix/`", f"{wix.room_overhead:.0f} µs"],
    ]


def _connections(found: Connections) -> list[list[str]]:
    renewals = found.renewals
    at_once = f"{renewals.calls:,} calls of {renewals.instances:,} instances, all tokens ended"
    return [
        ["GET /api/hello forwarded, CPU a request", f"{found.forward_cpu:.2f} µs"],
        ["the same as a connection's call, CPU a request", f"{found.call_cpu:.2f} µs"],
        ["the second over the first", f"{found.cost:.2f} x"],
        [f"{at_once}: token requests", f"{renewals.token_requests:,}"],
        ["the most of one instance", str(renewals.most_for_one)],
        ["the slowest of these calls", f"{renewals.slowest_ms:.0f} ms"],
        ["that of the one whose provider takes 2 s", f"{renewals.slow_one_ms:.0f} ms"],
        ["a server-sent event read directly, median", f"{found.direct_us:.0f} µs"],
        ["the same through Backlot, median", f"{found.stream_us:.0f} µs"],
        ["its p99", f"{found.stream_p99_us:.0f} µs"],
    ]


def _moments(memory: Memory) -> list[list[str]]:
    count = f"{memory.instances:,}"
    moments = [
        ("idle, after the start", memory.idle),
        (f"after {count} requests of one instance to /whoami", memory.after_one_tenant),
        (f"after one request of each of {count} instances to /whoami", memory.after_whoami),
        ("after one more of each to /api/hello", memory.after_forwarding),
        ("the most that it ever was", memory.peak),
    ]
    return [[text, f"{size / MEGABYTE:.1f}"] for text, size in moments]


def _postgres(postgres: Postgres) -> tuple[list[list[str]], list[str]]:
    if postgres.remark:
        return [], [f"Not measured: {postgres.remark}."]
    parts = (("read one item", postgres.read), ("insert one item", postgres.insert))
    return [
        [
            what,
            f"{median(rates.backlot):,.0f}",
            f"{median(rates.pgbench):,.0f}",
            f"{rates.ratio:.2f} x",
        ]
        for what, rates in parts
    ], []


def _growth(growth: Growth) -> list[list[str]]:
    return [
        ["one instance with 1,000 items, median", f"{growth.few_us:.0f} µs"],
        ["one instance with 1,000,000 items, median", f"{growth.many_items_us:.0f} µs"],
        ["that over the first", f"{growth.by_items:.2f} x"],
        ["the first beside 100,000 other instances, median", f"{growth.many_instances_us:.0f} µs"],
        ["that over the first", f"{growth.by_instances:.2f} x"],
        ["resident with 1,000,000 items under load", f"{growth.resident_bytes / MEGABYTE:.1f} MB"],
        ["the most that it ever was", f"{growth.peak_bytes / MEGABYTE:.1f} MB"],
    ]


def _facts(facts: dict) -> list[str]:
    machine, settings = facts["machine"], facts["settings"]
    pinning, versions = machine["pinning"], machine["versions"]
    shared = " (two threads of one physical core)" if pinning["siblings"] else ""
    return [
        f"Measured {facts['when']} on {machine['processor']}, {machine['cores']} cores, Linux "
        f"{machine['kernel']}; the server under test on core {pinning['server']}, generator and "
        f"upstream on core {pinning['generator']}{shared}. Medians of {settings['rounds']} "
        f"alternating rounds of {settings['seconds']} s with {settings['connections']} connections.",
        "",
        f"Versions: {', '.join(f'{name} {text}' for name, text in versions.items())}.",
    ]


def _pad(column: list[str], header: str) -> Callable[[str], str]:
    """Numbers stand at the right of their column, words at the left."""
    width = max(map(len, [header, *column]))
    if column and all(_numeric(cell) for cell in column):
        return lambda cell: cell.rjust(width)
    return lambda cell: cell.ljust(width)


def _numeric(cell: str) -> bool:
    return cell == "-" or cell[:1].isdigit()


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
