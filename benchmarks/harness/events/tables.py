"""The section's tables and aims."""

from .growth import EVENTS, LANES, LEAST_LANES, Growth
from .outcome import Events, Outcome

TITLE = "Events beside and behind intake"
COLUMNS = ["what", "found"]
MOST_MS, FEWEST_DELIVERIES, MOST_SLOWER, MOST_MEGABYTES = 50, 3_000, 1.3, 100
MEGABYTE = 1_000_000


def tables(found: Events) -> list[tuple]:
    """Title, header, rows and remarks of each table."""
    made = [(f"{TITLE}, {kind}", COLUMNS, _rows(one), []) for kind, one in found.of.items()]
    return made + [(TITLE, COLUMNS, [], found.remarks)] * bool(found.remarks)


def _rows(outcome: Outcome) -> list[list[str]]:
    rows = []
    if half := outcome.half_rate:
        rows += [
            [f"a 200 at {half.events_per_second:,.0f} events/s, median", f"{half.p50_ms:.1f} ms"],
            ["its p99", f"{half.p99_ms:.1f} ms"],
            ["the slowest", f"{half.max_ms:.1f} ms"],
            ["deliveries meanwhile", f"{half.deliveries_per_second:,.0f}/s"],
        ]
    if drained := outcome.draining:
        rows += [
            [f"deliveries of {drained.deliveries:,} waiting events", f"{drained.per_second:,.0f}/s"],
            ["of these repeated", f"{drained.repeated:,}"],
        ]
    return rows + (_growth(outcome.growth) if outcome.growth else [])


def _growth(growth: Growth) -> list[list[str]]:
    beside = f"beside {EVENTS:,} events and {LANES:,} waiting lanes"
    return [
        ["intake with an empty database", f"{growth.empty_intake:,.0f}/s"],
        [f"intake {beside}", f"{growth.intake:,.0f}/s"],
        ["slower", f"{growth.intake_slower:.2f} x"],
        [f"deliveries {beside}, all due", f"{growth.deliveries:,.0f}/s"],
        ["slower", f"{growth.deliveries_slower:.2f} x"],
        ["lanes that still waited at the end", f"{growth.lanes_left:,}"],
        ["resident then", f"{growth.resident_bytes / MEGABYTE:.1f} MB"],
        ["the most that it ever was", f"{growth.peak_bytes / MEGABYTE:.1f} MB"],
    ]


def aims(found: Events) -> list[tuple[str, str, str, bool]]:
    """The part, the text of each aim, what was found, and whether it was met."""
    judged = []
    for kind, outcome in found.of.items():
        part = f"events-{kind.lower()}"
        judged += [(part, text, value, met) for text, value, met in _aims(outcome)]
    return judged


def _aims(outcome: Outcome) -> list[tuple[str, str, bool]]:
    judged = []
    if half := outcome.half_rate:
        text = f"p99 of the 200 < {MOST_MS} ms at half of that rate"
        judged.append((text, f"{half.p99_ms:.1f} ms", half.p99_ms < MOST_MS))
    if drained := outcome.draining:
        rate, text = drained.per_second, f"deliveries a second >= {FEWEST_DELIVERIES:,}"
        judged.append((text, f"{rate:,.0f}", rate >= FEWEST_DELIVERIES))
    if growth := outcome.growth:
        beside = f"beside 10^6 events and {LEAST_LANES:,} lanes"
        for what, slower in (
            ("intake", growth.intake_slower),
            ("deliveries", growth.deliveries_slower),
        ):
            text = f"{what} {beside} slower <= {MOST_SLOWER} x"
            judged.append((text, f"{slower:.2f} x", slower <= MOST_SLOWER))
        size = growth.resident_bytes / MEGABYTE
        text = f"memory then < {MOST_MEGABYTES} MB"
        judged.append((text, f"{size:.1f} MB", size < MOST_MEGABYTES))
    return judged
