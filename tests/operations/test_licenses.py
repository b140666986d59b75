"""Page of the licenses of dependencies: as the script prints it."""

import subprocess
import sys

from checkout import ROOT


def test_the_page_of_licenses_lists_what_the_locks_install() -> None:
    printed = subprocess.run(
        [sys.executable, "scripts/list_licenses.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    page = (ROOT / "docs/operations/licenses.md").read_text(encoding="utf-8")
    assert page == printed, "run: python scripts/list_licenses.py > docs/operations/licenses.md"
    assert "| psycopg | LGPL-3.0-only | core |" in page
