"""What this server can do, in FHIR's own words; the parameters come from the classes that check them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain.json import Json
from app.formats.fhir.identifiers import canonical_url
from app.formats.fhir.structure_definitions import get_extensions

_OPERATIONS: Final = {
    "CodeSystem": {
        "lookup": "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
        "validate-code": "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
    },
    "ValueSet": {
        "expand": "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
        "validate-code": "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
    },
}
DOCUMENTATION: Final = {
    "ActivityDefinition": "Procedures. The extension `typical-relief` says how long relief typically lasts.",
    "EvidenceVariable": "Conditions (`condition-...`) and pain generators (`pain-generator-...`).",
    "Citation": "Sources.",
    "ClinicalUseDefinition": "Indications, contraindications, and undesirable effects with their frequency.",
    "Evidence": "Every other claim: relief durations, response rates, findings, recommendations, coverage, ...",
    "CodeSystem": "Records of the release as codes, and the closed lists of the content.",
    "ValueSet": "One for each code system, and the procedures of each family.",
    "StructureDefinition": "Extensions that carry what R5 has no element for.",
}


@dataclass(frozen=True)
class SearchDescription:
    """What a search of one resource type takes: parameters with their type and meaning, and what may be included."""

    parameters: Mapping[str, tuple[str, str]]
    includes: Sequence[str]


def build_capability_statement(
    searches: Mapping[str, SearchDescription], *, base: str, version: str, date: str, software: str, publisher: str
) -> Json:
    """The CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "procedure-kb",
        "language": "en",
        "url": canonical_url("CapabilityStatement", "procedure-kb"),
        "version": version,
        "name": "ProcedureKb",
        "title": "procedure-kb over FHIR",
        "status": "active",
        "date": date,
        "publisher": publisher,
        "description": "Read-only. Information, not advice: every claim names its sources, and unknown is said.",
        "kind": "instance",
        "software": {"name": "procedure-kb", "version": software},
        "implementation": {"description": "Interventional pain management procedures", "url": base},
        "fhirVersion": "5.0.0",
        "format": ["json", "application/fhir+json"],
        "rest": [{"mode": "server", "resource": [_resource(name, one) for name, one in sorted(searches.items())]}],
    }


def _resource(name: str, searched: SearchDescription) -> Json:
    shown: Json = {
        "type": name,
        "documentation": DOCUMENTATION[name],
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        "updateCreate": False,
        "searchParam": [
            {"name": parameter, "type": kind, "documentation": meaning}
            for parameter, (kind, meaning) in searched.parameters.items()
        ],
    }
    profiles = [
        canonical_url("StructureDefinition", extension)
        for extension, (_, contexts, _) in get_extensions().items()
        if name in contexts
    ]
    if profiles:
        shown["documentation"] += f" Extensions: {', '.join(profiles)}."
    if searched.includes:
        shown["searchInclude"] = list(searched.includes)
    if operations := _OPERATIONS.get(name):
        shown["operation"] = [{"name": one, "definition": definition} for one, definition in operations.items()]
    return shown
