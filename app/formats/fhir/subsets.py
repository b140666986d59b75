"""Parts of resources that `_summary` and `_elements` ask for, marked as subsets."""

from collections.abc import Collection, Mapping
from typing import Final

from app.domain.json import Json

_ALWAYS: Final = frozenset({"resourceType", "id", "meta"})
_SHARED: Final = frozenset({"url", "identifier", "version", "title", "status", "date", "publisher", "useContext"})
_NAMED: Final = _SHARED | {"name", "experimental"}
# Elements that R5 marks as summary; those that no resource of this service has are left out.
SUMMARY_ELEMENTS: Final[Mapping[str, frozenset[str]]] = {
    "ActivityDefinition": _NAMED | {"description", "kind", "code"},
    "EvidenceVariable": (_NAMED - {"experimental"}) | {"description", "characteristic"},
    "ConditionDefinition": _NAMED | {"code", "bodySite"},
    "Citation": _NAMED,
    "ClinicalUseDefinition": frozenset(
        {"identifier", "type", "subject", "status", "contraindication", "indication", "undesirableEffect"}
    ),
    "Evidence": _SHARED,
    "CodeSystem": _NAMED | {"caseSensitive", "valueSet", "hierarchyMeaning", "content", "count", "property"},
    "ValueSet": _NAMED,
    "ConceptMap": _NAMED,
    "StructureDefinition": _NAMED
    | {"fhirVersion", "kind", "abstract", "context", "type", "baseDefinition", "derivation"},
    "SearchParameter": (_NAMED - {"title"}) | {"description", "code", "base", "type"},
}
MANDATORY_ELEMENTS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(SUMMARY_ELEMENTS, frozenset({"status"})),
    "ConditionDefinition": frozenset({"status", "code"}),
    "ClinicalUseDefinition": frozenset({"type"}),
    "Evidence": frozenset({"status", "variableDefinition"}),
    "CodeSystem": frozenset({"status", "content"}),
    "StructureDefinition": frozenset({"url", "name", "status", "kind", "abstract", "type"}),
    "SearchParameter": frozenset({"url", "name", "status", "description", "code", "base", "type"}),
}
_SUBSETTED: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def select_elements(resource: Json, summary: str, elements: Collection[str] = ()) -> Json:
    """Part of a resource that `_summary` and `_elements` ask for, with its mandatory elements; all of it by default."""
    resource_type = resource["resourceType"]
    mandatory = _ALWAYS | MANDATORY_ELEMENTS.get(resource_type, frozenset())
    if elements:
        selected = mandatory | set(elements)
    elif summary == "true":
        selected = mandatory | SUMMARY_ELEMENTS.get(resource_type, frozenset())
    elif summary == "text":
        selected = mandatory | {"text"}
    elif summary == "data":
        selected = frozenset(resource.keys() - {"text"})
    else:
        return resource
    subset = {name: element for name, element in resource.items() if name in selected}
    return subset | {"meta": {**resource.get("meta", {}), "tag": [_SUBSETTED]}}
