"""Write every resource that /fhir serves as a typed TypeScript constant: `as_types.py URL DIRECTORY`."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx

# Path prefix -> resource types of R5 and of R4. Without SearchParameter: in @types/fhir its `base` takes only types of other versions
# of FHIR, so tests/fhir/test_terminology.py validates it.
RESOURCE_TYPES = {
    "/fhir": (
        "ActivityDefinition",
        "EvidenceVariable",
        "ConditionDefinition",
        "Citation",
        "ClinicalUseDefinition",
        "Evidence",
        "CodeSystem",
        "ValueSet",
        "ConceptMap",
        "StructureDefinition",
    ),
    "/fhir/r4": ("CodeSystem", "ValueSet", "ConceptMap"),
}
OTHERS = (
    "metadata",
    "ValueSet/risks/$expand",
    "CodeSystem/procedures/$lookup?code=vertebroplasty",
    "CodeSystem/procedures/$subsumes?codeA=vertebroplasty&codeB=vertebroplasty",
    "ValueSet/procedures/$validate-code?code=vertebroplasty",
)
TRANSLATIONS = {
    "/fhir": "ConceptMap/icd-10-cm/$translate?sourceCode=M54.16",
    "/fhir/r4": "ConceptMap/icd-10-cm/$translate?code=M54.16",
}
# The compiler is faster with many small files than with a large one.
FILE_SIZE = 200


def list_resources(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    """Every resource of a type, and the Bundles of the pages themselves."""
    resources: list[dict[str, Any]] = []
    url: str | None = f"{path}?_count=100"
    while url:
        bundle = client.get(url).raise_for_status().json()
        resources += [entry["resource"] for entry in bundle.get("entry", ())]
        resources.append({name: element for name, element in bundle.items() if name != "entry"})
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return resources


def write_types(directory: Path, version: str, resources: list[dict[str, Any]]) -> None:
    """Write resources as constants with the types of a FHIR version."""
    for begin in range(0, len(resources), FILE_SIZE):
        part = resources[begin : begin + FILE_SIZE]
        imported = ", ".join(sorted({resource["resourceType"] for resource in part}))
        lines = [f'import type {{ {imported} }} from "fhir/{version}";']
        lines += [
            f"export const r{n}: {resource['resourceType']} = {json.dumps(resource, ensure_ascii=False)};"
            for n, resource in enumerate(part)
        ]
        (directory / f"{version}part{begin}.ts").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(resources)} resources written as types of {version}")


def main() -> None:
    with httpx.Client(base_url=sys.argv[1], timeout=60) as client:
        for prefix, resource_types in RESOURCE_TYPES.items():
            paths = (*OTHERS, TRANSLATIONS[prefix])
            resources = [client.get(f"{prefix}/{path}").raise_for_status().json() for path in paths]
            for resource_type in resource_types:
                resources += list_resources(client, f"{prefix}/{resource_type}")
            write_types(Path(sys.argv[2]), "r4" if prefix.endswith("r4") else "r5", resources)


main()
