"""Record of which test runs which line of app/, made once by `python -m mutation.record` and kept in var/mutation.

It is made in parts, one for each folder of tests; a part that is there is kept, unless `--renew` is given. Tests on PostgreSQL run the
same lines as those on SQLite, so only the latter are recorded; a part of its own has those of what PostgreSQL alone runs.
"""

import argparse
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from checkout import ROOT
from coverage import CoverageData

FOLDER: Final = ROOT / "var/mutation"
# What needs parts beside Python, or measures speed; a mutant in it would be killed by chance.
# Folders with tests of what only PostgreSQL runs: its engine, the writer, and a database that is away.
_ON_POSTGRESQL: Final = ("loader", "http", "operations")
_IGNORED: Final = {"browser", "clients", "drills", "benchmarks", "containers", "mutation"}


@dataclass(frozen=True)
class Record:
    """What the tests ran: files are named as `app/main.py`, tests by their node ids."""

    # File -> line -> tests that ran it.
    tests: Mapping[str, Mapping[int, set[str]]]
    # File -> lines that ran while a module was imported, or something was set up: any test may depend on them.
    shared: Mapping[str, set[int]]
    seconds: Mapping[str, float]


def list_parts() -> dict[str, list[str]]:
    """Arguments of pytest by the name of a part."""
    folders = sorted({path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")} - _IGNORED)
    files = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").glob("test_*.py"))
    sqlite = ["-k", "not postgresql"]
    parts = {folder: [*sqlite, f"tests/{folder}"] for folder in folders} | {"top": [*sqlite, *files]}
    return parts | {"postgresql": ["-k", "postgresql", *(f"tests/{folder}" for folder in _ON_POSTGRESQL)]}


def record_part(name: str, arguments: Sequence[str]) -> None:
    """Run the tests of a part and keep what they ran. Their result does not matter here."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = FOLDER / f"{name}.coverage"
    data.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    command += ["--cov=app", "--cov-context=test", "--cov-report=", f"--junitxml={FOLDER / name}.xml", *arguments]
    environment = {**os.environ, "COVERAGE_FILE": str(data), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    sys.stdout.write(f"{name}: {process.stdout.strip().splitlines()[-1]}\n")
    sys.stdout.flush()


def read_record() -> Record:
    """Read all parts."""
    tests: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    shared: dict[str, set[int]] = defaultdict(set)
    seconds: dict[str, float] = {}
    for part in sorted(FOLDER.glob("*.coverage")):
        data = CoverageData(str(part))
        data.read()
        for file in data.measured_files():
            name = Path(file).relative_to(ROOT).as_posix()
            for line, contexts in data.contexts_by_lineno(file).items():
                for test, _, phase in (context.rpartition("|") for context in contexts):
                    if test:
                        tests[name][line].add(test)
                    if phase != "run":
                        shared[name].add(line)
    for times in FOLDER.glob("*.xml"):
        for case in ET.parse(times).iter("testcase"):
            file = case.attrib["classname"].replace(".", "/")
            seconds[f"{file}.py::{case.attrib['name']}"] = float(case.attrib["time"])
    return Record(tests, shared, seconds)


def make_record(*, renew: bool = False) -> Record:
    """Record the parts that are missing, or all, and read them."""
    for name, arguments in list_parts().items():
        if renew or not (FOLDER / f"{name}.coverage").exists():
            record_part(name, arguments)
    return read_record()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renew", action="store_true", help="record all parts again")
    make_record(renew=parser.parse_args().renew)
