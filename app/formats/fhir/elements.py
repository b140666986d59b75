"""Elements that resources share: canonical URLs, ids, references to records, and codes.

Canonical URLs are URNs, equal on every installation, so that a client recognizes an extension or a code system whichever
server it came from. `?url=` finds the resource for each of them.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final
from xml.sax.saxutils import escape

from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.queries.releases import LoadedRelease
from app.read_model.link_placeholder import LINK_PLACEHOLDER

# The FHIR base URL; HTTP replaces the placeholder by the start of absolute links.
BASE_URL: Final = f"{LINK_PLACEHOLDER}/fhir"

URN_BASE: Final = "urn:procedure-kb"
# FHIR allows 64 characters; slugs and claim ids may be longer.
MAX_ID_LENGTH: Final = 64
_HASH_LENGTH: Final = 12
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})
USE_TYPE_BY_CLAIM_KIND: Final = {name: row.fhir_use_type for name, row in CLAIM_KINDS.items() if row.fhir_use_type}
# Record type -> resource type and id prefix: conditions and pain generators share a resource type.
RESOURCE_BY_RECORD_TYPE: Final = {
    name: (row.fhir_resource, row.fhir_id_prefix) for name, row in RECORD_TYPES.items() if row.fhir_resource
}


def canonical_url(resource_type: str, name: str) -> str:
    """Canonical URL of a resource, or of a system of identifiers (`resource_type` "identifier")."""
    return f"{URN_BASE}:{resource_type}:{name}"


def system_url(name: str) -> str:
    """Canonical URL of one of this service's code systems."""
    return canonical_url("CodeSystem", name)


def to_fhir_id(text: str) -> str:
    """Convert a slug or claim id to a FHIR id: unchanged, or truncated with a hash if it is longer than FHIR allows."""
    if len(text) <= MAX_ID_LENGTH:
        return text
    digest = blake2b(text.encode(), digest_size=_HASH_LENGTH // 2).hexdigest()
    return f"{text[: MAX_ID_LENGTH - _HASH_LENGTH - 1]}.{digest}"


def get_record_resource_id(record_type: str, slug: str) -> tuple[str, str]:
    """Resource type and id for a record."""
    resource_type, prefix = RESOURCE_BY_RECORD_TYPE[record_type]
    return resource_type, to_fhir_id(prefix + slug)


def get_claim_resource_type(claim_kind: str) -> str:
    """Resource type of claims of a kind."""
    return "ClinicalUseDefinition" if claim_kind in USE_TYPE_BY_CLAIM_KIND else "Evidence"


def omit_empty(elements: Json) -> Json:
    """Omit what is null or empty: FHIR has no empty elements."""
    return {name: value for name, value in elements.items() if value not in _EMPTY}


def to_plain_number(number: float) -> float:
    """Convert a number to how a source writes it: 57, not 57.0."""
    return int(number) if number == int(number) else number


def get_definition_name(resource_type: str, name: str) -> str:
    """Name of a definition for programs: a code system and its value set have different ones."""
    camel_case = "".join(part.capitalize() for part in name.split("-"))
    return f"Kb{camel_case}{'' if resource_type == 'StructureDefinition' else resource_type}"


def build_definition(resource_type: str, name: str, title: str, release: LoadedRelease) -> Json:
    """Build the elements that code systems, value sets and definitions share."""
    return {
        "resourceType": resource_type,
        "id": name,
        "language": "en",
        "url": canonical_url(resource_type, name),
        "version": release.version,
        "name": get_definition_name(resource_type, name),
        "title": title,
        "status": "active",
    }


def build_meta(version: str) -> Json:
    """Build the `meta` element for a release version."""
    return {"versionId": to_fhir_id(version.replace("+", "-"))}


def build_narrative(text: str, lines: Iterable[str] = ()) -> Json:
    """Build the human-readable `text` element of a resource: a text, then paragraphs."""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(text)}{paragraphs}</div>'}


def build_identifier(record_type: str, value: str) -> Json:
    """Build the permanent identifier of a record or claim (`record_type` "claim")."""
    system = RECORD_TYPES[record_type].fhir_system if record_type in RECORD_TYPES else record_type
    return {"system": canonical_url("identifier", system), "value": value}


def build_reference(ref: Json) -> Json:
    """Build a reference to a record. A guide page has no resource, so it gets an identifier only."""
    has_resource = ref["type"] in RESOURCE_BY_RECORD_TYPE
    reference = {"reference": "/".join(get_record_resource_id(ref["type"], ref["slug"]))} if has_resource else {}
    return {**reference, "identifier": build_identifier(ref["type"], ref["slug"]), "display": ref["name"]}


def build_related_artifacts(sources: Iterable[Json]) -> list[Json]:
    """Build `relatedArtifact` from source references: each source is a Citation of this service."""
    return [
        {
            "type": "derived-from",
            "display": source["name"],
            "resource": canonical_url("Citation", to_fhir_id(source["slug"])),
        }
        for source in sources
    ]


def build_coding(system: str, code: str, display: str | None = None) -> Json:
    """Build a Coding from one of this service's code systems."""
    return omit_empty({"system": system_url(system), "code": code, "display": display})


def build_codeable_concept(system: str, code: str, display: str | None = None, *, text: str | None = None) -> Json:
    """Build a CodeableConcept from one of this service's code systems."""
    return omit_empty({"coding": [build_coding(system, code, display)], "text": text})
