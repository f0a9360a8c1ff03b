"""pgbench with the statements that Backlot sends: what the database itself can do."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .. import tools
from ..failures import ContestantFailed
from ..settings import RIVALS
from .database import Database

SCRIPTS = RIVALS / "pgbench"
# As many as in Backlot's pool for tenants' work, and set up as they are: see
# crates/store/src/postgres/connect.rs.
CONNECTIONS = 16
CONNECTING_SECONDS = 1
SETTINGS = {
    "search_path": "backlot",
    "role": "backlot_tenant",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}


@dataclass(frozen=True)
class PgBench:
    """One thread of pgbench on one core, with kept connections and prepared statements."""

    database: Database
    core: int
    variables: dict[str, str]

    def run(self, script: str, seconds: int) -> float:
        """Transactions a second of one of the scripts."""
        command = ["taskset", "-c", str(self.core), tools.located("pgbench"), "--no-vacuum"]
        command += ["-M", "prepared", "-c", str(CONNECTIONS), "-j", "1"]
        # Its time begins before the connections, its rate after them.
        command += ["-T", str(seconds + CONNECTING_SECONDS)]
        for name, value in self.variables.items():
            command += ["-D", f"{name}={value}"]
        command += ["-f", str(_path(script)), self.database.url]
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        try:
            done = subprocess.run(
                command,
                env=os.environ | {"PGOPTIONS": options},
                capture_output=True,
                text=True,
                timeout=seconds + 60,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ContestantFailed(f"pgbench did not end in {error.timeout:.0f} s") from error
        rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
        if done.returncode or not rate:
            raise ContestantFailed(
                f"pgbench {script}: {(done.stderr + done.stdout).strip()[-1000:]}"
            )
        return float(rate.group(1))


def require_as_sent(database: Database, script: str) -> None:
    """What a connection of Backlot's sent last must be what the script sends, whatever is bound. The
    server keeps the first kilobyte of it."""
    sent = database.ask(
        "SELECT DISTINCT regexp_replace(query, '\\s+', ' ', 'g') FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    lines = _path(script).read_text().splitlines()
    statements = "\n".join(line for line in lines if not line.startswith(("--", "\\"))).split(";")
    wanted = _normal(statements[1])
    same = [text for text in sent if len(text) > 100 and wanted.startswith(_normal(text))]
    if not same:
        said = "\n".join(text[:500] for text in sent)
        raise ContestantFailed(f"rivals/pgbench/{script} is not what Backlot sends:\n{said}")


def _normal(sql: str) -> str:
    """Without names of what is bound, and without white space."""
    return re.sub(r"\s+", "", re.sub(r"\$\d+|(?<!:):[a-z]+", "?", sql))


def _path(script: str) -> Path:
    return SCRIPTS / script
