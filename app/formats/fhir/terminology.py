"""Code systems and value sets: the contract's closed lists, and the records of the release as codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.formats.fhir.identifiers import URN_BASE, canonical_url, system_url
from app.text.normalize import normalize

# Code system -> its title and its codes, each with the words that people read.
CLOSED_LISTS: Final[dict[str, tuple[str, Mapping[str, str]]]] = {
    "families": ("Families of procedures", vocabulary.PROCEDURE_FAMILIES),
    "intents": ("Intents of procedures", vocabulary.INTENTS),
    "generator-kinds": ("Kinds of pain generators", vocabulary.GENERATOR_KINDS),
    "body-regions": ("Body regions", vocabulary.BODY_REGIONS),
    "target-roles": ("Roles of a procedure", vocabulary.TARGET_ROLES),
    "guidance": ("Guidance of procedures", vocabulary.GUIDANCE),
    "anaesthesia": ("Anesthesia of procedures", vocabulary.ANESTHESIA),
    "settings": ("Settings of procedures", vocabulary.SETTINGS),
    "designs": ("Designs of sources", vocabulary.DESIGNS),
    "source-statuses": ("Statuses of sources", vocabulary.SOURCE_STATUSES),
    "supports": ("Support of claims", vocabulary.SUPPORTS),
    "grades": ("Grades of claims", vocabulary.GRADES),
    "measures": ("Measures of relief", vocabulary.MEASURES),
    "statistics": ("Statistics of relief", vocabulary.STATISTICS),
    "magnitudes": ("Magnitudes of durations", vocabulary.MAGNITUDES),
    "directions": ("Directions of findings", vocabulary.DIRECTIONS),
    "positions": ("Positions of recommendations", vocabulary.POSITIONS),
    "risk-states": ("States of knowledge of a risk", vocabulary.RISK_STATES),
    "risk-bands": ("Bands of frequency", vocabulary.RISK_BANDS),
    "risk-categories": ("Categories of risks", vocabulary.RISK_CATEGORIES),
    "relations": ("Relations between procedures", vocabulary.RELATIONS),
    "claim-kinds": ("Kinds of claims", vocabulary.CLAIM_KINDS),
}
# Code system -> type of record whose slugs are its codes, and its title.
RECORD_SYSTEMS: Final = {
    "procedures": ("procedure", "Procedures of interventional pain management"),
    "conditions": ("condition", "Painful conditions"),
    "pain-generators": ("pain_generator", "Pain generators"),
    "risks": ("risk", "Risks of procedures"),
}
CODE_SYSTEMS: Final = (*RECORD_SYSTEMS, *CLOSED_LISTS)
# Value sets that are part of a code system: the procedures of one family.
FAMILY_VALUE_SETS: Final = {
    f"procedures-{family.replace('_', '-')}": family for family in vocabulary.PROCEDURE_FAMILIES
}
VALUE_SETS: Final = (*CODE_SYSTEMS, *FAMILY_VALUE_SETS)
# A code system with more codes than this is not written out: its value set is expanded page by page instead.
MAX_CONCEPTS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Concept:
    """One code: what it is called, and the codes above it."""

    code: str
    display: str
    names: tuple[tuple[str, str], ...] = ()
    parents: tuple[str, ...] = ()
    family: str | None = None

    def matches(self, words: Sequence[str]) -> bool:
        """Each word begins a word of one of its names."""
        said = [
            word for text in (self.code, self.display, *(text for _, text in self.names)) for word in normalize(text).split()
        ]
        return all(any(one.startswith(word) for one in said) for word in words)


def list_closed_concepts(name: str) -> list[Concept]:
    """Codes of one of the contract's lists."""
    return [Concept(code, label) for code, label in CLOSED_LISTS[name][1].items()]


def get_title(name: str) -> str:
    """Title of a code system or value set."""
    if name in FAMILY_VALUE_SETS:
        return f"Procedures: {vocabulary.PROCEDURE_FAMILIES[FAMILY_VALUE_SETS[name]].lower()}"
    return RECORD_SYSTEMS[name][1] if name in RECORD_SYSTEMS else CLOSED_LISTS[name][0]


def get_code_system(name: str) -> str:
    """The code system that a value set is taken from."""
    return "procedures" if name in FAMILY_VALUE_SETS else name


def parse_canonical_name(kind: str, url: str) -> str | None:
    """Name of a code system or value set from its canonical address (a version behind `|` is not looked at here)."""
    before, _, name = url.partition("|")[0].rpartition(":")
    known = CODE_SYSTEMS if kind == "CodeSystem" else VALUE_SETS
    return name if before == f"{URN_BASE}:{kind}" and name in known else None


def _build_common_elements(kind: str, name: str, version: str, date: str) -> Json:
    return {
        "resourceType": kind,
        "id": name,
        "language": "en",
        "url": canonical_url(kind, name),
        "version": version,
        "name": "Kb" + "".join(part.capitalize() for part in name.split("-")) + kind,
        "title": get_title(name),
        "status": "active",
        "experimental": False,
        "date": date,
    }


def build_code_system(name: str, concepts: Sequence[Concept], version: str, date: str) -> Json:
    """A code system, written out where it is not too long."""
    whole = len(concepts) <= MAX_CONCEPTS
    shown = _build_common_elements("CodeSystem", name, version, date) | {
        "caseSensitive": True,
        "valueSet": canonical_url("ValueSet", name),
        "hierarchyMeaning": "is-a",
        "content": "complete" if whole else "not-present",
        "count": len(concepts),
        "property": [
            {"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"},
            {"code": "family", "uri": system_url("families"), "type": "code"},
        ],
    }
    return shown | ({"concept": [_build_concept(one) for one in concepts]} if whole else {})


def _build_concept(concept: Concept) -> Json:
    shown: Json = {"code": concept.code, "display": concept.display}
    if concept.names:
        shown["designation"] = [_build_designation(kind, text) for kind, text in concept.names]
    if properties := _build_properties(concept):
        shown["property"] = properties
    return shown


def _build_designation(kind: str, text: str) -> Json:
    return {"language": "en", "use": {"system": canonical_url("identifier", "name-kind"), "code": kind}, "value": text}


def _build_properties(concept: Concept) -> list[Json]:
    found: list[Json] = [{"code": "parent", "valueCode": one} for one in concept.parents]
    return found + ([{"code": "family", "valueCode": concept.family}] if concept.family else [])


def build_value_set(name: str, version: str, date: str) -> Json:
    """A value set: a whole code system, or the procedures of one family."""
    included: Json = {"system": system_url(get_code_system(name))}
    if name in FAMILY_VALUE_SETS:
        included["filter"] = [{"property": "family", "op": "=", "value": FAMILY_VALUE_SETS[name]}]
    return _build_common_elements("ValueSet", name, version, date) | {"compose": {"include": [included]}}


def build_expansion(
    name: str, concepts: Sequence[Concept], version: str, date: str, *, text: str | None, offset: int, count: int
) -> Json:
    """One page of the codes of a value set. `timestamp` is the date of the release: a body has no clock."""
    words = normalize(text).split() if text else []
    found = [one for one in concepts if one.matches(words)] if words else list(concepts)
    asked: list[Json] = [{"name": "offset", "valueInteger": offset}, {"name": "count", "valueInteger": count}]
    if text:
        asked.insert(0, {"name": "filter", "valueString": text})
    shown = [
        {"system": system_url(get_code_system(name)), "code": one.code, "display": one.display}
        | ({"designation": [_build_designation(kind, said) for kind, said in one.names]} if one.names else {})
        for one in found[offset : offset + count]
    ]
    page: Json = {"timestamp": date, "total": len(found), "offset": offset, "parameter": asked}
    return build_value_set(name, version, date) | {"expansion": page | ({"contains": shown} if shown else {})}


def build_lookup_result(name: str, concept: Concept, version: str) -> Json:
    """What `$lookup` says of a code."""
    told: list[Json] = [
        {"name": "name", "valueString": get_title(name)},
        {"name": "version", "valueString": version},
        {"name": "display", "valueString": concept.display},
    ]
    for kind, text in concept.names:
        use = {"system": canonical_url("identifier", "name-kind"), "code": kind}
        parts = [{"name": "language", "valueCode": "en"}, {"name": "use", "valueCoding": use}]
        told.append({"name": "designation", "part": [*parts, {"name": "value", "valueString": text}]})
    for one in _build_properties(concept):
        parts = [{"name": "code", "valueCode": one["code"]}, {"name": "value", "valueCode": one["valueCode"]}]
        told.append({"name": "property", "part": parts})
    return {"resourceType": "Parameters", "parameter": told}


def build_validation_result(
    name: str, concept: Concept | None, code: str, display: str | None, near: Sequence[str]
) -> Json:
    """What `$validate-code` says of a code, and of the words beside it."""
    message = None
    if concept is None:
        message = f"{code!r} is not a code of {get_title(name)}" + (f"; the nearest is {near[0]!r}" if near else "")
    elif display is not None and normalize(display) not in {
        normalize(text) for text in (concept.display, *(t for _, t in concept.names))
    }:
        message = f"{display!r} is no name of {code!r}; it is called {concept.display!r}"
    told: list[Json] = [{"name": "result", "valueBoolean": message is None}]
    if message:
        told.append({"name": "message", "valueString": message})
    if concept is not None:
        told += [{"name": "display", "valueString": concept.display}, {"name": "code", "valueCode": concept.code}]
        told.append({"name": "system", "valueUri": system_url(get_code_system(name))})
    return {"resourceType": "Parameters", "parameter": told}
