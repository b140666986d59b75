"""R4 (4.0.1) forms of resources that are built as R5: code systems and value sets are alike, concept maps differ."""

from typing import Final

from app.domain.json import Json
from app.formats.fhir.concept_maps import R4_EQUIVALENCES

# Part of the Parameters of `$translate` in R5 -> in R4.
_R4_PARTS: Final = {"relationship": "equivalence", "originMap": "source"}


def to_r4(resource: Json) -> Json:
    """Convert a resource of R5, or a Bundle of them, to R4."""
    match resource["resourceType"]:
        case "Bundle" if "entry" in resource:
            entries = [entry | {"resource": to_r4(entry["resource"])} for entry in resource["entry"]]
            return resource | {"entry": entries}
        case "ConceptMap" if "group" in resource:
            return resource | {"group": [_convert_group(group) for group in resource["group"]]}
        case "Parameters":
            return resource | {"parameter": [_convert_match(row) for row in resource["parameter"]]}
    return resource


def _convert_group(group: Json) -> Json:
    elements = []
    for element in group["element"]:
        targets = [
            {name: value for name, value in target.items() if name != "relationship"}
            | {"equivalence": R4_EQUIVALENCES[target["relationship"]]}
            for target in element["target"]
        ]
        elements.append(element | {"target": targets})
    return group | {"element": elements}


def _convert_match(parameter: Json) -> Json:
    if parameter["name"] != "match":
        return parameter
    parts = [part | {"name": _R4_PARTS.get(part["name"], part["name"])} for part in parameter["part"]]
    for part in parts:
        if part["name"] == "equivalence":
            part["valueCode"] = R4_EQUIVALENCES[part["valueCode"]]
    return parameter | {"part": parts}
