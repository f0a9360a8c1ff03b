"""The command line of benchmarks/run."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from .settings import (
    FEWEST_ROUNDS,
    MOST_CONNECTIONS,
    REPOSITORY,
    RIVAL_NAMES,
    SECTIONS,
    Settings,
)


def read_arguments(words: list[str] | None = None) -> Settings:
    """Reads the command line; what is wrong with it is said and ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="benchmarks/run",
        description="Measures Backlot against its rivals on this machine, with ratios from one run.",
        epilog="Exit status: 0 when everybody was measured, whether aims were met or missed; "
        "1 when a contestant failed or nothing could run; 130 when stopped.",
    )
    parser.add_argument("--rounds", type=_at_least(FEWEST_ROUNDS), default=FEWEST_ROUNDS, metavar="N",
                        help="alternating rounds, no fewer than the default (default %(default)s)")  # fmt: skip
    parser.add_argument("--seconds", type=_at_least(1), default=5, metavar="N",
                        help="length of one contestant's turn (default 5)")  # fmt: skip
    parser.add_argument("--connections", type=_at_least(1, MOST_CONNECTIONS), default=64, metavar="N",
                        help="kept-alive connections of the generator (default 64)")  # fmt: skip
    parser.add_argument("--only", type=_some_of(SECTIONS), default=SECTIONS, metavar="LIST",
                        help=f"sections, of {','.join(SECTIONS)} (default all)")  # fmt: skip
    parser.add_argument("--rivals", type=_some_of(RIVAL_NAMES), default=RIVAL_NAMES, metavar="LIST",
                        help=f"rivals, of {','.join(RIVAL_NAMES)} (default all)")  # fmt: skip
    parser.add_argument("--no-build", dest="build", action="store_false",
                        help="take the binaries of the profile `dist` as they are")  # fmt: skip
    parser.add_argument("--target-dir", type=Path, dest="target", metavar="DIR",
                        default=os.environ.get("CARGO_TARGET_DIR", "target"),
                        help="cargo's target folder (default $CARGO_TARGET_DIR or target)")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE",
                        help="also write the tables as Markdown")  # fmt: skip
    found = parser.parse_args(words)
    return Settings(
        rounds=found.rounds,
        seconds=found.seconds,
        connections=found.connections,
        sections=found.only,
        rivals=found.rivals,
        build=found.build,
        target=REPOSITORY / found.target,
        json=found.json,
        markdown=found.markdown,
    )


def _at_least(least: int, most: int | None = None) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if value < least or (most and value > most):
            limit = f"at least {least}" + (f" and at most {most}" if most else "")
            raise argparse.ArgumentTypeError(f"{value} is not {limit}")
        return value

    read.__name__ = "number"
    return read


def _some_of(names: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        chosen = [name.strip() for name in text.split(",") if name.strip()]
        unknown = [name for name in chosen if name not in names]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(names)}")
        return tuple(name for name in names if name in chosen)

    return read
