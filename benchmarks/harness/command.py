"""benchmarks/run from its command line to its exit status."""

import json
import resource
import shutil
import signal
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from . import aims, build, report, tools
from .arguments import read_arguments
from .bench import Workbench
from .connections.section import measure_connections
from .data.section import measure_data
from .events.section import measure_events
from .failures import CannotRun
from .findings import Findings
from .generator import Generator
from .machine import Cores, choose_cores, describe, version
from .memory import measure_memory
from .neighbours.outcome import Neighbours
from .neighbours.section import measure_neighbours
from .rounds import run_section
from .servers import Fleet
from .settings import PROFILE, WORK, Settings
from .wix import measure_wix


def main() -> int:
    """Runs what the command line asks for; the result is the exit status."""
    settings = read_arguments()
    for message in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(message) != signal.SIG_IGN:
            signal.signal(message, signal.default_int_handler)
    try:
        return _run(settings)
    except CannotRun as reason:
        print(f"benchmarks/run: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("benchmarks/run: stopped; so are all its servers.", file=sys.stderr)
        return 130


def _run(settings: Settings) -> int:
    cores = choose_cores()
    if cores.siblings:
        print("note: both cores are threads of one physical core; they slow each other down.")
    tools.provide(settings)
    WORK.mkdir(exist_ok=True)
    build.build_all(settings)
    _allow_many_files()
    # Not the system's temporary folder, which may be memory: logs and database are on a disk.
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=WORK))
    try:
        with Fleet() as fleet:
            bench = Workbench(settings, cores, fleet, directory)
            found = _measure(bench)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    _tell(settings, cores, found)
    return 1 if found.failures else 0


def _measure(bench: Workbench) -> Findings:
    found = Findings()
    for section in bench.settings.sections:
        with found.excusing(section):
            if section == "memory":
                found.memory = measure_memory(bench)
            elif section == "wix":
                found.wix = measure_wix(bench, tools.located("wrk"))
            elif section == "connections":
                found.connections = measure_connections(bench, tools.located("wrk"))
            elif section == "data":
                measure_data(bench, tools.located("wrk"), found)
            elif section == "neighbours":
                found.neighbours = Neighbours()
                measure_neighbours(bench, found.neighbours)
            elif section == "events":
                measure_events(bench, found)
            else:
                wrk = tools.located("wrk")
                generator = Generator(wrk, bench.cores.generator, bench.settings.connections)
                found.add(section, run_section(bench, generator, section))
    return found


def _tell(settings: Settings, cores: Cores, found: Findings) -> None:
    judged = aims.judge(found)
    tables = report.tables(found, judged)
    facts = {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": describe(cores, _versions(settings)),
        "settings": {name: asdict(settings)[name] for name in ("rounds", "seconds", "connections")},
    }
    print(report.as_text(tables))
    if settings.markdown:
        settings.markdown.write_text(report.as_markdown(tables, facts))
    if settings.json:
        everything = facts | found.as_json() | {"aims": [aim.as_json() for aim in judged]}
        settings.json.write_text(json.dumps(everything, indent=2) + "\n")


def _versions(settings: Settings) -> dict[str, str]:
    flags = {"wrk": "-v", "nginx": "-v", "haproxy": "-v", "node": "--version"}
    found = {"backlot": version([str(settings.target / PROFILE / "backlot"), "--version"])}
    found |= {
        n: version([tools.located(n), flags[n]]) for n in tools.needed(settings) if n in flags
    }
    if "node" in found:
        listed = json.loads((build.NODE_RIVALS / "package.json").read_text())["dependencies"]
        found |= listed
    if "pocketbase" in settings.rivals and "data" in settings.sections:
        found["pocketbase"] = version([str(build.pocketbase_binary()), "--version"])
    if "envoy" in settings.rivals and "forward" in settings.sections:
        found["envoy"] = version([str(build.envoy_binary()), "--version"], r"(?<=/)\d+\.\d+\.\d+")
    return found


def _allow_many_files() -> None:
    """Hundreds of connections on both sides of a proxy need more than the usual 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY and hard < 65_536 else 65_536
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
