"""A reader of this service's FHIR: it knows the StructureDefinitions it was served, and nothing of the service's code."""

from typing import Any

from app.domain.json import Json

DEFINITION = "urn:procedure-kb:StructureDefinition:"
TYPES = {
    "procedures": "procedure",
    "conditions": "condition",
    "pain-generators": "pain_generator",
    "sources": "source",
    "guide-pages": "guide_page",
}


class FhirReader:
    """Turns extensions back into plain values: which members are lists is read from the StructureDefinitions."""

    def __init__(self, definitions: list[Json]) -> None:
        self.lists = {
            one["url"]: {
                element["id"].removeprefix("Extension.").replace("extension:", "")
                for element in one["differential"]["element"]
                if "sliceName" in element and element["max"] == "*"
            }
            for one in definitions
        }

    def extension(self, resource: Json, name: str) -> Json:
        """The value of the one extension of this name; empty where it is not there."""
        found = self.extensions(resource, name)
        assert len(found) <= 1
        return found[0] if found else {}

    def extensions(self, resource: Json, name: str) -> list[Json]:
        url = DEFINITION + name
        return [self._members(one, url, "") for one in resource.get("extension", []) if one["url"] == url]

    def _members(self, holder: Json, url: str, path: str) -> Json:
        found: Json = {}
        for one in holder["extension"]:
            here = f"{path}.{one['url']}" if path else one["url"]
            value = self._members(one, url, here) if "extension" in one else self._plain(one)
            if here in self.lists[url]:
                found.setdefault(one["url"], []).append(value)
            else:
                assert one["url"] not in found, here
                found[one["url"]] = value
        return found

    @staticmethod
    def _plain(one: Json) -> Any:
        (name,) = set(one) - {"url"}
        value = one[name]
        if name == "valueReference":
            kind = TYPES[value["identifier"]["system"].rpartition(":")[2]]
            return {"type": kind, "slug": value["identifier"]["value"], "name": value["display"]}
        if name == "valueCodeableConcept":
            (coding,) = value["coding"]
            return {"type": "risk", "slug": coding["code"], "name": coding["display"]}
        return value

    def claim(self, resource: Json) -> Json:
        """A claim, as far as FHIR tells it."""
        told = self.extension(resource, "claim")
        kind = told["kind"].replace("_", "-")
        name = f"value-{kind}" if DEFINITION + f"value-{kind}" in self.lists else "value-statement"
        return told | {"value": self.extension(resource, name)}


def drop_empty(value: Any) -> Any:
    """A value without what it does not say: null, and empty lists and objects."""
    if isinstance(value, dict):
        found = {name: drop_empty(one) for name, one in value.items()}
        return {name: one for name, one in found.items() if one is not None and one not in ([], {})}
    return [drop_empty(one) for one in value] if isinstance(value, list) else value
