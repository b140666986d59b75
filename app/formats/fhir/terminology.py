"""Code systems and value sets: the contract's closed lists, and the records of the release as codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.formats.fhir.identifiers import BASE, canonical, system
from app.text.normalize import fold

# Code system -> its title and its codes, each with the words that people read.
CLOSED: Final[dict[str, tuple[str, Mapping[str, str]]]] = {
    "families": ("Families of procedures", vocabulary.FAMILIES),
    "intents": ("Intents of procedures", vocabulary.INTENTS),
    "generator-kinds": ("Kinds of pain generators", vocabulary.GENERATOR_KINDS),
    "body-regions": ("Body regions", vocabulary.BODY_REGIONS),
    "target-roles": ("Roles of a procedure", vocabulary.TARGET_ROLES),
    "guidance": ("Guidance of procedures", vocabulary.GUIDANCE),
    "anaesthesia": ("Anesthesia of procedures", vocabulary.ANAESTHESIA),
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
OF_RECORDS: Final = {
    "procedures": ("procedure", "Procedures of interventional pain management"),
    "conditions": ("condition", "Painful conditions"),
    "pain-generators": ("pain_generator", "Pain generators"),
    "risks": ("risk", "Risks of procedures"),
}
SYSTEMS: Final = (*OF_RECORDS, *CLOSED)
# Value sets that are part of a code system: the procedures of one family.
FAMILY_SETS: Final = {f"procedures-{family.replace('_', '-')}": family for family in vocabulary.FAMILIES}
VALUE_SETS: Final = (*SYSTEMS, *FAMILY_SETS)
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
            word for text in (self.code, self.display, *(text for _, text in self.names)) for word in fold(text).split()
        ]
        return all(any(one.startswith(word) for one in said) for word in words)


def closed_concepts(name: str) -> list[Concept]:
    """Codes of one of the contract's lists."""
    return [Concept(code, label) for code, label in CLOSED[name][1].items()]


def title_of(name: str) -> str:
    """Title of a code system or value set."""
    if name in FAMILY_SETS:
        return f"Procedures: {vocabulary.FAMILIES[FAMILY_SETS[name]].lower()}"
    return OF_RECORDS[name][1] if name in OF_RECORDS else CLOSED[name][0]


def system_of_set(name: str) -> str:
    """The code system that a value set is taken from."""
    return "procedures" if name in FAMILY_SETS else name


def name_of_canonical(kind: str, url: str) -> str | None:
    """Name of a code system or value set from its canonical address (a version behind `|` is not looked at here)."""
    before, _, name = url.partition("|")[0].rpartition(":")
    known = SYSTEMS if kind == "CodeSystem" else VALUE_SETS
    return name if before == f"{BASE}:{kind}" and name in known else None


def _head(kind: str, name: str, version: str, date: str) -> Json:
    return {
        "resourceType": kind,
        "id": name,
        "language": "en",
        "url": canonical(kind, name),
        "version": version,
        "name": "Kb" + "".join(part.capitalize() for part in name.split("-")) + kind,
        "title": title_of(name),
        "status": "active",
        "experimental": False,
        "date": date,
    }


def code_system(name: str, concepts: Sequence[Concept], version: str, date: str) -> Json:
    """A code system, written out where it is not too long."""
    whole = len(concepts) <= MAX_CONCEPTS
    shown = _head("CodeSystem", name, version, date) | {
        "caseSensitive": True,
        "valueSet": canonical("ValueSet", name),
        "hierarchyMeaning": "is-a",
        "content": "complete" if whole else "not-present",
        "count": len(concepts),
        "property": [
            {"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"},
            {"code": "family", "uri": system("families"), "type": "code"},
        ],
    }
    return shown | ({"concept": [_written(one) for one in concepts]} if whole else {})


def _written(concept: Concept) -> Json:
    shown: Json = {"code": concept.code, "display": concept.display}
    if concept.names:
        shown["designation"] = [_designation(kind, text) for kind, text in concept.names]
    if properties := _properties(concept):
        shown["property"] = properties
    return shown


def _designation(kind: str, text: str) -> Json:
    return {"language": "en", "use": {"system": canonical("identifier", "name-kind"), "code": kind}, "value": text}


def _properties(concept: Concept) -> list[Json]:
    found: list[Json] = [{"code": "parent", "valueCode": one} for one in concept.parents]
    return found + ([{"code": "family", "valueCode": concept.family}] if concept.family else [])


def value_set(name: str, version: str, date: str) -> Json:
    """A value set: a whole code system, or the procedures of one family."""
    included: Json = {"system": system(system_of_set(name))}
    if name in FAMILY_SETS:
        included["filter"] = [{"property": "family", "op": "=", "value": FAMILY_SETS[name]}]
    return _head("ValueSet", name, version, date) | {"compose": {"include": [included]}}


def expansion(
    name: str, concepts: Sequence[Concept], version: str, date: str, *, text: str | None, offset: int, count: int
) -> Json:
    """One page of the codes of a value set. `timestamp` is the date of the release: a body has no clock."""
    words = fold(text).split() if text else []
    found = [one for one in concepts if one.matches(words)] if words else list(concepts)
    asked: list[Json] = [{"name": "offset", "valueInteger": offset}, {"name": "count", "valueInteger": count}]
    if text:
        asked.insert(0, {"name": "filter", "valueString": text})
    shown = [
        {"system": system(system_of_set(name)), "code": one.code, "display": one.display}
        | ({"designation": [_designation(kind, said) for kind, said in one.names]} if one.names else {})
        for one in found[offset : offset + count]
    ]
    page: Json = {"timestamp": date, "total": len(found), "offset": offset, "parameter": asked}
    return value_set(name, version, date) | {"expansion": page | ({"contains": shown} if shown else {})}


def looked_up(name: str, concept: Concept, version: str) -> Json:
    """What `$lookup` says of a code."""
    told: list[Json] = [
        {"name": "name", "valueString": title_of(name)},
        {"name": "version", "valueString": version},
        {"name": "display", "valueString": concept.display},
    ]
    for kind, text in concept.names:
        use = {"system": canonical("identifier", "name-kind"), "code": kind}
        parts = [{"name": "language", "valueCode": "en"}, {"name": "use", "valueCoding": use}]
        told.append({"name": "designation", "part": [*parts, {"name": "value", "valueString": text}]})
    for one in _properties(concept):
        parts = [{"name": "code", "valueCode": one["code"]}, {"name": "value", "valueCode": one["valueCode"]}]
        told.append({"name": "property", "part": parts})
    return {"resourceType": "Parameters", "parameter": told}


def validated(name: str, concept: Concept | None, code: str, display: str | None, near: Sequence[str]) -> Json:
    """What `$validate-code` says of a code, and of the words beside it."""
    message = None
    if concept is None:
        message = f"{code!r} is not a code of {title_of(name)}" + (f"; the nearest is {near[0]!r}" if near else "")
    elif display is not None and fold(display) not in {
        fold(text) for text in (concept.display, *(t for _, t in concept.names))
    }:
        message = f"{display!r} is no name of {code!r}; it is called {concept.display!r}"
    told: list[Json] = [{"name": "result", "valueBoolean": message is None}]
    if message:
        told.append({"name": "message", "valueString": message})
    if concept is not None:
        told += [{"name": "display", "valueString": concept.display}, {"name": "code", "valueCode": concept.code}]
        told.append({"name": "system", "valueUri": system(system_of_set(name))})
    return {"resourceType": "Parameters", "parameter": told}
