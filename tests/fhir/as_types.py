"""Write every resource that /fhir serves as a typed TypeScript constant: `as_types.py URL DIRECTORY`."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx

RESOURCE_TYPES = (
    "ActivityDefinition",
    "EvidenceVariable",
    "Citation",
    "ClinicalUseDefinition",
    "Evidence",
    "CodeSystem",
    "ValueSet",
    "StructureDefinition",
)
# The compiler is faster with many small files than with a large one.
FILE_SIZE = 200


def list_resources(client: httpx.Client, resource_type: str) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = []
    url: str | None = f"/fhir/{resource_type}?_count=100"
    while url:
        bundle = client.get(url).raise_for_status().json()
        resources += [entry["resource"] for entry in bundle.get("entry", ())]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return resources


def main() -> None:
    with httpx.Client(base_url=sys.argv[1], timeout=60) as client:
        resources = [
            client.get(path).raise_for_status().json() for path in ("/fhir/metadata", "/fhir/ValueSet/risks/$expand")
        ]
        for resource_type in RESOURCE_TYPES:
            resources += list_resources(client, resource_type)
    for begin in range(0, len(resources), FILE_SIZE):
        part = resources[begin : begin + FILE_SIZE]
        imported = ", ".join(sorted({resource["resourceType"] for resource in part}))
        lines = [f'import type {{ {imported} }} from "fhir/r5";']
        lines += [
            f"export const r{n}: {resource['resourceType']} = {json.dumps(resource, ensure_ascii=False)};"
            for n, resource in enumerate(part)
        ]
        (Path(sys.argv[2]) / f"part{begin}.ts").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(resources)} resources written as types")


main()
