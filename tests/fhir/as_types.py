"""Write every resource that /fhir serves as a typed constant, walking every search: `as_types.py ADDRESS DIRECTORY`."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx

TYPES = (
    "ActivityDefinition",
    "EvidenceVariable",
    "Citation",
    "ClinicalUseDefinition",
    "Evidence",
    "CodeSystem",
    "ValueSet",
    "StructureDefinition",
)
# The compiler reads many small files faster than a large one.
PART = 200


def walk(client: httpx.Client, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    address: str | None = f"/fhir/{kind}?_count=100"
    while address:
        bundle = client.get(address).raise_for_status().json()
        found += [entry["resource"] for entry in bundle.get("entry", ())]
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return found


def main() -> None:
    total = 0
    with httpx.Client(base_url=sys.argv[1], timeout=60) as client:
        one = [
            client.get(path).raise_for_status().json() for path in ("/fhir/metadata", "/fhir/ValueSet/risks/$expand")
        ]
        resources = [*one, *(resource for kind in TYPES for resource in walk(client, kind))]
    for begin in range(0, len(resources), PART):
        part = resources[begin : begin + PART]
        kinds = ", ".join(sorted({resource["resourceType"] for resource in part}))
        lines = [f'import type {{ {kinds} }} from "fhir/r5";']
        lines += [
            f"export const r{n}: {resource['resourceType']} = {json.dumps(resource, ensure_ascii=False)};"
            for n, resource in enumerate(part)
        ]
        (Path(sys.argv[2]) / f"part{begin}.ts").write_text("\n".join(lines) + "\n", encoding="utf-8")
        total += len(part)
    print(f"{total} resources as types")


main()
