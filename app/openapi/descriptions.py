"""Descriptions of response fields that recur: derived here once, instead of in every model."""

from collections.abc import Mapping
from typing import Final

from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.schemas.building_blocks import Batch, Block, BlockPage, ListPage

# By the name of the field. A model whose field means something else has its own description.
FIELDS: Final[Mapping[str, str]] = {
    "broader": "Broader records.",
    "body_regions": "Regions of the body.",
    "claims": "Ids of the supporting claims.",
    "condition": "The condition.",
    "details": "Details without a field of their own.",
    "family": "Family of the procedure.",
    "kind": "Kind of the claim.",
    "lang": "Language of the text (BCP 47).",
    "last_changed_in": "Version of the release in which the record last changed.",
    "license": "License of the content.",
    "links": "Related URLs.",
    "name": "Preferred name.",
    "names": "All names of the record.",
    "narrower": "Narrower records.",
    "notice": "What this information is and is not.",
    "pain_generator": "The pain generator.",
    "procedure": "The procedure.",
    "provenance": "Who compiled the content, and when it changed.",
    "quantities": "Further figures of the statement.",
    "record": "The record.",
    "review": "Review status.",
    "risk": "The risk.",
    "role": "What the procedure does there.",
    "slug": "Permanent identifier of the record in URLs.",
    "sources": "Sources that are cited.",
    "statement": "The claim as a sentence.",
    "subject": "Record that the claim is about.",
    "text": "Plain text.",
    "texts": "Texts with their supporting claims.",
    "type": "Type of the record.",
    "typical_relief": "Durations of relief that are shown first.",
    "version": "Version of the release.",
    # Texts.
    "afterwards": "What happens afterwards.",
    "clinical": "Text for clinicians.",
    "key_messages": "The most important points.",
    "preparation": "How to prepare.",
    "questions": "Questions to ask before deciding.",
    "summary": "Summary for patients.",
    "what_happens": "What happens during the procedure.",
}
# By the end of the component's name: Pydantic gives these no description.
_COMPONENTS: Final[Mapping[str, str | None]] = {
    "BlockPage": BlockPage.__doc__,
    "Block": Block.__doc__,
    "Page": ListPage.__doc__,
    "Batch": Batch.__doc__,
    "JsonValue": "Any JSON value.",
}


def add_descriptions(schemas: Json) -> None:
    """Describe every component and property that its model does not describe."""
    for name, schema in schemas.items():
        if not schema.get("description"):
            schema["description"] = next((text for suffix, text in _COMPONENTS.items() if name.endswith(suffix)), "")
        for field, child in schema.get("properties", {}).items():
            if "description" not in child and (description := describe_field(field)):
                child["description"] = description


def describe_field(name: str) -> str:
    """Description of a recurring field; empty: the field does not recur, so its model describes it."""
    if name in FIELDS:
        return FIELDS[name]
    row = next((row for row in CLAIM_KINDS.values() if row.block == name), None)
    return f"Claims of the kind `{row.name}`: {row.label.lower()}." if row else ""
