"""Resource types of /fhir as rows: routes, the CapabilityStatement and the OpenAPI document are built from them."""

from typing import Final, NamedTuple

from app.api.fhir import params
from app.api.fhir.params import SearchParam


class ResourceType(NamedTuple):
    """Resource type with its search, and its descriptions in the OpenAPI document and in the CapabilityStatement."""

    name: str
    tag: str
    search_params: tuple[SearchParam, ...]
    search_description: str
    read_description: str
    documentation: str
    # Values of `_include`.
    includes: tuple[str, ...] = ()
    # Whether /fhir/r4 has it too.
    is_in_r4: bool = False


RESOURCE_TYPES: Final = (
    ResourceType(
        "ActivityDefinition",
        "records",
        params.PROCEDURE_PARAMS,
        "Search procedures.",
        "Get a procedure.",
        "Procedures. The extension `typical-relief` states how long relief typically lasts.",
        includes=("ActivityDefinition:derived-from",),
    ),
    ResourceType(
        "EvidenceVariable",
        "records",
        params.RECORD_PARAMS,
        "Search conditions and pain generators; conditions come first.",
        "Get a condition (`condition-...`) or a pain generator (`pain-generator-...`).",
        "Conditions (`condition-...`) and pain generators (`pain-generator-...`).",
        includes=("EvidenceVariable:derived-from",),
    ),
    ResourceType(
        "ConditionDefinition",
        "records",
        params.RECORD_PARAMS,
        "Search conditions.",
        "Get a condition.",
        "Conditions. Evidence cannot refer to a ConditionDefinition, so each condition is an EvidenceVariable as well.",
        includes=("ConditionDefinition:derived-from",),
    ),
    ResourceType("Citation", "records", params.SOURCE_PARAMS, "Search sources.", "Get a source.", "Sources."),
    ResourceType(
        "ClinicalUseDefinition",
        "claims",
        params.CLINICAL_USE_PARAMS,
        "Search indications, contraindications, and undesirable effects with their frequency.",
        "Get an indication, contraindication or undesirable effect.",
        "Indications, contraindications, and undesirable effects with their frequency.",
        includes=("ClinicalUseDefinition:subject",),
    ),
    ResourceType(
        "Evidence",
        "claims",
        params.EVIDENCE_PARAMS,
        "Search all other claims: relief durations, response rates, findings, recommendations, coverage, definitions, ...",
        "Get a claim of any other kind.",
        "All other claims: relief durations, response rates, findings, recommendations, coverage, ...",
        includes=("Evidence:subject", "Evidence:derived-from"),
    ),
    ResourceType(
        "CodeSystem",
        "terminology",
        params.DEFINITION_PARAMS,
        "Search code systems: the records of the release and the closed lists.",
        "Get a code system.",
        "Records of the release as codes, and the closed lists of the content.",
        is_in_r4=True,
    ),
    ResourceType(
        "ValueSet",
        "terminology",
        params.DEFINITION_PARAMS,
        "Search value sets: one for each code system, and one for each procedure family.",
        "Get a value set.",
        "One for each code system, and one for each procedure family.",
        is_in_r4=True,
    ),
    ResourceType(
        "ConceptMap",
        "terminology",
        params.DEFINITION_PARAMS,
        "Search concept maps: one for each code system of another organization, such as ICD-10-CM.",
        "Get a concept map.",
        "One for each code system of another organization: its codes with the records that they mean.",
        is_in_r4=True,
    ),
    ResourceType(
        "StructureDefinition",
        "terminology",
        params.DEFINITION_PARAMS,
        "Search the definitions of the extensions, which hold the content that R5 has no element for.",
        "Get the definition of an extension.",
        "Extensions for content that R5 has no element for.",
    ),
    ResourceType(
        "SearchParameter",
        "terminology",
        params.SEARCH_PARAMETER_PARAMS,
        "Search the definitions of the search parameters that R5 does not define.",
        "Get the definition of a search parameter.",
        "Search parameters that R5 does not define.",
    ),
)
# Search parameters of this service by name.
OWN_SEARCH_PARAMS: Final = {
    param.name: param for row in RESOURCE_TYPES for param in row.search_params if not param.standard
}


def list_bases(param: SearchParam) -> list[str]:
    """Resource types that have a search parameter."""
    return sorted(row.name for row in RESOURCE_TYPES if param in row.search_params)
