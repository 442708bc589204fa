"""Before a wheel or an sdist is built: nothing ships that git does not know.

The patterns of pyproject.toml say what kinds of files ship; a table of people that somebody left
in a folder of data is of such a kind too.
"""

from __future__ import annotations

import subprocess
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SHIPPED = {
    "wheel": ["riskscore", "reference"],
    "sdist": [
        "riskscore",
        "reference",
        "pipelines",
        "recipes",
        "notebooks",
        "docs",
        "tests",
        ".ci",
        ":(glob)*.md",
    ],
}


class TrackedFilesOnly(BuildHookInterface):  # type: ignore[type-arg]
    """Refuses to build from a checkout with files that are neither tracked nor ignored.

    Ignored means by the checkout's own .gitignore, the one file whose patterns hatchling leaves
    out: what only this machine ignores (.git/info/exclude, core.excludesFile) would ship.
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise before anything is built; an unpacked sdist has no git, and nothing to refuse."""
        command = ["git", "ls-files", "--others", "--exclude-per-directory=.gitignore", "--"]
        try:
            listing = subprocess.run(
                [*command, *_SHIPPED[self.target_name]],
                cwd=self.root, capture_output=True, check=True, text=True,
            ).stdout  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            return
        if version != "editable" and listing:
            raise RuntimeError(
                "these files would ship, and git does not know them; add them or take them away: "
                + ", ".join(listing.splitlines())
            )
