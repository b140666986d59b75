"""Builds of the embed script: the newest, and every archived build.

A website that pins `/embed/kb.<hash>.js` with its integrity hash gets the same bytes permanently: archived builds are in
the repository and are never removed. `make archive-embed` archives the newest build.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from app.web.rendering import read_asset

ARCHIVE_DIR: Final = Path(__file__).resolve().parent.parent / "static" / "published"
_FILE_NAME: Final = re.compile(r"^kb\.([0-9a-f]{16})\.js$")
_STYLE_SHEET: Final = re.compile(rb"const SHEET = `(.*?)`;", re.DOTALL)


@dataclass(frozen=True)
class Build:
    """One build of the embed script."""

    script: bytes

    @property
    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 of the bytes; part of the file name."""
        return hashlib.sha256(self.script).hexdigest()[:16]

    @property
    def integrity(self) -> str:
        """Value of the `integrity` attribute of the script tag."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.script).digest()).decode()

    @property
    def path(self) -> str:
        """Permanent URL path."""
        return f"/embed/kb.{self.hash}.js"

    @property
    def style_sheet(self) -> bytes:
        """Style sheet inside the script, for frames and for browsers without constructable style sheets."""
        match = _STYLE_SHEET.search(self.script)
        return match.group(1) if match else b""


@cache
def get_newest_build() -> Build:
    """Get the build of the current source."""
    return Build(read_asset("kb.js"))


@cache
def load_builds() -> dict[str, Build]:
    """Load every build that is served, by hash."""
    builds = {get_newest_build().hash: get_newest_build()}
    for file in (resources.files("app.web") / "static" / "published").iterdir():
        if match := _FILE_NAME.match(file.name):
            builds[match.group(1)] = Build(file.read_bytes())
    return builds
