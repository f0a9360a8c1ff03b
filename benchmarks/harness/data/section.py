"""The data section from its first part to its last."""

from ..bench import Workbench
from ..findings import Findings
from ..generator import Generator
from .growth import measure_growth
from .parts import PARTS, run_part
from .postgres import measure_postgres


def measure_data(bench: Workbench, wrk: str, found: Findings) -> None:
    """Each part on its own: one that fails leaves the others."""
    generator = Generator(wrk, bench.cores.generator, bench.settings.connections)
    for part in PARTS:
        with found.excusing(part):
            found.add(part, run_part(bench, generator, part))
    with found.excusing("data-postgres"):
        found.postgres = measure_postgres(bench, generator)
    with found.excusing("data-growth"):
        found.growth = measure_growth(bench, wrk)
