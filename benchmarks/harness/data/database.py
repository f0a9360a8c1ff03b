"""A database of the benchmark's own on a PostgreSQL server that runs already."""

import os
import subprocess
from urllib.parse import urlsplit

from .. import tools
from ..failures import ContestantFailed

VARIABLE = "BACKLOT_TEST_POSTGRES"
USUAL = "postgres://postgres@127.0.0.1:5432/postgres"


class Unavailable(Exception):
    """There is nothing to measure; the text says what is missing."""


class Database:
    """The database; the end of its `with` drops it."""

    def __init__(self, suffix: str = "") -> None:
        self._server = os.environ.get(VARIABLE, USUAL)
        self.name = f"backlot_benchmark_{os.getpid()}{suffix}"
        self.url = urlsplit(self._server)._replace(path=f"/{self.name}").geturl()

    def __enter__(self) -> "Database":
        missing = [name for name in ("psql", "pgbench") if not tools.find(name)]
        if missing:
            raise Unavailable(f"{' and '.join(missing)} not found")
        try:
            self._ask_server("SELECT 1")
        except ContestantFailed as error:
            raise Unavailable(f"no PostgreSQL answers at {VARIABLE} or 127.0.0.1:5432") from error
        self._ask_server(f"CREATE DATABASE {self.name} TEMPLATE template0")
        return self

    def __exit__(self, *_: object) -> None:
        self._ask_server(f"DROP DATABASE {self.name} WITH (FORCE)")

    def ask(self, sql: str) -> list[str]:
        """The lines of an answer, without decoration."""
        return _psql(self.url, sql)

    def _ask_server(self, sql: str) -> None:
        _psql(self._server, sql)


def _psql(url: str, sql: str) -> list[str]:
    command = [tools.located("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", url, "-c", sql]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired as error:
        raise ContestantFailed("psql did not end in 60 s") from error
    if done.returncode:
        raise ContestantFailed(f"psql: {done.stderr.strip()}")
    return done.stdout.splitlines()
