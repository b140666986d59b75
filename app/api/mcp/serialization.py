"""The documents of /v1, shortened for assistants: what is not said is left out, sources stand once."""

from collections.abc import Iterable
from typing import Any, Final

from app.domain.blocks import BLOCK_BY_CLAIM_KIND
from app.domain.json import Json

NOTICE: Final = "Information, not advice."
_FACTS: Final = (
    "family",
    "intents",
    "implant",
    "kind",
    "stub",
    "body_regions",
    "category",
    "lay_name",
    "design",
    "year",
    "commercial",
    "status",
    "publisher",
    "url",
    "doi",
    "note",
    "updated_in",
)


def drop_empty(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A value without what it does not say, and references as the names they stand for."""
    if isinstance(value, dict):
        if value.keys() >= {"type", "slug", "name"}:
            return {"slug": value["slug"], "name": value["name"]}
        found = {name: drop_empty(one) for name, one in value.items()}
        return {name: one for name, one in found.items() if one is not None and one not in ([], {})}
    return [drop_empty(one) for one in value] if isinstance(value, list) else value


class CitedSources:
    """Sources of one answer, each once, in the order they were met."""

    def __init__(self) -> None:
        self.by_slug: dict[str, Json] = {}

    def add(self, refs: Iterable[Json]) -> list[str]:
        """Slugs of these sources, which the answer now names."""
        slugs = []
        for ref in refs:
            self.by_slug.setdefault(
                ref["slug"], {"type": "source", **{k: ref[k] for k in ("slug", "name", "design", "year", "commercial")}}
            )
            slugs.append(ref["slug"])
        return list(dict.fromkeys(slugs))

    def cite(self, claim: Json, *, short: bool = False) -> Json:
        """A claim with its sources; `short`: without its figures, which its statement says in words."""
        return {
            "id": claim["id"],
            "kind": claim["kind"],
            "statement": claim["statement"],
            "grade": claim["grade"],
            "value": {} if short else drop_empty(claim["value"]),
            "qualifiers": {} if short else drop_empty(claim["qualifiers"]),
            "sources": self.add(cited["source"] for cited in claim["citations"]),
        }


def get_claim_blocks(document: Json) -> dict[str, Json]:
    """Blocks of a record that hold claims."""
    names = [*BLOCK_BY_CLAIM_KIND.values(), "observations"]
    return {name: document[name] for name in names if name in document and "status" in document[name]}


def serialize_record(document: Json, sources: CitedSources, wanted: list[str]) -> Json:
    """A record: all sections in short, or the wanted ones in full."""
    blocks = get_claim_blocks(document)
    sections = [
        {"name": name, "claims": [sources.cite(claim, short=not wanted) for claim in block["items"]]}
        for name, block in blocks.items()
        if block["items"] and (not wanted or name in wanted)
    ]
    if not wanted:
        sources.add(document.get("sources", ()))
    if document["type"] == "source":
        sources.add([document])
    related = document.get("related", {})
    refs = [*related.get("broader", {}).get("items", ()), *related.get("narrower", {}).get("items", ())]
    refs += [one["procedure"] for one in related.get("procedures", {}).get("items", ())]
    refs += [
        one["record"] for name in ("pain_generators", "conditions") for one in document.get(name, {}).get("items", ())
    ]
    return {
        "type": document["type"],
        "slug": document["slug"],
        "name": document["name"],
        "other_names": [one["text"] for one in document.get("names", ()) if one["kind"] != "preferred"],
        "summary": document["summary"],
        "facts": {name: document[name] for name in _FACTS if document.get(name) not in (None, [], "")},
        "sections": sections,
        "unknown": [name for name, block in blocks.items() if block["status"] == "unknown"],
        "not_applicable": [name for name, block in blocks.items() if block["status"] == "not_applicable"],
        "related": [dict(pairs) for pairs in dict.fromkeys(tuple(ref.items()) for ref in refs)],
    }


def list_typical_relief_labels(summary: Json) -> list[str]:
    """How long relief typically lasts, in words."""
    return [f"{one['intent']}: {one['label']}" for one in summary["typical_relief"]["items"]]
