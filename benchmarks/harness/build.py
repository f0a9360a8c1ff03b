"""Builds Backlot and its rivals on the spot: cargo, npm, and Python environments for Envoy and
PocketBase, which come as Python packages."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

from . import tools
from .failures import CannotRun
from .settings import (
    ENVOY_PACKAGE,
    POCKETBASE_PACKAGE,
    PROFILE,
    REPOSITORY,
    RIVALS,
    WORK,
    Settings,
)

NODE_RIVALS = RIVALS / "node"
ENVOY_HOME = WORK / "envoy"
POCKETBASE_HOME = WORK / "pocketbase"


def build_all(settings: Settings) -> None:
    """Builds whatever this run needs, and nothing else."""
    if settings.build:
        _cargo(settings)
    if settings.node:
        _npm()
    if "forward" in settings.sections and "envoy" in settings.rivals:
        _python_package(ENVOY_HOME, ENVOY_PACKAGE)
    if "data" in settings.sections and "pocketbase" in settings.rivals:
        _python_package(POCKETBASE_HOME, POCKETBASE_PACKAGE)


def envoy_binary() -> Path:
    """The program inside the Python package, without the script around it."""
    found = sorted(ENVOY_HOME.glob("lib/python*/site-packages/envoy/_bin/envoy"))
    if not found:
        raise CannotRun(f"{ENVOY_PACKAGE} holds no Envoy binary for this machine; use --rivals.")
    return found[0]


def pocketbase_binary() -> Path:
    """The program that the Python package puts beside pip."""
    return POCKETBASE_HOME / "bin" / "pocketbase"


def _cargo(settings: Settings) -> None:
    if not tools.find("cargo"):
        raise CannotRun("cargo is not found: install Rust (https://rustup.rs), or use --no-build.")
    packages = ["-p", "backlot", "-p", "backlot-benchmark-peers"]
    command = ["cargo", "build", "--profile", PROFILE, *packages]
    command += ["--target-dir", str(settings.target)]
    print(" ".join(command[:8]), flush=True)
    if subprocess.run(command, cwd=REPOSITORY, check=False).returncode:
        raise CannotRun("cargo build failed, see above.")


def _npm() -> None:
    """Installs what the lock file names, once for each state of it."""
    lock = (NODE_RIVALS / "package-lock.json").read_bytes()
    mark = NODE_RIVALS / "node_modules" / ".benchmark-lock"
    wanted = hashlib.sha256(lock).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    _quietly([tools.located("npm"), "ci", "--ignore-scripts"], NODE_RIVALS)
    mark.write_text(wanted)


def _python_package(home: Path, package: str) -> None:
    """Installs a package into an environment of its own, once for each version."""
    mark = home / ".benchmark-package"
    if mark.exists() and mark.read_text() == package:
        return
    if not importlib.util.find_spec("ensurepip"):
        tools.install_venv()
    _quietly([sys.executable, "-m", "venv", "--clear", str(home)], WORK)
    _quietly([str(home / "bin" / "pip"), "install", "--quiet", package], WORK)
    mark.write_text(package)


def _quietly(command: list[str], directory: Path) -> None:
    """Runs a build step; its output is shown only when it fails."""
    print(" ".join([Path(command[0]).name, *command[1:]]), flush=True)
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
