"""Debian's Chromium, installed where it is missing and apt can do it."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_LOCK = Path(tempfile.gettempdir()) / "chromium-install.lock"
_PATIENCE_SECONDS = 600
# Nothing of it may ask another host for anything, and as root it has no sandbox.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_or_install() -> str | None:
    """Its path; None where there is none and apt cannot bring it. Of several processes one installs it."""
    found = _find()
    if found or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return found
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _find() or _install()


def _find() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


def _install() -> str | None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", *arguments], env=env, capture_output=True, timeout=_PATIENCE_SECONDS)
        if done.returncode:
            return None
    return _find()
