"""Lists as CSV: a fixed set of columns a list, so that a spreadsheet keeps its shape from release to release."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

Json = Mapping[str, Any]
MEDIA_TYPE: Final = "text/csv; charset=utf-8; header=present"
# Without it some spreadsheets read UTF-8 as another encoding; with it some programs read three bytes too many.
BOM: Final = b"\xef\xbb\xbf"
# A cell that begins so is a formula to a spreadsheet: content must never be one.
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
    ("grade", "grade"),
    ("support", "support"),
    ("sources", "citations.source.slug"),
    ("source_designs", "citations.source.design"),
    ("source_years", "citations.source.year"),
    ("commercial", "citations.source.commercial"),
    ("notes", "citations.note"),
    ("link", "links.self"),
)
# List -> (column, where its value stands in an item). Where items of the path are several, they are joined by "; ".
COLUMNS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "procedures": (
        ("slug", "slug"),
        ("name", "name"),
        ("family", "family"),
        ("intents", "intents"),
        ("implant", "implant"),
        ("body_regions", "body_regions"),
        ("typical_relief", "typical_relief.items.label"),
        ("typical_relief_intent", "typical_relief.items.intent"),
        ("typical_relief_min", "typical_relief.items.min"),
        ("typical_relief_max", "typical_relief.items.max"),
        ("typical_relief_claim", "typical_relief.items.claim"),
        ("summary", "summary"),
        ("review_status", "review.status"),
        ("review_due", "review.review_due"),
        ("updated_in", "updated_in"),
        ("link", "links.self"),
    ),
    "targets": (
        ("procedure", "procedure.slug"),
        ("procedure_name", "procedure.name"),
        ("pain_generator", "pain_generator.slug"),
        ("pain_generator_name", "pain_generator.name"),
        ("role", "role"),
        ("grade", "grade"),
        ("support", "support"),
        ("claims", "claims"),
        ("link", "links.self"),
    ),
    "relief-durations": (
        *_CLAIM_COLUMNS,
        ("intent", "value.intent"),
        ("measure", "value.measure"),
        ("statistic", "value.statistic"),
        ("label", "value.label"),
        ("min", "value.min"),
        ("max", "value.max"),
        ("min_days", "value.min_days"),
        ("max_days", "value.max_days"),
        ("magnitude", "value.magnitude"),
        ("text", "value.text"),
        ("ongoing", "value.ongoing"),
        ("typical", "value.typical"),
        ("chosen_because", "value.chosen_because"),
        *_EVIDENCE_COLUMNS,
    ),
    "response-rates": (
        *_CLAIM_COLUMNS,
        ("percent_min", "value.percent_min"),
        ("percent_max", "value.percent_max"),
        ("responders", "value.responders"),
        ("n_at", "value.n_at"),
        ("lost", "value.lost"),
        ("at", "value.at"),
        ("at_label", "value.at_label"),
        ("ci_low", "value.ci_low"),
        ("ci_high", "value.ci_high"),
        ("comparator_percent", "value.comparator_percent"),
        ("comparator_responders", "value.comparator_responders"),
        ("comparator_n", "value.comparator_n"),
        *_EVIDENCE_COLUMNS,
    ),
    "findings": (
        *_CLAIM_COLUMNS,
        ("outcome", "value.outcome"),
        ("effect", "value.effect"),
        ("interval", "value.interval"),
        ("direction", "value.direction"),
        ("at", "value.at"),
        ("at_label", "value.at_label"),
        ("ceiling", "value.ceiling"),
        *_EVIDENCE_COLUMNS,
    ),
}


def iter_lines(name: str, items: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of a list as RFC 4180 CSV in UTF-8, the header first. Items are the JSON objects of the list."""
    columns = COLUMNS[name]
    yield _line(column for column, _ in columns)
    for item in items:
        value = orjson.loads(item)
        yield _line(_cell(_values_at(value, path.split("."))) for _, path in columns)


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(list(cells))
    return text.getvalue().encode()


def _values_at(value: Any, path: list[str]) -> list[Any]:  # noqa: ANN401 - any JSON value
    """Every value that a path leads to, through lists on the way, in order."""
    if isinstance(value, list):
        return [found for one in value for found in _values_at(one, path)]
    if not path:
        return [value]
    return _values_at(value[path[0]], path[1:])


def _cell(values: list[Any]) -> str:
    shown = [_to_text(value) for value in values]
    text = shown[0] if len(shown) == 1 else "; ".join(one for one in shown if one)
    numeric = len(values) == 1 and isinstance(values[0], int | float)
    return f"'{text}" if text.startswith(_FORMULA_PREFIXES) and not numeric else text


def _to_text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
