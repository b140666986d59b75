"""Codes that the operator of a service maps to records, such as CPT, which the content may not hold. Pure."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.domain.code_systems import CODE_RELATIONS, CODE_SYSTEMS, CodeSystem, find_code_system, parse_code
from app.domain.code_table import is_valid_code

COLUMNS: Final = ("system", "code", "type", "slug", "relation")
# Every process holds the map in memory.
_MAX_ROWS: Final = 100_000
_MAX_MESSAGES: Final = 20


@dataclass(frozen=True)
class OperatorCode:
    """Row of the map: a code and a record that it leads to."""

    # Line of the file, for messages.
    line: int
    system: CodeSystem
    code: str
    record_type: str
    slug: str
    relation: str


def parse_operator_codes(text: str) -> tuple[OperatorCode, ...]:
    """Rows of a CSV with the columns system, code, type, slug, relation.

    Raises ValueError that names the first twenty wrong rows by their lines. Whether a record exists depends on the release.
    """
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if tuple(header) != COLUMNS:
            raise ValueError(f"line 1: the columns must be {','.join(COLUMNS)}")
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cells)]
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    if len(rows) > _MAX_ROWS:
        raise ValueError(f"has {len(rows):,} rows; at most {_MAX_ROWS:,} are read")
    codes, errors = [], []
    lines_by_row: dict[tuple[str, ...], int] = {}
    for line, cells in rows:
        messages = list(_find_row_errors(cells))
        if not messages:
            code = _build_code(line, cells)
            first = lines_by_row.setdefault((code.system.name, code.code, code.record_type, code.slug), line)
            codes.append(code)
            messages = [] if first == line else [f"repeats line {first}"]
        errors += [f"line {line}: {message}" for message in messages]
    if errors:
        more = [f"and {len(errors) - _MAX_MESSAGES} more"] if len(errors) > _MAX_MESSAGES else []
        raise ValueError("; ".join(errors[:_MAX_MESSAGES] + more))
    return tuple(codes)


def _build_code(line: int, cells: list[str]) -> OperatorCode:
    system_name, code_text, record_type, slug, relation = cells
    system = find_code_system(system_name)
    code = parse_code(system, code_text) if system else None
    if system is None or code is None:
        raise ValueError(f"line {line}: not a code")
    return OperatorCode(line, system, code, record_type, slug, relation)


def _find_row_errors(cells: list[str]) -> Iterator[str]:
    if len(cells) != len(COLUMNS):
        yield f"has {len(cells)} columns in place of {len(COLUMNS)}"
        return
    system_name, code_text, record_type, slug, relation = cells
    if (system := find_code_system(system_name)) is None:
        yield f"unknown code system {system_name!r}; known: {', '.join(CODE_SYSTEMS)}"
        return
    if (code := parse_code(system, code_text)) is None:
        yield f"{code_text!r} has not the form of a code of {system.title}, such as {system.example}"
    elif system.name == "icd-10-cm" and not is_valid_code(code):
        yield f"{code} is not in the table"
    if record_type not in system.record_types:
        yield f"a code of {system.title} stands for {' or '.join(system.record_types)}, not for {record_type!r}"
    if not slug:
        yield "the slug is missing"
    if relation not in CODE_RELATIONS:
        yield f"unknown relation {relation!r}; known: {', '.join(CODE_RELATIONS)}"
