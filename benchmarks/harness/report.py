"""Says what was found: tables for the terminal and for Markdown, and everything as JSON."""

from collections.abc import Callable

from .aims import MEGABYTE, Aim, ratio
from .memory import Memory
from .rounds import Result
from .wix import Wix

TITLES = {
    "answer": "Answering an authenticated GET /whoami",
    "forward": "Forwarding an authenticated GET /api/hello to an upstream",
    "wix": "Wix on both sides, measured against the simulator",
    "memory": "Memory of Backlot",
}
COLUMNS = [
    "contestant", "requests/s", "lowest-highest", "p50 ms", "p99 ms", "memory MB",
    "CPU µs/request", "core busy", "backlot is", "what it does",
]  # fmt: skip
# Below this share of its core a contestant waited for the generator's.
HELD_BACK = 0.9


def tables(
    timed: dict[str, list[Result]],
    wix: Wix | None,
    memory: Memory | None,
    aims: list[Aim],
    failures: list[str],
) -> list[tuple]:
    """Title, header, rows and remarks of each table."""
    found = [(TITLES[name], COLUMNS, *_section(results)) for name, results in timed.items()]
    if wix:
        found.append((TITLES["wix"], ["what", "found"], _wix(wix), []))
    if memory:
        found.append((TITLES["memory"], ["moment", "resident MB"], _moments(memory), []))
    rows = [[aim.section, aim.text, aim.found, aim.verdict] for aim in aims]
    found.append(("Aims", ["section", "aim", "found", "verdict"], rows, []))
    if failures:
        found.append(
            ("Failures", ["what failed"], [[" / ".join(f.split("\n"))] for f in failures], [])
        )
    return found


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


def _section(results: list[Result]) -> tuple[list[list[str]], list[str]]:
    whole = [result for result in results if result.samples and not result.failure]
    whole.sort(key=lambda result: -result.median("requests_per_second"))
    remarks = []
    held = [result.name for result in whole if result.median("busy") < HELD_BACK]
    if held:
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
        result.contestant.does,
    ]


def _wix(wix: Wix) -> list[list[str]]:
    return [
        ["GET /whoami with a signed instance, CPU a request", f"{wix.instance_cpu:.2f} µs"],
        ["GET /whoami with a known access token, CPU a request", f"{wix.token_cpu:.2f} µs"],
        ["the second over the first", f"{wix.token_cost:.2f} x"],
        [f"{wix.burst:,} requests with one new token: questions to Wix", str(wix.burst_questions)],
        ["GET /apps/v1/instance proxied plainly, median", f"{wix.plain_p50:.0f} µs"],
        ["the same through the wix room, median", f"{wix.room_p50:.0f} µs"],
        ["the wix room's own overhead", f"{wix.room_overhead:.0f} µs"],
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
