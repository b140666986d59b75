"""Comparison of a bill of materials with the lock that it was made from. Exits with 1 at a difference."""

import json
import re
import sys
from pathlib import Path


def main(document: str, lock: str) -> int:
    """Compare, and print how many components there are."""
    components = json.loads(Path(document).read_text(encoding="utf-8"))["components"]
    pinned = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", Path(lock).read_text(encoding="utf-8"), re.MULTILINE))
    listed = {component["name"]: component.get("version") for component in components}
    incomplete = [
        component["name"]
        for component in components
        if not component.get("purl", "").startswith("pkg:pypi/")
        or not any(reference.get("hashes") for reference in component.get("externalReferences", []))
    ]
    if listed != pinned or incomplete:
        sys.stderr.write(
            f"{document}: {listed.items() ^ pinned.items()} differ, {incomplete} have no hash or package URL\n"
        )
        return 1
    sys.stdout.write(f"{document}: {len(components)} components\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
