"""Table of the packages that the service runs on, with their licenses: `python scripts/list_licenses.py > docs/operations/licenses.md`."""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# Locks of what runs in production. Packages of the feature otel are in no environment that this one shares.
LOCKS: Final = ("core", "mcp")
_HEADER: Final = """\
# Licenses of dependencies

What the service runs on, from the locks of the core and of the feature `mcp`. `python scripts/list_licenses.py` prints this page; a test
compares the two. For `otel`, look at the metadata of what requirements/otel.txt installs. Nothing is copied into this repository or changed: packages are installed as their authors publish them.

`psycopg` and its binary wheel are LGPL-3.0: whoever passes on an image must let its users replace that package, which a Python environment
does by its nature, and name the license. The other licenses ask for their notices, which the installed packages carry.

| package | license | needed by |
| --- | --- | --- |
"""


def read_lock(name: str) -> list[str]:
    """Names of the packages of a lock file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)


def describe_license(package: Distribution) -> str:
    """License as the package states it: an SPDX expression, else its classifiers, else the first line of its field."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [
        line.rsplit(" :: ", 1)[-1] for line in metadata.get_all("Classifier", []) if line.startswith("License ::")
    ]
    named = [name for name in classifiers if name != "OSI Approved"]
    return ", ".join(named) or (metadata.get("License") or "not stated").splitlines()[0]


def main() -> int:
    """Print the page."""
    sys.stdout.write(_HEADER)
    needed_by: dict[str, str] = {}
    for lock in LOCKS:
        for name in read_lock(lock):
            needed_by.setdefault(name, lock)
    for name in sorted(needed_by):
        try:
            license_name = describe_license(distribution(name))
        except PackageNotFoundError:
            # Needed on another system or Python alone.
            license_name = "not installed here"
        sys.stdout.write(f"| {name} | {license_name} | {needed_by[name]} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
