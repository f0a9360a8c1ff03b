"""The section's tables: an attack a line, and what its attacker was answered."""

from .outcome import KINDS, LIMITS, Neighbours, Outcome

TITLE = "Neighbours: a quiet site while another one attacks"
COLUMNS = [
    "attack", "/healthz p99", "/healthz max", "read p99", "query p99", "search p99", "insert p99",
    "job max", "MB grown", "verdict",
]  # fmt: skip
ANSWER_COLUMNS = ["attack", "the attacker's answers"]


def tables(found: Neighbours) -> list[tuple]:
    """Title, header, rows and remarks of each table."""
    made = []
    for database, outcomes in found.of.items():
        rows = [_row(outcome) for outcome in outcomes]
        made.append((f"{TITLE}, {database}, in milliseconds", COLUMNS, rows, _refusals(outcomes)))
        answers = [[one.name, _answers(one)] for one in outcomes if one.answers]
        made.append((f"What the attackers were answered, {database}", ANSWER_COLUMNS, answers, []))
    return made


def _row(outcome: Outcome) -> list[str]:
    times = outcome.times
    p99 = [f"{times.p(kind, 0.99):.1f}" for kind in KINDS]
    return [
        outcome.name,
        p99[0],
        f"{times.most('healthz'):.1f}",
        *p99[1:],
        f"{times.most('job'):.0f}",
        f"{outcome.grown / 1e6:.0f}",
        f"missed: {', '.join(outcome.missed)}" if outcome.missed else "met",
    ]


def _answers(outcome: Outcome) -> str:
    return ", ".join(f"{count:,} × {what}" for what, count in sorted(outcome.answers.items()))


def _refusals(outcomes: list[Outcome]) -> list[str]:
    """What the quiet site was answered beside 200."""
    return [
        f"The quiet site under \"{one.name}\": {count} × {what}."
        for one in outcomes
        for what, count in one.times.refused.items()
    ]


def aims(found: Neighbours) -> list[tuple[str, str, bool]]:
    """The text of each aim, what was found at the worst, and whether it was met."""
    judged = []
    for database in found.of:
        for kind in KINDS:
            worst = found.worst(database, kind)
            share = "each" if kind == "healthz" else "p99"
            text = f"{database}: {kind}, {share} <= {LIMITS[kind]} ms under every attack"
            met = all(kind not in one.missed for one in found.of[database])
            judged.append((text, f"{worst.judged(kind):.1f} ms ({worst.name})", met))
    return judged
