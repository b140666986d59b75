"""Code systems and value sets: the closed lists of the content, and the records of the release as codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KIND_LABELS
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.formats.fhir.elements import build_definition, canonical_url, omit_empty, system_url
from app.queries.releases import LoadedRelease
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
    "source-standings": ("Standings of sources", vocabulary.SOURCE_STANDINGS),
    "supports": ("Claim support", vocabulary.SUPPORTS),
    "certainty-ratings": ("Certainty as a review or a guideline states it", vocabulary.CERTAINTY_RATINGS),
    "measures": ("Relief measures", vocabulary.MEASURES),
    "statistics": ("Relief statistics", vocabulary.STATISTICS),
    "magnitudes": ("Duration magnitudes", vocabulary.MAGNITUDES),
    "directions": ("Finding directions", vocabulary.DIRECTIONS),
    "positions": ("Recommendation positions", vocabulary.POSITIONS),
    "risk-states": ("Knowledge about a risk", vocabulary.RISK_STATES),
    "risk-bands": ("Frequency bands", vocabulary.RISK_BANDS),
    "risk-categories": ("Risk categories", vocabulary.RISK_CATEGORIES),
    "seriousness": ("Seriousness of risks", vocabulary.SERIOUSNESS),
    "contraindication-topics": ("Topics of contraindications", vocabulary.CONTRAINDICATION_TOPICS),
    "relations": ("Relations between procedures", vocabulary.PROCEDURE_RELATIONS),
    "claim-kinds": ("Claim kinds", CLAIM_KIND_LABELS),
}
# Code system -> record type whose slugs are the codes.
RECORD_SYSTEMS: Final = {row.fhir_system: row.name for row in RECORD_TYPES.values() if row.fhir_title}
# Value set -> procedure family: each is a part of the code system of procedures.
FAMILY_VALUE_SETS: Final = {
    f"procedures-{family.replace('_', '-')}": family for family in vocabulary.PROCEDURE_FAMILIES
}
CODE_SYSTEM_TITLES: Final[Mapping[str, str]] = {
    **{row.fhir_system: row.fhir_title for row in RECORD_TYPES.values() if row.fhir_title},
    **{name: title for name, (title, _) in CLOSED_LISTS.items()},
}
VALUE_SET_TITLES: Final[Mapping[str, str]] = {
    **CODE_SYSTEM_TITLES,
    **{
        name: f"Procedures: {vocabulary.PROCEDURE_FAMILIES[family].lower()}"
        for name, family in FAMILY_VALUE_SETS.items()
    },
}
# A larger code system is served without its codes; $expand on its value set pages through them.
MAX_CONCEPTS: Final = 2_000


# Code system of the languages of names.
LANGUAGES: Final = "urn:ietf:bcp:47"
_PROPERTIES: Final = (
    {"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent"},
    {"code": "family", "uri": system_url("families")},
)


@dataclass(frozen=True, slots=True)
class Concept:
    """A code with its names (kind and text), parent codes, and procedure family."""

    code: str
    display: str
    names: tuple[tuple[str, str], ...] = ()
    parents: tuple[str, ...] = ()
    family: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """All names."""
        return (self.display, *(text for _, text in self.names))

    def matches(self, prefixes: Sequence[str]) -> bool:
        """Whether each normalized prefix begins a word of the code or of one of its names."""
        words = [word for text in (self.code, *self.texts) for word in normalize(text).split()]
        return all(any(word.startswith(prefix) for word in words) for prefix in prefixes)


def get_code_system(value_set: str) -> str:
    """Name of the code system that a value set draws from."""
    return "procedures" if value_set in FAMILY_VALUE_SETS else value_set


def build_code_system(name: str, concepts: Sequence[Concept], release: LoadedRelease) -> Json:
    """Build a CodeSystem; without its codes if it has more than MAX_CONCEPTS."""
    complete = len(concepts) <= MAX_CONCEPTS
    definition = build_definition("CodeSystem", name, CODE_SYSTEM_TITLES[name], release)
    return omit_empty(
        {
            **definition,
            "experimental": False,
            "date": release.date,
            "caseSensitive": True,
            "valueSet": canonical_url("ValueSet", name),
            "hierarchyMeaning": "is-a",
            "content": "complete" if complete else "not-present",
            "count": len(concepts),
            "property": [{**row, "type": "code"} for row in _PROPERTIES],
            "concept": [
                omit_empty({**_build_concept(concept), "property": _build_properties(concept)})
                for concept in concepts
                if complete
            ],
        }
    )


def _build_concept(concept: Concept) -> Json:
    """Build the code with all its names."""
    designations = [
        {"language": "en", "use": _build_name_use(name_kind), "value": text} for name_kind, text in concept.names
    ]
    return omit_empty({"code": concept.code, "display": concept.display, "designation": designations})


def _build_name_use(name_kind: str) -> Json:
    return {"system": canonical_url("identifier", "name-kind"), "code": name_kind}


def _build_properties(concept: Concept) -> list[Json]:
    properties: list[Json] = [{"code": "parent", "valueCode": parent} for parent in concept.parents]
    return properties + ([{"code": "family", "valueCode": concept.family}] if concept.family else [])


def build_value_set(name: str, release: LoadedRelease) -> Json:
    """Build a ValueSet: a whole code system, or the procedures of one family."""
    include: Json = {"system": system_url(get_code_system(name))}
    if name in FAMILY_VALUE_SETS:
        include["filter"] = [{"property": "family", "op": "=", "value": FAMILY_VALUE_SETS[name]}]
    definition = build_definition("ValueSet", name, VALUE_SET_TITLES[name], release)
    return definition | {"experimental": False, "date": release.date, "compose": {"include": [include]}}


def select_names(concept: Concept, designations: Sequence[str]) -> Concept:
    """Concept with the names whose language or use is among tokens `system|code`; every name is English."""
    if f"{LANGUAGES}|en" in designations:
        return concept
    uses = {kind: _build_name_use(kind) for kind, _ in concept.names}
    tokens = {kind: f"{use['system']}|{use['code']}" for kind, use in uses.items()}
    return replace(concept, names=tuple(name for name in concept.names if tokens[name[0]] in designations))


def build_expansion(
    name: str,
    matches: Sequence[Concept],
    release: LoadedRelease,
    text: str | None,
    *,
    offset: int,
    count: int,
    properties: Sequence[str] = (),
) -> Json:
    """Build one page of an expanded ValueSet, whose codes match the text of the filter, with properties of the codes.

    `timestamp` is the date of the release, because a response depends on the release and the URL only.
    """
    filters: list[Json] = [{"name": "filter", "valueString": text}] if text else []
    paging: list[Json] = [{"name": "offset", "valueInteger": offset}, {"name": "count", "valueInteger": count}]
    expansion = {
        "timestamp": release.date,
        "total": len(matches),
        "offset": offset,
        "parameter": filters + paging,
        "property": [row for row in _PROPERTIES if row["code"] in properties],
        "contains": [
            omit_empty(
                {
                    "system": system_url(get_code_system(name)),
                    **_build_concept(concept),
                    "property": [row for row in _build_properties(concept) if row["code"] in properties],
                }
            )
            for concept in matches[offset : offset + count]
        ],
    }
    return build_value_set(name, release) | {"expansion": omit_empty(expansion)}


def build_lookup_result(name: str, concept: Concept, version: str, properties: Sequence[str] = ()) -> Json:
    """Build the Parameters that `$lookup` returns; with these properties and `designation` alone, if any are named."""
    parameters: list[Json] = [
        {"name": "name", "valueString": CODE_SYSTEM_TITLES[name]},
        {"name": "version", "valueString": version},
        {"name": "display", "valueString": concept.display},
    ]
    for name_kind, text in concept.names if not properties or "designation" in properties else ():
        use = {"name": "use", "valueCoding": _build_name_use(name_kind)}
        parts = [{"name": "language", "valueCode": "en"}, use, {"name": "value", "valueString": text}]
        parameters.append({"name": "designation", "part": parts})
    for prop in _build_properties(concept):
        if properties and prop["code"] not in properties:
            continue
        parts = [{"name": "code", "valueCode": prop["code"]}, {"name": "value", "valueCode": prop["valueCode"]}]
        parameters.append({"name": "property", "part": parts})
    return {"resourceType": "Parameters", "parameter": parameters}


def build_validation_result(
    name: str, concept: Concept | None, code: str, display: str | None, suggestions: Sequence[str], version: str
) -> Json:
    """Build the Parameters that `$validate-code` returns; `concept` is None if the code does not exist."""
    message = None
    if concept is None:
        hint = f"; did you mean {suggestions[0]!r}?" if suggestions else ""
        message = f"unknown code {code!r} in {VALUE_SET_TITLES[name]}{hint}"
    elif display is not None and normalize(display) not in {normalize(text) for text in concept.texts}:
        message = f"{display!r} is not a name of {code!r}; its name is {concept.display!r}"
    parameters: list[Json] = [{"name": "result", "valueBoolean": message is None}]
    if message:
        parameters.append({"name": "message", "valueString": message})
    if concept is not None:
        parameters += [
            {"name": "display", "valueString": concept.display},
            {"name": "code", "valueCode": concept.code},
            {"name": "system", "valueUri": system_url(get_code_system(name))},
            {"name": "version", "valueString": version},
        ]
    return {"resourceType": "Parameters", "parameter": parameters}
