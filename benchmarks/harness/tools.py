"""Finds the programs that a run needs and installs the missing ones with apt-get where it may."""

import os
import shutil
import subprocess

from .failures import CannotRun
from .machine import version
from .settings import OLDEST_NODE, RIVAL_NAMES, Settings

SYSTEM_PATHS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
# Program to Debian package.
PACKAGES = {
    "taskset": "util-linux",
    "wrk": "wrk",
    "nginx": "nginx",
    "haproxy": "haproxy",
    "node": "nodejs",
    "npm": "npm",
}


def find(program: str) -> str | None:
    """The program's path; also where a plain user's PATH does not look."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_PATHS]))


def located(program: str) -> str:
    """The path of a program that `provide` has seen to."""
    path = find(program)
    if not path:
        raise CannotRun(f"{program} is not found.")
    return path


def needed(settings: Settings) -> list[str]:
    """The programs without which this run cannot go on."""
    loaded = {"answer", "forward", "wix", "connections", "data", "events"} & set(settings.sections)
    programs = ["taskset"] + (["wrk"] if loaded else [])
    if settings.node:
        programs += ["node", "npm"]
    if "forward" in settings.sections:
        programs += [name for name in ("nginx", "haproxy") if name in settings.rivals]
    return programs


def provide(settings: Settings) -> None:
    """Sees to it that every needed program is there, or says exactly what to install."""
    missing = [name for name in needed(settings) if not find(name)]
    if missing:
        _install(sorted({PACKAGES[name] for name in missing}))
    still = [name for name in missing if not find(name)]
    if still:
        raise CannotRun(
            f"apt-get installed what it was asked for, but {_list(still)} is not found."
        )
    if "npm" in needed(settings):
        _require_node()


def install_venv() -> None:
    """Debian keeps the part of Python that makes virtual environments in its own package."""
    _install(["python3-venv"])


def _install(packages: list[str]) -> None:
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    remedy = (
        f"Install {_list(packages)}, on Debian and Ubuntu with:\n"
        f"    sudo apt-get update && sudo {' '.join(command)}\n"
        "(A rival that you cannot install can be left out with --rivals.)"
    )
    prefix = _privilege()
    if prefix is None or not shutil.which("apt-get"):
        raise CannotRun(remedy)
    print(f"installing {_list(packages)} with apt-get", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update"], command):
        done = subprocess.run(
            [*prefix, *step], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotRun(f"{' '.join(step)} failed:\n{done.stderr[-2000:]}\n{remedy}")
    if {"nginx", "haproxy"} & set(packages):
        print("note: Debian starts nginx and haproxy as services when it installs them; the")
        print("      benchmark does not use those: sudo systemctl disable --now nginx haproxy")


def _privilege() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if asked.returncode == 0:
            return ["sudo", "-n"]
    return None


def _require_node() -> None:
    found = version([located("node"), "--version"])
    if found == "unknown" or int(found.split(".")[0]) < OLDEST_NODE:
        others = ",".join(name for name in RIVAL_NAMES if name not in ("express", "fastify"))
        raise CannotRun(
            f"Express and Fastify need Node {OLDEST_NODE} or newer and this is {found}: put a newer "
            f"one first in PATH, or leave both out with --rivals {others}."
        )


def _list(words: list[str]) -> str:
    return ", ".join(words)
