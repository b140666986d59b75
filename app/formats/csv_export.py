"""CSV export of lists. Each list has fixed columns, so spreadsheets keep their shape across releases."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from app.domain.record_types import RECORD_TYPES, SOURCE_IDENTIFIERS
from app.domain.values import FindingValue, ResponseRateValue, Value

CSV_MEDIA_TYPE: Final = "text/csv; charset=utf-8; header=present"
# Optional: some spreadsheets need it to recognize UTF-8; some programs do not skip it.
BOM: Final = b"\xef\xbb\xbf"
# Spreadsheets run a cell with one of these prefixes as a formula.
_FORMULA_PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r")
_CLAIM_COLUMNS: Final = (
    ("claim", "id"),
    ("procedure", "subject.slug"),
    ("procedure_name", "subject.name"),
    ("statement", "statement"),
)
_EVIDENCE_COLUMNS: Final = (
    ("population", "qualifiers.population"),
    ("technique", "qualifiers.technique"),
    ("comparator", "qualifiers.comparator"),
    ("comparator_is_sham", "qualifiers.comparator_is_sham"),
    ("definition", "qualifiers.definition"),
    ("n", "qualifiers.n"),
    ("commercial", "commercial"),
    *((f"certainty_{name}", f"certainty.{name}") for name in ("rating", "stated_by", "outcome")),
    ("support", "support"),
    ("sources", "citations.source.slug"),
    ("source_designs", "citations.source.design"),
    ("source_years", "citations.source.year"),
    ("source_commercial", "citations.source.commercial"),
    ("source_standings", "citations.source.standing"),
    *((f"source_{field}s", f"citations.source.{field}") for field in SOURCE_IDENTIFIERS),
    ("notes", "citations.note"),
    ("link", "links.self"),
)
_RELIEF_COLUMNS: Final = (
    *((name, name) for name in ("intent", "measure", "statistic", "label", "min", "max", "min_days", "max_days")),
    *((name, name) for name in ("magnitude", "text", "covers")),
    *((f"source_{name}", f"source_value.{name}") for name in ("min", "max", "unit")),
    *((name, name) for name in ("ongoing", "typical", "selection_reason")),
)

_FIGURE_COLUMNS: Final = (
    "observed",
    "n",
    "percent_min",
    "percent_max",
    "per",
    "timeframe",
    "population",
    "subject",
    "claim",
)


def _list_value_columns(model: type[Value]) -> list[tuple[str, str]]:
    """List the columns of a value of a claim: its fields, except for the lists of further figures."""
    return [(name, f"value.{name}") for name in model.model_fields if name not in {"quantities", "details"}]


# List -> (column, path of its value in a row). Several values of a path are joined by "; ".
COLUMNS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "procedures": (
        ("slug", "slug"),
        ("name", "name"),
        *((fact, fact) for fact in RECORD_TYPES["procedure"].facts),
        ("body_regions", "body_regions"),
        # The serious risks of any form, each with its worst figure: an umbrella has few of its own.
        ("serious_risk", "serious_risks.items.risk.slug"),
        *((f"serious_risk_{name}", f"serious_risks.items.{name}") for name in ("seriousness", "state")),
        *((f"serious_risk_{name}", f"serious_risks.items.worst.{name}") for name in _FIGURE_COLUMNS),
        *((f"position_{name}", f"positions.items.{name}") for name in ("position", "body", "year", "scope", "claim")),
        *((f"typical_relief_{column}", f"typical_relief.items.{path}") for column, path in _RELIEF_COLUMNS),
        ("typical_relief_claim", "typical_relief.items.claim"),
        ("summary", "summary"),
        ("review_status", "review.status"),
        ("reviewed_by", "review.reviewed_by"),
        ("reviewer_credentials", "review.credentials"),
        ("reviewed_on", "review.reviewed_on"),
        ("review_due", "review.review_due"),
        ("last_changed_in", "last_changed_in"),
        ("link", "links.self"),
    ),
    "sources": (
        ("slug", "slug"),
        ("name", "name"),
        *((fact, "replaced_by.slug" if fact == "replaced_by" else fact) for fact in RECORD_TYPES["source"].facts),
        ("claim_count", "claim_count"),
        ("last_changed_in", "last_changed_in"),
        ("link", "links.self"),
    ),
    "targets": (
        ("procedure", "procedure.slug"),
        ("procedure_name", "procedure.name"),
        ("pain_generator", "pain_generator.slug"),
        ("pain_generator_name", "pain_generator.name"),
        ("role", "role"),
        ("support", "support"),
        ("claims", "claims"),
        ("link", "links.self"),
    ),
    "relief-durations": (
        *_CLAIM_COLUMNS,
        *((column, f"value.{path}") for column, path in _RELIEF_COLUMNS),
        *_EVIDENCE_COLUMNS,
    ),
    "response-rates": (
        *_CLAIM_COLUMNS,
        *_list_value_columns(ResponseRateValue),
        *_EVIDENCE_COLUMNS,
    ),
    "findings": (
        *_CLAIM_COLUMNS,
        *_list_value_columns(FindingValue),
        *_EVIDENCE_COLUMNS,
    ),
}


# Columns of the export of all claims, whatever their kind: the value is one cell of JSON.
CLAIM_COLUMNS: Final = (
    ("claim", "id"),
    ("kind", "kind"),
    ("subject_type", "subject.type"),
    ("subject", "subject.slug"),
    ("subject_name", "subject.name"),
    ("statement", "statement"),
    ("value", "value"),
    *_EVIDENCE_COLUMNS,
)


def render_csv_lines(columns: Sequence[tuple[str, str]], rows: Iterable[bytes]) -> Iterator[bytes]:
    """RFC 4180 CSV lines in UTF-8, the header first. `rows` are JSON objects."""
    yield _render_line(column for column, _ in columns)
    for row in rows:
        row_json = orjson.loads(row)
        yield _render_line(_render_cell(_values_at(row_json, path.split("."))) for _, path in columns)


def _render_line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(list(cells))
    return text.getvalue().encode()


def _values_at(value: Any, path: list[str]) -> list[Any]:  # noqa: ANN401 - any JSON value
    """All values at a path, in order. Lists on the path are flattened; below null is null."""
    if isinstance(value, list):
        return [leaf for element in value for leaf in _values_at(element, path)]
    if not path or value is None:
        return [value]
    return _values_at(value[path[0]], path[1:])


def _render_cell(values: list[Any]) -> str:
    texts = [_to_text(value) for value in values]
    # Empty ones keep their place, so that the cells of a row correspond.
    cell = "; ".join(texts) if any(texts) else ""
    is_number = len(values) == 1 and isinstance(values[0], int | float)
    return f"'{cell}" if cell.startswith(_FORMULA_PREFIXES) and not is_number else cell


def _to_text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
