"""Identity in FHIR: canonical addresses, resource ids, and references to the records of this service.

Canonical addresses are URNs, the same on every installation: whoever reads an extension or a code system recognises it
wherever it was served from. Each resource that has one is found by `?url=`.
"""

from hashlib import blake2b
from typing import Final

from app.domain.json import Json
from app.read_model.link_placeholder import LINK_PLACEHOLDER

# Where the resources of this service stand: HTTP puts its address where the mark is.
BASE_PATH: Final = f"{LINK_PLACEHOLDER}/fhir"

URN_BASE: Final = "urn:procedure-kb"
# FHIR allows 64 characters; slugs and claim ids may be longer.
MAX_ID_LENGTH: Final = 64
_HASH_LENGTH: Final = 12
USE_TYPE_BY_CLAIM_KIND: Final = {
    "indication": "indication",
    "contraindication": "contraindication",
    "procedure_risk": "undesirable-effect",
}
# Type of record -> resource type, and what its id begins with: conditions and pain generators share a resource type.
RESOURCE_BY_RECORD_TYPE: Final = {
    "procedure": ("ActivityDefinition", ""),
    "condition": ("EvidenceVariable", "condition-"),
    "pain_generator": ("EvidenceVariable", "pain-generator-"),
    "source": ("Citation", ""),
}
SYSTEM_BY_RECORD_TYPE: Final = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain-generators",
    "risk": "risks",
    "source": "sources",
    "guide_page": "guide-pages",
}


def canonical_url(kind: str, name: str) -> str:
    """Canonical address of a resource, or the system of its codes or identifiers."""
    return f"{URN_BASE}:{kind}:{name}"


def system_url(name: str) -> str:
    """Address of a code system of this service."""
    return canonical_url("CodeSystem", name)


def to_fhir_id(text: str) -> str:
    """A slug or claim id as a FHIR id: itself, or shortened with a hash where it is longer than FHIR allows."""
    if len(text) <= MAX_ID_LENGTH:
        return text
    digest = blake2b(text.encode(), digest_size=_HASH_LENGTH // 2).hexdigest()
    return f"{text[: MAX_ID_LENGTH - _HASH_LENGTH - 1]}.{digest}"


def get_record_resource_id(kind: str, slug: str) -> tuple[str, str]:
    """Resource type and id of a record."""
    resource, prefix = RESOURCE_BY_RECORD_TYPE[kind]
    return resource, to_fhir_id(prefix + slug)


def get_claim_resource_id(kind: str, claim: str) -> tuple[str, str]:
    """Resource type and id of a claim."""
    return ("ClinicalUseDefinition" if kind in USE_TYPE_BY_CLAIM_KIND else "Evidence"), to_fhir_id(claim)


def build_identifier(kind: str, value: str) -> Json:
    """The permanent name of a record or claim."""
    return {"system": canonical_url("identifier", SYSTEM_BY_RECORD_TYPE.get(kind, kind)), "value": value}


def build_reference(ref: Json) -> Json:
    """A reference to a record; a page of the guide has no resource and is named by its identifier alone."""
    shown: Json = {"identifier": build_identifier(ref["type"], ref["slug"]), "display": ref["name"]}
    if ref["type"] in RESOURCE_BY_RECORD_TYPE:
        shown = {"reference": "/".join(get_record_resource_id(ref["type"], ref["slug"])), **shown}
    return shown


def build_coding(name: str, code: str, display: str | None = None) -> Json:
    """A code of one of this service's code systems."""
    shown = {"system": system_url(name), "code": code}
    return shown | ({"display": display} if display else {})


def build_codeable_concept(name: str, code: str, display: str | None = None, *, text: str | None = None) -> Json:
    """A code as a CodeableConcept."""
    return {"coding": [build_coding(name, code, display)], **({"text": text} if text else {})}
