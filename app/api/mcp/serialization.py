"""Short form of /v1 documents for assistants: empty fields are omitted, and each source is listed once."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any, Final

import orjson

from app.domain.claim_kinds import BLOCKS
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES, SOURCE_IDENTIFIERS
from app.formats.safety import OPPOSED_POSITIONS, describe_signs, iter_safety_lines, list_risk_groups

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

    def add_harms(self, claims: Iterable[Json], room: int) -> list[str]:
        """Add the first source of each claim while they take at most `room` characters. Returns their slugs."""
        slugs: dict[str, None] = {}
        for claim in claims:
            added = CitedSources()
            (slug,) = added.add([claim["citations"][0]["source"]])
            # The slug is written once more, beside what it supports.
            size = measure(slug) + measure_sources(added, beside=self)
            if size <= room:
                room -= size
                slugs[slug] = None
                self.by_slug |= added.by_slug
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
    if document["type"] == "guide_page":
        return {"guide": {"status": "known", "items": document["claims"]}}
    blocks = {name: document[name] for name in (*BLOCKS, "observations") if name in document}
    # An emergency lists its risks as references.
    return {
        name: block
        for name, block in blocks.items()
        if "status" in block and all("citations" in entry for entry in block["items"][:1])
    }


# Sections that are not lists of claims, in full where they are requested.
STRUCTURES: Final = ("forms", "serious_risks", "positions", "when_to_call")
# Blocks of harms. Rows of a comparison have the same names.
HARM_BLOCKS: Final = frozenset({"risks", "safety_warnings", "contraindications"})
# Characters of the short form of a record, without release and notice.
_MAX_SHORT: Final = 5_500
# Characters of the URL of a source and of what separates a claim from the next one.
_SOURCE_URL: Final = 130
_CLAIM_FRAME: Final = 40
_MAX_SIGNS: Final = 6
# Blocks whose claims the short form of a record states as signs with a tier, under `safety`.
_BLOCKS_OF_SIGNS: Final = frozenset({"red_flags", "when_to_call_claims"})
_MAX_OTHER_NAMES: Final = 8
_MAX_RELATED: Final = 10


def list_harm_claims(document: Json) -> list[str]:
    """List the claims that state the serious harms of a record, by their worst figure, and the positions against it, by turns.

    `document`: the detail of a record, or a row of a list of procedures.
    """
    risks, positions = (document.get(name, {"items": ()})["items"] for name in ("serious_risks", "positions"))
    worst = [row["worst"]["claim"] if row["worst"] else row["claims"][0] for row in risks]
    opposed = [row["claim"] for row in positions if row["position"] in OPPOSED_POSITIONS]
    return [claim for pair in zip_longest(worst, opposed) for claim in pair if claim]


def serialize_record(
    document: Json, sources: CitedSources, requested: list[str], harm_claims: Iterable[Json] = ()
) -> Json:
    """Serialize a record: the requested sections in full, or a short form of all of it, its harms first.

    `harm_claims` state what is said under `safety`, the most important first.
    """
    blocks = get_claim_blocks(document)
    texts = _list_texts(document)
    record = {
        "type": document["type"],
        "slug": document["slug"],
        "name": document["name"],
        "safety": list_safety_lines(document),
        "safety_sources": [],
        "summary": document.get("summary"),
        "contents": {name: len(block["items"]) for name, block in blocks.items() if block["items"]},
        "facts": {name: document[name] for name in _FACTS if document.get(name) not in (None, [], "")},
        "review": document.get("review"),
        "other_names": [name["text"] for name in document.get("names", ()) if name["kind"] != "preferred"],
        "texts": texts,
        "sections": [],
        **dict.fromkeys(STRUCTURES),
        "unknown": [name for name, block in blocks.items() if block["status"] == "unknown"],
        "not_found": document.get("not_found", []),
        "stated_on_forms": [name for name, block in blocks.items() if block["status"] == "stated_on_forms"],
        "not_applicable": [name for name, block in blocks.items() if block["status"] == "not_applicable"],
        "related": _list_related_records(document),
    }
    if document["type"] == "source":
        sources.add([document])
    if requested:
        record["sections"] = [
            {"name": name, "claims": [sources.cite(claim) for claim in block["items"]]}
            for name, block in blocks.items()
            if block["items"] and name in requested
        ]
        record |= {name: _serialize_structure(document, name) for name in STRUCTURES if name in requested}
        record["safety_sources"] = sources.add(
            citation["source"] for claim in harm_claims for citation in claim["citations"]
        )
        return record
    if "when_to_call" in document:
        blocks = {name: block for name, block in blocks.items() if name not in _BLOCKS_OF_SIGNS}
    return _fill_short_form(record, blocks, sources, harm_claims)


def _fill_short_form(record: Json, blocks: dict[str, Json], sources: CitedSources, harm_claims: Iterable[Json]) -> Json:
    """Cut what is merely long, then add claims of each section in turn while they fit, until a harm does not.

    The lines of `safety` are never cut; their sources come before all claims.
    """
    related, texts = record["related"], record["texts"]
    optional = {"summary": record["summary"], "other_names": record["other_names"][:_MAX_OTHER_NAMES]}
    record |= {"related": [], "texts": [], "summary": None, "other_names": []}
    room = _MAX_SHORT - measure(record) - measure_sources(sources)
    record["safety_sources"] = sources.add_harms(harm_claims, room)
    size = measure(record) + measure_sources(sources)
    for name, value in optional.items():
        if size + measure(value) <= _MAX_SHORT:
            record[name] = value
            size += measure(value)
    for text in texts:
        if (size := size + measure(text)) > _MAX_SHORT:
            return record
        record["texts"].append(text)
    sections: dict[str, list[Json]] = {}
    for name, claim in _take_in_turn(blocks):
        added = CitedSources()
        cited = added.cite(claim, short=True)
        added_size = measure(cited) + measure_sources(added, beside=sources) + _CLAIM_FRAME
        if size + added_size > _MAX_SHORT:
            if name in HARM_BLOCKS:
                break
            # A shorter claim may still fit.
            continue
        size += added_size
        sources.by_slug |= added.by_slug
        sections.setdefault(name, []).append(cited)
    record["sections"] = [{"name": name, "claims": sections[name]} for name in blocks if name in sections]
    for ref in related[:_MAX_RELATED]:
        if (size := size + measure(ref)) <= _MAX_SHORT:
            record["related"].append(ref)
    return record


def _take_in_turn(blocks: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    """First claims of every block, those of harms before others, then second ones, and so on."""
    blocks = dict(sorted(blocks.items(), key=lambda item: item[0] not in HARM_BLOCKS))
    for position in range(max((len(block["items"]) for block in blocks.values()), default=0)):
        for name, block in blocks.items():
            if position < len(block["items"]):
                yield name, block["items"][position]


def measure(value: Any) -> int:  # noqa: ANN401 - any JSON value
    """Characters of a value in an answer, with what separates it from the next one."""
    return len(orjson.dumps(value)) + 1


def measure_sources(sources: CitedSources, *, beside: CitedSources | None = None) -> int:
    """Characters of cited sources in an answer, with their URLs. `beside`: sources that the answer has already."""
    known = beside.by_slug if beside else {}
    return sum(measure(source) + _SOURCE_URL for slug, source in sources.by_slug.items() if slug not in known)


def list_safety_lines(document: Json, max_signs: int = _MAX_SIGNS) -> list[str]:
    """List what must be said with any benefit: forms, serious harms, positions against, contraindications, emergency signs."""
    if document["type"] == "emergency":
        signs = document["signs"]
    elif "forms" in document:
        # Positions with their scopes are in full under `positions`.
        lines = list(iter_safety_lines(document, max_signs=max_signs, with_scopes=False))
        return lines + _list_other_harms(document)
    else:
        signs = document.get("when_to_call", {"items": []})["items"]
    return describe_signs(
        [sign.get("sign", sign.get("text")) for sign in signs if sign["tier"] == "emergency"], max_signs
    )


def _list_other_harms(document: Json) -> list[str]:
    """Name the harms that are not serious in a line: a claim that states one may not fit where a benefit does."""
    if document["type"] != "procedure":
        return []
    serious = {row["risk"]["slug"] for row in document["serious_risks"]["items"]}
    names = dict.fromkeys(
        row["risk"]["name"] for row in list_risk_groups(document) if row["risk"]["slug"] not in serious
    )
    return [f"Other harms: {', '.join(names)}."] if names else []


def _list_texts(document: Json) -> list[Json]:
    """Prose of a page of the guide, by heading."""
    if document["type"] != "guide_page":
        return []
    return [{"heading": row["heading"], "text": row["text"], "claims": row["claims"]} for row in document["items"]]


def _serialize_structure(document: Json, name: str) -> Any:  # noqa: ANN401 - a list or an object
    if name == "forms":
        return _serialize_forms(document.get("forms", {"count": 0}))
    if name == "when_to_call":
        return list_call_signs(document)
    return drop_empty(document.get(name, {"items": []})["items"])


def list_call_signs(document: Json) -> list[Json]:
    """List the signs for which to get help, each with its emergencies: those of a record, or of an emergency itself."""
    signs = [
        {
            "sign": row["sign"],
            "tier": row["tier"],
            "emergencies": [emergency["slug"] for emergency in row["emergencies"]],
        }
        for row in document.get("when_to_call", {"items": ()})["items"]
    ]
    return signs + [
        {"sign": sign["text"], "tier": sign["tier"], "emergencies": [document["slug"]]}
        for sign in document.get("signs", ())
    ]


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
    if document["type"] == "emergency":
        refs += [row.get("record", row) for row in document["risks"]["items"]]
    return [dict(members) for members in dict.fromkeys(tuple(ref.items()) for ref in refs)]
