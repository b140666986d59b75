"""Signs for which a reader of a record must get help: the emergencies that belong to it, then what sources say of it."""

from collections.abc import Iterator

from app.domain import vocabulary
from app.domain.json import Json
from app.domain.values import WhenToCallValue
from app.read_model.claims_json import build_block
from app.read_model.graph import ContentGraph
from app.seed import schema as seed
from app.seed.emergency_scope import emergency_belongs_to


def build_when_to_call(
    graph: ContentGraph, record_type: str, record: seed.ProcedureIn | seed.ConditionIn | seed.PainGeneratorIn
) -> Json:
    """Build the signs for which a reader of a record must get help, the most urgent first.

    Of each tier, emergencies that a source names or that belong to the risks or to this part of the body come first, in
    the words of the catalog, those that a source names before others: a source may state a few signs of an emergency and
    leave out the gravest. Those that only a narrower record names follow, then the signs as sources state them. A record
    without an emergency shows those that can happen to anyone.
    """
    stated = list(_iter_stated_signs(graph, record))
    named = {emergency["slug"] for row in stated for emergency in row["emergencies"]}
    rows = [
        _build_editorial_row(graph, emergency, "editorial")
        for emergency in sorted(graph.bundle.emergencies, key=lambda emergency: emergency.slug not in named)
        if emergency.slug in named or emergency_belongs_to(graph.bundle, emergency, record_type, record)
    ]
    rows += _list_rows_of_forms(graph, record_type, record.slug, rows)
    rows += stated
    if not any(row["tier"] == "emergency" for row in rows):
        rows += _list_general_rows(graph, named)
    return _build_rows_block(rows)


def _list_rows_of_forms(graph: ContentGraph, record_type: str, slug: str, rows: list[Json]) -> list[Json]:
    """List the emergencies that sources name of narrower records and the record itself does not show.

    Each has the sign of the catalog: the first sign that a form states is shared by many emergencies and tells of none.
    """
    shown = {emergency["slug"] for row in rows for emergency in row["emergencies"]}
    form_rows = [
        row
        for form in graph.find_descendants(record_type, slug)
        for row in _iter_stated_signs(graph, graph.records[record_type, form])
        if row["tier"] == "emergency"
    ]
    named = {emergency["slug"] for row in form_rows for emergency in row["emergencies"]} - shown
    missing = [emergency for emergency in graph.bundle.emergencies if emergency.slug in named]
    added = [
        _build_editorial_row(graph, emergency, "editorial") for emergency in missing if emergency.tier == "emergency"
    ]
    # The catalog files these under a lower tier, or does not have them: what the form states as an emergency stays one.
    lower = {emergency.slug for emergency in missing if emergency.tier != "emergency"}
    signs = {
        row["sign"]: row
        for row in form_rows
        if not row["emergencies"] or lower & {emergency["slug"] for emergency in row["emergencies"]}
    }
    return added + list(signs.values())


def build_when_to_call_about_risk(graph: ContentGraph, risk: str) -> Json:
    """Build the signs of the emergencies that a risk can become; without any, those that can happen to anyone."""
    emergencies = graph.bundle.emergencies
    rows = [
        _build_editorial_row(graph, emergency, "editorial") for emergency in emergencies if risk in emergency.risks
    ] or _list_general_rows(graph, set())
    return _build_rows_block(rows)


def _list_general_rows(graph: ContentGraph, excluded: set[str]) -> list[Json]:
    return [
        _build_editorial_row(graph, emergency, "general")
        for emergency in graph.bundle.emergencies
        if emergency.applies_to.general and emergency.slug not in excluded
    ]


def _build_rows_block(rows: list[Json]) -> Json:
    return build_block(sorted(rows, key=lambda row: vocabulary.CALL_TIER_RANK[row["tier"]]))


def _iter_stated_signs(graph: ContentGraph, record: seed.RecordIn) -> Iterator[Json]:
    rows: dict[tuple[str, str], Json] = {}
    for claim in sorted(record.claims, key=lambda claim: claim.id):
        if isinstance(claim.value, WhenToCallValue):
            for sign in claim.value.signs:
                row = rows.setdefault(
                    (sign, claim.value.tier),
                    {"sign": sign, "lang": "en", "tier": claim.value.tier, "emergencies": [], "origin": "source"}
                    | {"claims": []},
                )
                row["claims"].append(claim.id)
                row["emergencies"] += [
                    ref
                    for slug in claim.value.emergencies
                    if (ref := graph.record_ref("emergency", slug)) not in row["emergencies"]
                ]
    yield from rows.values()


def _build_editorial_row(graph: ContentGraph, emergency: seed.EmergencyIn, origin: str) -> Json:
    return {
        "sign": emergency.short_sign,
        "lang": "en",
        "tier": emergency.tier,
        "emergencies": [graph.record_ref("emergency", emergency.slug)],
        "origin": origin,
        "claims": [claim.id for claim in emergency.claims if claim.kind == "red_flag"],
    }
