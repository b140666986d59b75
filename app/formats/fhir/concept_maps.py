"""Concept maps: codes of other organizations with the records that they mean, and what `$translate` returns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from app.domain.code_systems import CodeSystem
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.formats.fhir.elements import build_definition, canonical_url, omit_empty, system_url
from app.queries.releases import LoadedRelease

# Relation of a code to a record -> relationship of R5, and equivalence of R4, which says how the target relates to the source.
RELATIONSHIPS: Final[Mapping[str, tuple[str, str]]] = {
    "exact": ("equivalent", "equivalent"),
    "narrower": ("source-is-narrower-than-target", "wider"),
    "broader": ("source-is-broader-than-target", "narrower"),
    "related": ("related-to", "relatedto"),
}
R4_EQUIVALENCES: Final = dict(RELATIONSHIPS.values())


class MappedCode(NamedTuple):
    """Code of another organization with a record: type, slug, and relation of the code to it."""

    code: str
    title: str | None
    record_type: str
    slug: str
    relation: str


def build_concept_map(
    system: CodeSystem, mapped: Sequence[MappedCode], names: Mapping[str, Mapping[str, str]], release: LoadedRelease
) -> Json:
    """Build the ConceptMap of a code system. `names`: record type -> slug -> name."""
    definition = build_definition("ConceptMap", system.name, f"{system.title} to records", release)
    groups = []
    for record_type in sorted({row.record_type for row in mapped}):
        targets: dict[str, list[MappedCode]] = {}
        for row in mapped:
            if row.record_type == record_type:
                targets.setdefault(row.code, []).append(row)
        elements = [
            omit_empty(
                {
                    "code": code,
                    "display": rows[0].title,
                    "target": [
                        omit_empty(
                            {
                                "code": row.slug,
                                "display": names[record_type].get(row.slug),
                                "relationship": RELATIONSHIPS[row.relation][0],
                            }
                        )
                        for row in rows
                    ],
                }
            )
            for code, rows in targets.items()
        ]
        target = system_url(RECORD_TYPES[record_type].fhir_system)
        groups.append({"source": system.uri, "target": target, "element": elements})
    return omit_empty(definition | {"experimental": False, "date": release.date, "group": groups})


def build_translation(matches: Iterable[tuple[str, str, Json]], message: str) -> Json:
    """Build the Parameters that `$translate` returns, from (relation, code system, Coding) of each match."""
    parameters: list[Json] = [
        {
            "name": "match",
            "part": [
                {"name": "relationship", "valueCode": RELATIONSHIPS[relation][0]},
                {"name": "concept", "valueCoding": coding},
                {"name": "originMap", "valueUri": canonical_url("ConceptMap", system)},
            ],
        }
        for relation, system, coding in matches
    ]
    head: list[Json] = [{"name": "result", "valueBoolean": bool(parameters)}]
    if not parameters:
        head.append({"name": "message", "valueString": message})
    return {"resourceType": "Parameters", "parameter": head + parameters}
