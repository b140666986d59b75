"""Short form of /v1 documents for assistants: empty fields are omitted, and each source is listed once."""

from collections.abc import Iterable
from typing import Any, Final

from app.domain.claim_kinds import BLOCKS
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES, SOURCE_IDENTIFIERS

NOTICE: Final = "Information, not advice."
_SOURCE_FIELDS: Final = ("slug", "name", "design", "year", "commercial", "standing", *SOURCE_IDENTIFIERS)
_FACTS: Final = (
    *dict.fromkeys(fact for row in RECORD_TYPES.values() for fact in row.facts),
    "body_regions",
    "last_changed_in",
)


def drop_empty(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Drop nulls, empty lists and empty objects, and shorten references to slug and name."""
    if isinstance(value, dict):
        if value.keys() >= {"type", "slug", "name"}:
            return {"slug": value["slug"], "name": value["name"]}
        members = {name: drop_empty(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not None and member not in ([], {})}
    return [drop_empty(element) for element in value] if isinstance(value, list) else value


class CitedSources:
    """Sources that a tool output cites, each once, in the order of first citation."""

    def __init__(self) -> None:
        self.by_slug: dict[str, Json] = {}

    def add(self, refs: Iterable[Json]) -> list[str]:
        """Add sources to the output. Returns their slugs, without duplicates."""
        slugs: dict[str, None] = {}
        for ref in refs:
            slugs[ref["slug"]] = None
            self.by_slug.setdefault(ref["slug"], {"type": "source", **{name: ref[name] for name in _SOURCE_FIELDS}})
        return list(slugs)

    def cite(self, claim: Json, *, short: bool = False) -> Json:
        """Serialize a claim and add its sources. `short`: omit figures, which are in the statement as text."""
        return {
            "id": claim["id"],
            "kind": claim["kind"],
            "statement": claim["statement"],
            "commercial": claim["commercial"],
            "certainty": claim["certainty"],
            "value": {} if short else drop_empty(claim["value"]),
            "qualifiers": {} if short else drop_empty(claim["qualifiers"]),
            "sources": self.add(citation["source"] for citation in claim["citations"]),
        }


def get_claim_blocks(document: Json) -> dict[str, Json]:
    """Blocks of a record document that hold claims."""
    names = [*BLOCKS, "observations"]
    return {name: document[name] for name in names if name in document and "status" in document[name]}


def serialize_record(document: Json, sources: CitedSources, requested: list[str]) -> Json:
    """Serialize a record: the requested sections in full, or all sections in short form if none is requested."""
    blocks = get_claim_blocks(document)
    sections = [
        {"name": name, "claims": [sources.cite(claim, short=not requested) for claim in block["items"]]}
        for name, block in blocks.items()
        if block["items"] and (not requested or name in requested)
    ]
    if not requested:
        sources.add(document.get("sources", ()))
    if document["type"] == "source":
        sources.add([document])
    return {
        "type": document["type"],
        "slug": document["slug"],
        "name": document["name"],
        "other_names": [name["text"] for name in document.get("names", ()) if name["kind"] != "preferred"],
        "summary": document.get("summary"),
        "review": document.get("review"),
        "facts": {name: document[name] for name in _FACTS if document.get(name) not in (None, [], "")},
        "when_to_call": _list_call_signs(document),
        "forms": _serialize_forms(document.get("forms", {"count": 0})),
        "serious_risks": drop_empty(document.get("serious_risks", {"items": []})["items"]),
        "positions": drop_empty(document.get("positions", {"items": []})["items"]),
        "sections": sections,
        "unknown": [name for name, block in blocks.items() if block["status"] == "unknown"],
        "not_found": document.get("not_found", []),
        "stated_on_forms": [name for name, block in blocks.items() if block["status"] == "stated_on_forms"],
        "not_applicable": [name for name, block in blocks.items() if block["status"] == "not_applicable"],
        "related": _list_related_records(document),
    }


def _list_call_signs(document: Json) -> list[Json]:
    """Signs for which to get help: those of the record, or of the emergency itself."""
    rows = document.get("when_to_call", {"items": ()})["items"]
    signs = [{"sign": row["sign"], "tier": row["tier"]} for row in rows]
    return signs + [{"sign": sign["text"], "tier": sign["tier"]} for sign in document.get("signs", ())]


def _serialize_forms(forms: Json) -> Json:
    """Serialize what the narrower records state; empty if there are none. Its serious risks are in `serious_risks` too."""
    if not forms["count"]:
        return {}
    members: Json = drop_empty({name: member for name, member in forms.items() if name not in {"status", "records"}})
    return {**members, "records": [{"slug": form["slug"], "name": form["name"]} for form in forms["records"]]}


def _list_related_records(document: Json) -> list[Json]:
    related, no_items = document.get("related", {}), {"items": ()}
    refs = [ref for name in ("broader", "narrower") for ref in related.get(name, no_items)["items"]]
    refs += [relation["procedure"] for relation in related.get("procedures", no_items)["items"]]
    for name in ("pain_generators", "conditions"):
        refs += [row["record"] for row in document.get(name, no_items)["items"]]
    return [dict(members) for members in dict.fromkeys(tuple(ref.items()) for ref in refs)]
