"""Code systems and value sets: the closed lists of the content, and the records of the release as codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KIND_LABELS
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.formats.fhir.identifiers import canonical_url, system_url
from app.text.normalize import normalize

# Code system -> title, and codes with their labels.
CLOSED_LISTS: Final[dict[str, tuple[str, Mapping[str, str]]]] = {
    "families": ("Procedure families", vocabulary.PROCEDURE_FAMILIES),
    "intents": ("Procedure intents", vocabulary.INTENTS),
    "generator-kinds": ("Pain generator kinds", vocabulary.GENERATOR_KINDS),
    "body-regions": ("Body regions", vocabulary.BODY_REGIONS),
    "target-roles": ("Procedure roles", vocabulary.TARGET_ROLES),
    "guidance": ("Procedure guidance", vocabulary.GUIDANCE),
    "anesthesia": ("Procedure anesthesia", vocabulary.ANESTHESIA),
    "settings": ("Procedure settings", vocabulary.SETTINGS),
    "designs": ("Source designs", vocabulary.DESIGNS),
    "source-statuses": ("Source statuses", vocabulary.SOURCE_STATUSES),
    "supports": ("Claim support", vocabulary.SUPPORTS),
    "grades": ("Claim grades", vocabulary.GRADES),
    "measures": ("Relief measures", vocabulary.MEASURES),
    "statistics": ("Relief statistics", vocabulary.STATISTICS),
    "magnitudes": ("Duration magnitudes", vocabulary.MAGNITUDES),
    "directions": ("Finding directions", vocabulary.DIRECTIONS),
    "positions": ("Recommendation positions", vocabulary.POSITIONS),
    "risk-states": ("Knowledge about a risk", vocabulary.RISK_STATES),
    "risk-bands": ("Frequency bands", vocabulary.RISK_BANDS),
    "risk-categories": ("Risk categories", vocabulary.RISK_CATEGORIES),
    "relations": ("Relations between procedures", vocabulary.PROCEDURE_RELATIONS),
    "claim-kinds": ("Claim kinds", CLAIM_KIND_LABELS),
}
# Code system -> record type whose slugs are the codes, and title.
RECORD_SYSTEMS: Final = {row.fhir_system: (row.name, row.fhir_title) for row in RECORD_TYPES.values() if row.fhir_title}
CODE_SYSTEMS: Final = (*RECORD_SYSTEMS, *CLOSED_LISTS)
# Value set -> procedure family: each is a part of the code system of procedures.
FAMILY_VALUE_SETS: Final = {
    f"procedures-{family.replace('_', '-')}": family for family in vocabulary.PROCEDURE_FAMILIES
}
VALUE_SETS: Final = (*CODE_SYSTEMS, *FAMILY_VALUE_SETS)
# A larger code system is served without its codes; $expand on its value set pages through them.
MAX_CONCEPTS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Concept:
    """A code with its names (kind and text), parent codes, and procedure family."""

    code: str
    display: str
    names: tuple[tuple[str, str], ...] = ()
    parents: tuple[str, ...] = ()
    family: str | None = None

    def matches(self, prefixes: Sequence[str]) -> bool:
        """Whether each normalized prefix begins a word of the code or of one of its names."""
        texts = (self.code, self.display, *(text for _, text in self.names))
        words = [word for text in texts for word in normalize(text).split()]
        return all(any(word.startswith(prefix) for word in words) for prefix in prefixes)


def list_closed_concepts(name: str) -> list[Concept]:
    """List the codes of a closed list."""
    return [Concept(code, label) for code, label in CLOSED_LISTS[name][1].items()]


def get_title(name: str) -> str:
    """Title of a code system or value set."""
    if name in FAMILY_VALUE_SETS:
        return f"Procedures: {vocabulary.PROCEDURE_FAMILIES[FAMILY_VALUE_SETS[name]].lower()}"
    return RECORD_SYSTEMS[name][1] if name in RECORD_SYSTEMS else CLOSED_LISTS[name][0]


def get_code_system(value_set: str) -> str:
    """Name of the code system that a value set draws from."""
    return "procedures" if value_set in FAMILY_VALUE_SETS else value_set


def _build_common_elements(resource_type: str, name: str, version: str, date: str) -> Json:
    return {
        "resourceType": resource_type,
        "id": name,
        "language": "en",
        "url": canonical_url(resource_type, name),
        "version": version,
        "name": "Kb" + "".join(part.capitalize() for part in name.split("-")) + resource_type,
        "title": get_title(name),
        "status": "active",
        "experimental": False,
        "date": date,
    }


def build_code_system(name: str, concepts: Sequence[Concept], version: str, date: str) -> Json:
    """Build a CodeSystem; without its codes if it has more than MAX_CONCEPTS."""
    complete = len(concepts) <= MAX_CONCEPTS
    resource = _build_common_elements("CodeSystem", name, version, date) | {
        "caseSensitive": True,
        "valueSet": canonical_url("ValueSet", name),
        "hierarchyMeaning": "is-a",
        "content": "complete" if complete else "not-present",
        "count": len(concepts),
        "property": [
            {"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"},
            {"code": "family", "uri": system_url("families"), "type": "code"},
        ],
    }
    return resource | ({"concept": [_build_concept(concept) for concept in concepts]} if complete else {})


def _build_concept(concept: Concept) -> Json:
    properties = _build_properties(concept)
    element = {"code": concept.code, "display": concept.display, **_build_designations(concept)}
    return element | ({"property": properties} if properties else {})


def _build_designations(concept: Concept) -> Json:
    designations = [
        {"language": "en", "use": _build_name_use(name_kind), "value": text} for name_kind, text in concept.names
    ]
    return {"designation": designations} if designations else {}


def _build_name_use(name_kind: str) -> Json:
    return {"system": canonical_url("identifier", "name-kind"), "code": name_kind}


def _build_properties(concept: Concept) -> list[Json]:
    properties: list[Json] = [{"code": "parent", "valueCode": parent} for parent in concept.parents]
    return properties + ([{"code": "family", "valueCode": concept.family}] if concept.family else [])


def build_value_set(name: str, version: str, date: str) -> Json:
    """Build a ValueSet: a whole code system, or the procedures of one family."""
    include: Json = {"system": system_url(get_code_system(name))}
    if name in FAMILY_VALUE_SETS:
        include["filter"] = [{"property": "family", "op": "=", "value": FAMILY_VALUE_SETS[name]}]
    return _build_common_elements("ValueSet", name, version, date) | {"compose": {"include": [include]}}


def build_expansion(
    name: str, concepts: Sequence[Concept], version: str, date: str, *, text: str | None, offset: int, count: int
) -> Json:
    """Build one page of an expanded ValueSet.

    `timestamp` is the date of the release, because a response depends on the release and the URL only.
    """
    prefixes = normalize(text).split() if text else []
    matches = [concept for concept in concepts if concept.matches(prefixes)] if prefixes else concepts
    filters: list[Json] = [{"name": "filter", "valueString": text}] if text else []
    paging: list[Json] = [{"name": "offset", "valueInteger": offset}, {"name": "count", "valueInteger": count}]
    system = system_url(get_code_system(name))
    contains = [
        {"system": system, "code": concept.code, "display": concept.display, **_build_designations(concept)}
        for concept in matches[offset : offset + count]
    ]
    expansion: Json = {"timestamp": date, "total": len(matches), "offset": offset, "parameter": filters + paging}
    return build_value_set(name, version, date) | {
        "expansion": expansion | ({"contains": contains} if contains else {})
    }


def build_lookup_result(name: str, concept: Concept, version: str) -> Json:
    """Build the Parameters that `$lookup` returns."""
    parameters: list[Json] = [
        {"name": "name", "valueString": get_title(name)},
        {"name": "version", "valueString": version},
        {"name": "display", "valueString": concept.display},
    ]
    for name_kind, text in concept.names:
        use = {"name": "use", "valueCoding": _build_name_use(name_kind)}
        parts = [{"name": "language", "valueCode": "en"}, use, {"name": "value", "valueString": text}]
        parameters.append({"name": "designation", "part": parts})
    for prop in _build_properties(concept):
        parts = [{"name": "code", "valueCode": prop["code"]}, {"name": "value", "valueCode": prop["valueCode"]}]
        parameters.append({"name": "property", "part": parts})
    return {"resourceType": "Parameters", "parameter": parameters}


def build_validation_result(
    name: str, concept: Concept | None, code: str, display: str | None, suggestions: Sequence[str]
) -> Json:
    """Build the Parameters that `$validate-code` returns; `concept` is None if the code does not exist."""
    message = None
    if concept is None:
        hint = f"; did you mean {suggestions[0]!r}?" if suggestions else ""
        message = f"unknown code {code!r} in {get_title(name)}{hint}"
    elif display is not None and normalize(display) not in {
        normalize(text) for text in (concept.display, *(text for _, text in concept.names))
    }:
        message = f"{display!r} is not a name of {code!r}; its name is {concept.display!r}"
    parameters: list[Json] = [{"name": "result", "valueBoolean": message is None}]
    if message:
        parameters.append({"name": "message", "valueString": message})
    if concept is not None:
        parameters += [
            {"name": "display", "valueString": concept.display},
            {"name": "code", "valueCode": concept.code},
            {"name": "system", "valueUri": system_url(get_code_system(name))},
        ]
    return {"resourceType": "Parameters", "parameter": parameters}
