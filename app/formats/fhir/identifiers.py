"""Identity in FHIR: canonical addresses, resource ids, and references to the records of this service.

Canonical addresses are URNs, the same on every installation: whoever reads an extension or a code system recognises it
wherever it was served from. Each resource that has one is found by `?url=`.
"""

from hashlib import blake2b
from typing import Final

from app.domain.json import Json
from app.read_model.link_placeholder import LINK

# Where the resources of this service stand: HTTP puts its address where the mark is.
BASE_PATH: Final = f"{LINK}/fhir"

BASE: Final = "urn:procedure-kb"
# FHIR allows 64 characters; slugs and claim ids may be longer.
MAX_ID: Final = 64
_HASHED: Final = 12
USE_TYPE: Final = {
    "indication": "indication",
    "contraindication": "contraindication",
    "procedure_risk": "undesirable-effect",
}
# Type of record -> resource type, and what its id begins with: conditions and pain generators share a resource type.
RESOURCE_OF: Final = {
    "procedure": ("ActivityDefinition", ""),
    "condition": ("EvidenceVariable", "condition-"),
    "pain_generator": ("EvidenceVariable", "pain-generator-"),
    "source": ("Citation", ""),
}
SYSTEM_OF: Final = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain-generators",
    "risk": "risks",
    "source": "sources",
    "guide_page": "guide-pages",
}


def canonical(kind: str, name: str) -> str:
    """Canonical address of a resource, or the system of its codes or identifiers."""
    return f"{BASE}:{kind}:{name}"


def system(name: str) -> str:
    """Address of a code system of this service."""
    return canonical("CodeSystem", name)


def fhir_id(text: str) -> str:
    """A slug or claim id as a FHIR id: itself, or shortened with a hash where it is longer than FHIR allows."""
    if len(text) <= MAX_ID:
        return text
    digest = blake2b(text.encode(), digest_size=_HASHED // 2).hexdigest()
    return f"{text[: MAX_ID - _HASHED - 1]}.{digest}"


def record_id(kind: str, slug: str) -> tuple[str, str]:
    """Resource type and id of a record."""
    resource, prefix = RESOURCE_OF[kind]
    return resource, fhir_id(prefix + slug)


def claim_id(kind: str, claim: str) -> tuple[str, str]:
    """Resource type and id of a claim."""
    return ("ClinicalUseDefinition" if kind in USE_TYPE else "Evidence"), fhir_id(claim)


def identifier(kind: str, value: str) -> Json:
    """The permanent name of a record or claim."""
    return {"system": canonical("identifier", SYSTEM_OF.get(kind, kind)), "value": value}


def reference(ref: Json) -> Json:
    """A reference to a record; a page of the guide has no resource and is named by its identifier alone."""
    shown: Json = {"identifier": identifier(ref["type"], ref["slug"]), "display": ref["name"]}
    if ref["type"] in RESOURCE_OF:
        shown = {"reference": "/".join(record_id(ref["type"], ref["slug"])), **shown}
    return shown


def coding(name: str, code: str, display: str | None = None) -> Json:
    """A code of one of this service's code systems."""
    shown = {"system": system(name), "code": code}
    return shown | ({"display": display} if display else {})


def concept(name: str, code: str, display: str | None = None, *, text: str | None = None) -> Json:
    """A code as a CodeableConcept."""
    return {"coding": [coding(name, code, display)], **({"text": text} if text else {})}
