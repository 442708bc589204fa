"""Pages of the product, opened in headless Chromium."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

Oracle = Callable[[str], str]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --enable-logging=stderr --v=0 "
    "--virtual-time-budget=20000"
).split()


class Page:
    """A page opened in headless Chromium: its elements as text, and what the console said."""

    def __init__(self, chromium: str, page: Path, *flags: str) -> None:
        self.command = [
            chromium, *FLAGS, *flags, f"--user-data-dir={page.parent / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ]  # fmt: skip
        done = subprocess.run(
            [*self.command, "--dump-dom", page.as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        self.html = done.stdout
        self.console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def with_script(path: Path, script: str) -> Path:
    """The page with a script of the test's own, and without the policy that would refuse it."""
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", path.read_text())
    body, end, rest = page.rpartition("</body>")
    path.write_text(f"{body}{script}{end}{rest}")
    return path
