"""A file of signed webhooks, one a line and all of one length, and the key that verifies them."""

import hashlib
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ..bench import Workbench
from ..failures import ContestantFailed
from ..rounds import say
from ..settings import BENCHMARKS, WORK

DIRECTORY = WORK / "webhooks"
SOURCE = BENCHMARKS / "peers" / "src" / "bin" / "sign-webhooks.rs"
ENTITIES, INSTANCES = 20_000, 1_000
# More than any contestant takes in a second of its turn; it fails if they run out.
A_SECOND = 45_000
# Wix's are valid for 41 days.
OLDEST_SECONDS = 20 * 86_400


@dataclass(frozen=True)
class Webhooks:
    """The file, and how many lines it has."""

    lines: Path
    public_key: Path
    count: int

    def line(self, number: int) -> bytes:
        """One body."""
        with self.lines.open("rb") as file:
            length = len(file.readline())
            file.seek(number * length)
            return file.read(length).strip()


def provide_webhooks(bench: Workbench) -> Webhooks:
    """Those of an earlier run, if they are enough and valid; otherwise new ones."""
    count = A_SECOND * (bench.settings.seconds + 1)
    mark = DIRECTORY / "made.json"
    source = hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    made = json.loads(mark.read_text()) if mark.exists() else {}
    is_fresh = made.get("at", 0) > time.time() - OLDEST_SECONDS
    if not (is_fresh and made["count"] >= count and made["source"] == source):
        _sign(bench, count)
        made = {"at": time.time(), "count": count, "source": source}
        mark.write_text(json.dumps(made))
    return Webhooks(DIRECTORY / "bodies.txt", DIRECTORY / "public-key.pem", made["count"])


def _sign(bench: Workbench, count: int) -> None:
    say(f"events: signing {count:,} webhooks")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / "made.json").unlink(missing_ok=True)
    command = [str(bench.binary("sign-webhooks")), "--directory", str(DIRECTORY)]
    command += ["--count", str(count), "--entities", str(ENTITIES), "--instances", str(INSTANCES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContestantFailed(f"sign-webhooks: {done.stderr.strip()}")
