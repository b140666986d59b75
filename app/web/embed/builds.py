"""The script for other people's pages: its newest build, and every build that was ever published.

A host that pins `/embed/kb.<hash>.js` with its integrity hash keeps exactly those bytes for as long as this service lives:
archived builds are in the repository and are never removed. `make archive-embed` adds the newest.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from app.web.rendering import asset

PUBLISHED: Final = Path(__file__).resolve().parent.parent / "static" / "published"
_NAME: Final = re.compile(r"^kb\.([0-9a-f]{16})\.js$")
_SHEET: Final = re.compile(rb"const SHEET = `(.*?)`;", re.DOTALL)


@dataclass(frozen=True)
class Build:
    """One build of the script."""

    script: bytes

    @property
    def hash(self) -> str:
        """16 hex digits of the SHA-256 of its bytes: its name."""
        return hashlib.sha256(self.script).hexdigest()[:16]

    @property
    def integrity(self) -> str:
        """The value of `integrity` in a host's page."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.script).digest()).decode()

    @property
    def path(self) -> str:
        """Its permanent address."""
        return f"/embed/kb.{self.hash}.js"

    @property
    def sheet(self) -> bytes:
        """The rules that the script carries, as a style sheet: for frames, and browsers without constructable sheets."""
        found = _SHEET.search(self.script)
        return found.group(1) if found else b""


@cache
def newest() -> Build:
    """The build of the source as it stands."""
    return Build(asset("kb.js"))


@cache
def builds() -> dict[str, Build]:
    """Every build that is answered, by its hash."""
    found = {newest().hash: newest()}
    for file in (resources.files("app.web") / "static" / "published").iterdir():
        if named := _NAME.match(file.name):
            found[named.group(1)] = Build(file.read_bytes())
    return found
