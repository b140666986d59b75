"""FHIR client that rebuilds /v1 values from extensions, using only the served StructureDefinitions."""

from typing import Any

from app.domain.json import Json

DEFINITION = "urn:procedure-kb:StructureDefinition:"
RECORD_TYPES = {
    "procedures": "procedure",
    "conditions": "condition",
    "pain-generators": "pain_generator",
    "sources": "source",
    "guide-pages": "guide_page",
    "emergencies": "emergency",
}


class FhirReader:
    """Converter of extensions to plain values. The StructureDefinitions say which members are lists."""

    def __init__(self, definitions: list[Json]) -> None:
        self.lists = {
            definition["url"]: {
                element["id"].removeprefix("Extension.").replace("extension:", "")
                for element in definition["differential"]["element"]
                if "sliceName" in element and element["max"] == "*"
            }
            for definition in definitions
        }

    def extension(self, resource: Json, name: str) -> Json:
        """Value of the only extension with this name; empty if there is none."""
        values = self.extensions(resource, name)
        assert len(values) <= 1
        return values[0] if values else {}

    def extensions(self, resource: Json, name: str) -> list[Json]:
        url = DEFINITION + name
        return [
            self._read_members(extension, url, "")
            for extension in resource.get("extension", [])
            if extension["url"] == url
        ]

    def _read_members(self, extension: Json, url: str, parent_path: str) -> Json:
        members: Json = {}
        for member in extension["extension"]:
            name = member["url"]
            path = f"{parent_path}.{name}" if parent_path else name
            value = self._read_members(member, url, path) if "extension" in member else self._read_value(member)
            if path in self.lists[url]:
                members.setdefault(name, []).append(value)
            else:
                assert name not in members, path
                members[name] = value
        return members

    @staticmethod
    def _read_value(member: Json) -> Any:
        (name,) = set(member) - {"url"}
        value = member[name]
        if name == "valueReference":
            record_type = RECORD_TYPES[value["identifier"]["system"].rpartition(":")[2]]
            return {"type": record_type, "slug": value["identifier"]["value"], "name": value["display"]}
        if name == "valueCodeableConcept":
            (coding,) = value["coding"]
            return {"type": "risk", "slug": coding["code"], "name": coding["display"]}
        return value

    def claim(self, resource: Json) -> Json:
        """Claim with its value, as far as FHIR carries it."""
        claim = self.extension(resource, "claim")
        name = f"value-{claim['kind'].replace('_', '-')}"
        if DEFINITION + name not in self.lists:
            name = "value-statement"
        return claim | {"value": self.extension(resource, name)}


def drop_empty(value: Any) -> Any:
    """Drop nulls, empty lists and empty objects."""
    if isinstance(value, dict):
        members = {name: drop_empty(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not None and member not in ([], {})}
    return [drop_empty(element) for element in value] if isinstance(value, list) else value
