"""Mutation score of the tests: one-line changes drawn at random over app/, each tried with the tests until one fails.

`python -m mutation.run --seed 1 --count 60`. A mutant that no test fails for is printed: a test is missing, or the line is.
With a mutant the tests run that ran its line when they were recorded (mutation/record.py), in a bounded time: a survivor of a line that
many slow tests run survived those that fit.
"""

import argparse
import ast
import bisect
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Final

from checkout import ROOT
from mutation.record import Record, make_record

# Tests that take so many times the time recorded hang.
_SLOWEST: Final = 5
# Exit codes of pytest.
_USAGE_ERROR: Final = 4
_NO_TEST: Final = 5
_SWAPS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
}


@dataclass(frozen=True)
class Mutant:
    """A file with one expression replaced."""

    path: Path
    line: int
    # Of the statement.
    first_line: int
    last_line: int
    before: str
    after: str
    source: str


def list_changes(node: ast.AST) -> Iterator[ast.AST]:
    """Changed copies of a node."""
    match node:
        case ast.Compare(left, [operator], comparators) if type(operator) in _SWAPS:
            yield ast.Compare(left, [_SWAPS[type(operator)]()], comparators)  # type: ignore[list-item]
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(_SWAPS[type(operator)](), values)  # type: ignore[arg-type]
        case ast.BinOp(left, operator, right) if type(operator) in _SWAPS:
            yield ast.BinOp(left, _SWAPS[type(operator)](), right)  # type: ignore[arg-type]
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
        case ast.comprehension(target, iterable, [condition, *others]):
            yield ast.comprehension(target, iterable, [ast.UnaryOp(ast.Not(), condition), *others], 0)


def list_mutants(path: Path) -> list[Mutant]:
    """Mutants of one file, of expressions on one line."""
    source = path.read_text(encoding="utf-8")
    lines, module = source.splitlines(keepends=True), ast.parse(source)
    ranges: dict[int, tuple[int, int]] = {}
    # What encloses is walked first.
    for node in ast.walk(module):
        if isinstance(node, ast.stmt):
            first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
            last = node.end_lineno or node.lineno
            ranges |= dict.fromkeys(range(first, last + 1), (first, last))
    mutants = []
    for node in ast.walk(module):
        if not isinstance(node, ast.expr) or node.lineno != node.end_lineno or node.end_col_offset is None:
            continue
        encoded = lines[node.lineno - 1].encode()
        before = encoded[node.col_offset : node.end_col_offset].decode()
        # Inside f-strings, Python 3.11 gives other positions than those of the file.
        if not is_same_expression(before, node):
            continue
        for change in list_changes(node):
            after = f"({ast.unparse(ast.fix_missing_locations(change))})"
            line = (encoded[: node.col_offset] + after.encode() + encoded[node.end_col_offset :]).decode()
            changed = "".join([*lines[: node.lineno - 1], line, *lines[node.lineno :]])
            mutants.append(Mutant(path.relative_to(ROOT), node.lineno, *ranges[node.lineno], before, after, changed))
    return mutants


def is_same_expression(text: str, node: ast.expr) -> bool:
    """Whether a text is the source of a node."""
    try:
        return ast.unparse(ast.parse(text, mode="eval")) == ast.unparse(node)
    except SyntaxError:
        return False


def draw_mutants(seed: int, count: int) -> list[Mutant]:
    """Mutants drawn without replacement, each line of app/ that can be changed as likely as any other."""
    by_line: dict[tuple[Path, int], list[Mutant]] = {}
    for path in sorted((ROOT / "app").rglob("*.py")):
        for mutant in list_mutants(path):
            by_line.setdefault((mutant.path, mutant.line), []).append(mutant)
    generator = random.Random(seed)
    drawn = generator.sample(sorted(by_line), count)
    return [generator.choice(by_line[line]) for line in drawn]


class Tests:
    """Which tests to try with a mutant, and in which order: those that ran the changed line, the quickest first."""

    def __init__(self, record: Record, budget: float) -> None:
        # Seconds, as recorded, that the tests of one mutant may take.
        self.record, self.budget = record, budget

    def choose(self, mutant: Mutant) -> list[str]:
        name, lines = mutant.path.as_posix(), range(mutant.first_line, mutant.last_line + 1)
        by_line = self.record.tests.get(name, {})
        tests = set(by_line.get(mutant.line, ())) or {test for line in lines for test in by_line.get(line, ())}
        chosen = self._sort(tests, mutant)
        if not tests or not self.record.shared.get(name, set()).isdisjoint(lines):
            # Ran at import, in something that tests share, or in a process of its own: whatever uses the module may notice.
            users = {test for tests in by_line.values() for test in tests} - tests
            chosen += self._sort(users, mutant) + self._sort(set(self.record.seconds) - users - tests, mutant)
        return self._cut(chosen)

    def _sort(self, tests: set[str], mutant: Mutant) -> list[str]:
        mirrored = f"tests/{mutant.path.parts[1]}/"
        return sorted(tests, key=lambda test: (not test.startswith(mirrored), self.record.seconds.get(test, 1.0), test))

    def _cut(self, tests: list[str]) -> list[str]:
        seconds = list(itertools.accumulate(self.record.seconds.get(test, 1.0) for test in tests))
        return tests[: max(1, bisect.bisect(seconds, self.budget))] if tests else []


def is_killed(mutant: Mutant, tree: Path, tests: Tests) -> bool:
    """Whether a test fails for a mutant that passes without it, in a copy of the checkout."""
    target = tree / mutant.path
    original, chosen = target.read_text(encoding="utf-8"), tests.choose(mutant)
    try:
        for batch in (chosen[:40], chosen[40:]):
            left = batch
            while left:
                target.write_text(mutant.source, encoding="utf-8")
                failed = _find_failed(tree, left, tests.budget)
                target.write_text(original, encoding="utf-8")
                if failed is None:
                    break
                # A busy machine, or a copy without its repository, fails tests too.
                if not failed or _find_failed(tree, [failed], tests.budget) is None:
                    return True
                left = [test for test in left if test != failed]
        return False
    finally:
        target.write_text(original, encoding="utf-8")


def _find_failed(tree: Path, chosen: list[str], budget: float) -> str | None:
    """The first test that fails; empty if none could run, or they do not end; None if all pass."""
    arguments = tree / "tests.txt"
    arguments.write_text("".join(f"{test}\n" for test in chosen), encoding="utf-8")
    command = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"@{arguments}")
    environment = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        process = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=_SLOWEST * budget, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    # Tests that were renamed since they were recorded say nothing; nor do those that a mutant renames, which are few.
    missing = set(re.findall(r"^ERROR: not found: (\S.*)$", process.stdout + process.stderr, re.MULTILINE))
    if process.returncode == _USAGE_ERROR and missing:
        found = [test for test in chosen if str(tree / test) not in missing]
        return _find_failed(tree, found, budget) if found and len(found) < len(chosen) else None
    if process.returncode in {0, _NO_TEST}:
        return None
    named = re.findall(r"^(?:FAILED|ERROR) (.+)$", process.stdout, re.MULTILINE)
    return next((test for test in chosen for line in named if line == test or line.startswith(f"{test} - ")), "")


def try_mutants(mutants: Sequence[Mutant], tests: Tests, jobs: int) -> list[Mutant]:
    """Try mutants, several at once, each in a copy of the checkout; returns those that survive."""
    skipped = shutil.ignore_patterns(".venv", "var", "node_modules", "__pycache__", ".*_cache")
    with tempfile.TemporaryDirectory(prefix="kb-mutation-") as folder, ThreadPoolExecutor(jobs) as pool:
        trees: Queue[Path] = Queue()
        for number in range(jobs):
            trees.put(Path(shutil.copytree(ROOT, Path(folder) / str(number), ignore=skipped)))

        def survives(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                killed = is_killed(mutant, tree, tests)
            finally:
                trees.put(tree)
            word = "killed  " if killed else "SURVIVED"
            sys.stdout.write(f"{word} {mutant.path}:{mutant.line}  {mutant.before}  ->  {mutant.after}\n")
            sys.stdout.flush()
            return not killed

        survived = list(pool.map(survives, mutants))
    return list(itertools.compress(mutants, survived))


def main() -> int:
    """Try the mutants and print the score. Exits with 1 below the least share that must be killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.strftime("%Y%m%d")))
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--least", type=float, default=0.9, help="share that must be killed")
    parser.add_argument("--seconds", type=float, default=240, help="what the tests of one mutant may take, as recorded")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants tried at once")
    options = parser.parse_args()
    tests = Tests(make_record(), options.seconds)
    survivors = try_mutants(draw_mutants(options.seed, options.count), tests, options.jobs)
    killed = options.count - len(survivors)
    sys.stdout.write(
        f"{killed} of {options.count} mutants killed ({killed / options.count:.0%}), seed {options.seed}\n"
    )
    for mutant in survivors:
        sys.stdout.write(f"survived: {mutant.path}:{mutant.line}  {mutant.before}  ->  {mutant.after}\n")
    return 0 if killed >= options.least * options.count else 1


if __name__ == "__main__":
    sys.exit(main())
