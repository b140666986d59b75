"""Mutation score of the tests: one-line changes drawn at random over app/, each tried with the tests until one fails.

`python -m mutation.run --seed 1 --count 60`. A mutant that no test fails for is printed: a test is missing, or the line is.
Tests that mirror the changed file run first, then the others.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checkout import ROOT

# What needs parts beside Python, or measures speed; a mutant in it would be killed by chance.
_IGNORED: Final = ("browser", "clients", "drills", "benchmarks", "containers", "mutation")
_SECONDS: Final = 3600
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
    lines = source.splitlines(keepends=True)
    mutants = []
    for node in ast.walk(ast.parse(source)):
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
            mutants.append(Mutant(path.relative_to(ROOT), node.lineno, before, after, changed))
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


def is_killed(mutant: Mutant, tree: Path) -> bool:
    """Whether a test fails for a mutant, in a copy of the checkout."""
    target = tree / mutant.path
    original = target.read_text(encoding="utf-8")
    target.write_text(mutant.source, encoding="utf-8")
    try:
        mirrored = tree / "tests" / mutant.path.parent.relative_to("app")
        first = [str(mirrored)] if mirrored != tree / "tests" and mirrored.is_dir() else []
        ignored = [f"--ignore=tests/{name}" for name in _IGNORED]
        return any(_fails(tree, *paths, *ignored) for paths in ([first] if first else []) + [["tests"]])
    finally:
        target.write_text(original, encoding="utf-8")


def _fails(tree: Path, *arguments: str) -> bool:
    command = (sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", "-p", "no:cacheprovider", *arguments)
    environment = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        process = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return True
    # 5: the folder has no test.
    return process.returncode not in {0, 5}


def main() -> int:
    """Try the mutants and print the score. Exits with 1 below the least share that must be killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.strftime("%Y%m%d")))
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--least", type=float, default=0.9, help="share that must be killed")
    options = parser.parse_args()
    survivors = []
    with tempfile.TemporaryDirectory(prefix="kb-mutation-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(
            ROOT, tree, ignore=shutil.ignore_patterns(".venv", "var", "node_modules", "__pycache__", ".*_cache")
        )
        for number, mutant in enumerate(draw_mutants(options.seed, options.count), 1):
            killed = is_killed(mutant, tree)
            word = "killed  " if killed else "SURVIVED"
            sys.stdout.write(f"{number:3} {word} {mutant.path}:{mutant.line}  {mutant.before}  ->  {mutant.after}\n")
            sys.stdout.flush()
            if not killed:
                survivors.append(mutant)
    share = 1 - len(survivors) / options.count
    sys.stdout.write(
        f"{options.count - len(survivors)} of {options.count} mutants killed ({share:.0%}), seed {options.seed}\n"
    )
    return 0 if share >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
