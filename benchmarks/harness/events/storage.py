"""An empty database for one life of a server, and what is in it afterwards."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from .. import tools
from ..bench import Workbench
from ..data.database import Database
from ..failures import ContestantFailed

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
FILLING_SECONDS = 600
_numbers = count(1)


@dataclass(frozen=True)
class Storage:
    """A database of one kind."""

    kind: str
    url: str

    @property
    def path(self) -> Path:
        """The file of SQLite."""
        return Path(self.url.removeprefix("sqlite://"))

    def count(self, table: str, condition: str = "true") -> int:
        """The number of rows. The tables of Backlot are in a schema in PostgreSQL."""
        sql = f"SELECT count(*) FROM {table} WHERE {condition}"
        if self.kind == SQLITE:
            with closing(sqlite3.connect(self.path, timeout=60)) as connection:
                return connection.execute(sql).fetchone()[0]
        return int(self._psql("-c", f"SET search_path = backlot, public; {sql}").split()[-1])

    def run(self, script: Path) -> None:
        """Runs a file of SQL while no server does."""
        if self.kind == POSTGRESQL:
            self._psql("-f", str(script))
            return
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.executescript(script.read_text())

    def _psql(self, *words: str) -> str:
        command = [tools.located("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", self.url, *words]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=FILLING_SECONDS, check=False
        )
        if done.returncode:
            raise ContestantFailed(f"psql: {done.stderr.strip()}")
        return done.stdout


@contextmanager
def empty_storage(bench: Workbench, kind: str) -> Iterator[Storage]:
    """A database that is gone at the end."""
    if kind == SQLITE:
        directory = bench.place(0).directory
        yield Storage(kind, f"sqlite://{directory}/events.db")
        for file in directory.glob("events.db*"):
            file.unlink()
        return
    with Database(f"_{next(_numbers)}") as database:
        yield Storage(kind, database.url)
