"""CapabilityStatement; its search parameters come from the models that validate them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain.json import Json
from app.formats.fhir.identifiers import canonical_url
from app.formats.fhir.structure_definitions import get_extensions

_OPERATIONS: Final = {"CodeSystem": ("lookup", "validate-code"), "ValueSet": ("expand", "validate-code")}
DOCUMENTATION: Final = {
    "ActivityDefinition": "Procedures. The extension `typical-relief` states how long relief typically lasts.",
    "EvidenceVariable": "Conditions (`condition-...`) and pain generators (`pain-generator-...`).",
    "Citation": "Sources.",
    "ClinicalUseDefinition": "Indications, contraindications, and undesirable effects with their frequency.",
    "Evidence": "All other claims: relief durations, response rates, findings, recommendations, coverage, ...",
    "CodeSystem": "Records of the release as codes, and the closed lists of the content.",
    "ValueSet": "One for each code system, and one for each procedure family.",
    "StructureDefinition": "Extensions for content that R5 has no element for.",
}


@dataclass(frozen=True)
class SearchDescription:
    """Search of one resource type: parameters with their type and description, and values of `_include`."""

    parameters: Mapping[str, tuple[str, str]]
    includes: Sequence[str]


def build_capability_statement(
    searches: Mapping[str, SearchDescription], *, base: str, version: str, date: str, software: str, publisher: str
) -> Json:
    """Build the CapabilityStatement from the searches of each resource type."""
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
        "description": "Read-only. Information, not advice: every claim cites its sources, and gaps are stated as unknown.",
        "kind": "instance",
        "software": {"name": "procedure-kb", "version": software},
        "implementation": {"description": "Interventional pain management procedures", "url": base},
        "fhirVersion": "5.0.0",
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_describe_resource(name, search) for name, search in sorted(searches.items())],
            }
        ],
    }


def _describe_resource(resource_type: str, search: SearchDescription) -> Json:
    profiles = [
        canonical_url("StructureDefinition", name)
        for name, extension in get_extensions().items()
        if resource_type in extension.contexts
    ]
    resource: Json = {
        "type": resource_type,
        "documentation": DOCUMENTATION[resource_type] + (f" Extensions: {', '.join(profiles)}." if profiles else ""),
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        "updateCreate": False,
        "searchParam": [
            {"name": name, "type": param_type, "documentation": description}
            for name, (param_type, description) in search.parameters.items()
        ],
    }
    if search.includes:
        resource["searchInclude"] = list(search.includes)
    if operations := _OPERATIONS.get(resource_type):
        resource["operation"] = [
            {"name": name, "definition": f"http://hl7.org/fhir/OperationDefinition/{resource_type}-{name}"}
            for name in operations
        ]
    return resource
