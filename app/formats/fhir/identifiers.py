"""Identity in FHIR: canonical URLs, resource ids and references to records.

Canonical URLs are URNs, equal on every installation, so that a client recognizes an extension or a code system whichever
server it came from. `?url=` finds the resource for each of them.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.read_model.link_placeholder import LINK_PLACEHOLDER

# The FHIR base URL; HTTP replaces the placeholder by the public URL.
BASE_PATH: Final = f"{LINK_PLACEHOLDER}/fhir"

URN_BASE: Final = "urn:procedure-kb"
# FHIR allows 64 characters; slugs and claim ids may be longer.
MAX_ID_LENGTH: Final = 64
_HASH_LENGTH: Final = 12
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


def get_claim_resource_id(claim_kind: str, claim_id: str) -> tuple[str, str]:
    """Resource type and id for a claim."""
    return ("ClinicalUseDefinition" if claim_kind in USE_TYPE_BY_CLAIM_KIND else "Evidence"), to_fhir_id(claim_id)


def build_meta(version: str) -> Json:
    """Build the `meta` element for a release version."""
    return {"versionId": to_fhir_id(version.replace("+", "-"))}


def build_identifier(record_type: str, value: str) -> Json:
    """Build the permanent identifier of a record or claim (`record_type` "claim")."""
    system = RECORD_TYPES[record_type].fhir_system if record_type in RECORD_TYPES else record_type
    return {"system": canonical_url("identifier", system), "value": value}


def build_reference(ref: Json) -> Json:
    """Build a reference to a record. A guide page has no resource, so it gets an identifier only."""
    reference: Json = {"identifier": build_identifier(ref["type"], ref["slug"]), "display": ref["name"]}
    if ref["type"] in RESOURCE_BY_RECORD_TYPE:
        reference = {"reference": "/".join(get_record_resource_id(ref["type"], ref["slug"])), **reference}
    return reference


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
    coding = {"system": system_url(system), "code": code}
    return coding | ({"display": display} if display else {})


def build_codeable_concept(system: str, code: str, display: str | None = None, *, text: str | None = None) -> Json:
    """Build a CodeableConcept from one of this service's code systems."""
    return {"coding": [build_coding(system, code, display)], **({"text": text} if text else {})}
