"""schema.org JSON-LD of records: only the cited facts for which schema.org has a property.

schema.org has no property for a grade, a risk rate or a relief duration; those are only in the JSON that the node links to.
A treatment is a `MedicalProcedure` and a `MedicalTherapy`, which `possibleTreatment` requires; a purely diagnostic procedure
is a `DiagnosticProcedure`. URLs contain link placeholders.
"""

from collections.abc import Callable, Iterable
from typing import Final

from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE, list_source_links
from app.formats.safety import list_risk_groups
from app.read_model.link_placeholder import LINK_PLACEHOLDER

JSONLD_MEDIA_TYPE: Final = "application/ld+json"
CONTEXT: Final = "https://schema.org"
THERAPY: Final = ["MedicalProcedure", "MedicalTherapy"]
# Kinds of pain generators with a specific schema.org type; all others are an AnatomicalStructure.
_STRUCTURE_TYPES: Final = {
    "joint": "Joint",
    "nerve": "Nerve",
    "muscle": "Muscle",
    "bone": "Bone",
    "ligament": "Ligament",
}
_SPOKEN_NAME_KINDS: Final = {"synonym", "abbreviation", "lay_name"}


def build_procedure_node(document: Json) -> Json:
    """Node of a procedure, from its document."""
    therapeutic = "therapeutic" in document["intents"]
    targets = (claim["value"]["pain_generator"]["name"] for claim in document["targets"]["items"])
    texts = document["texts"]
    node = _build_record(document, THERAPY if therapeutic else "DiagnosticProcedure") | {
        "bodyLocation": _distinct(targets),
        "howPerformed": _join_texts(texts["what_happens"]),
        "preparation": _join_texts(texts["preparation"]),
        "followup": _join_texts(texts["afterwards"]),
        "guideline": [_build_recommendation(claim) for claim in document["recommendations"]["items"]],
    }
    if therapeutic:
        stops = [claim["statement"] for claim in document["contraindications"]["items"]]
        stops += [label for row in document["forms"]["contraindications"] for label in row["labels"]]
        node |= {
            "contraindication": _distinct(stops),
            "adverseOutcome": _build_outcomes(list_risk_groups(document)),
            "seriousAdverseOutcome": _build_outcomes(document["serious_risks"]["items"]),
        }
    return _drop_empty(node)


def build_condition_node(document: Json) -> Json:
    """Node of a condition with its possible treatments, from its document."""
    node = _build_record(document, "MedicalCondition") | {
        "associatedAnatomy": [
            _build_reference(linked["record"], "AnatomicalStructure") for linked in document["pain_generators"]["items"]
        ],
        "cause": [_build_reference(cause["record"], "MedicalCause") for cause in document["caused_by"]["items"]],
        "signOrSymptom": [
            {"@type": "MedicalSignOrSymptom", "name": label}
            for label in _distinct(claim["value"]["label"] for claim in document["symptoms"]["items"])
        ],
        "possibleTreatment": _list_therapies(document["procedures"]["items"]),
        "naturalProgression": " ".join(claim["statement"] for claim in document["natural_courses"]["items"]),
        "epidemiology": " ".join(
            claim["statement"] for block in ("prevalences", "incidences") for claim in document[block]["items"]
        ),
        "guideline": [_build_recommendation(claim) for claim in document["recommendations"]["items"]],
    }
    return _drop_empty(node)


def build_pain_generator_node(document: Json) -> Json:
    """Node of a pain generator with its conditions and treatments, from its document."""
    node = _build_record(document, _STRUCTURE_TYPES.get(document["kind"], "AnatomicalStructure")) | {
        "relatedCondition": [
            _build_reference(linked["record"], "MedicalCondition") for linked in document["conditions"]["items"]
        ],
        "relatedTherapy": _list_therapies(document["procedures"]["items"]),
    }
    return _drop_empty(node)


NODE_BUILDERS: Final[dict[str, Callable[[Json], Json]]] = {
    "procedure": build_procedure_node,
    "condition": build_condition_node,
    "pain_generator": build_pain_generator_node,
}


def build_page_node(title: str, url: str, *, license_json: Json, version: str) -> Json:
    """Node of a page that is not about a single record."""
    page = {"@context": CONTEXT, "@type": "WebPage", "name": title, "url": url}
    return page | {"inLanguage": "en", "license": license_json["url"], "version": version, "isAccessibleForFree": True}


def _build_record(document: Json, schema_types: str | list[str]) -> Json:
    html_url = f"{LINK_PLACEHOLDER}/{PATH_BY_RECORD_TYPE[document['type']]}/{document['slug']}"
    return {
        "@context": CONTEXT,
        "@type": schema_types,
        "@id": f"{html_url}#record",
        "name": document["name"],
        "alternateName": [name["text"] for name in document["names"] if name["kind"] in _SPOKEN_NAME_KINDS],
        "description": document["summary"],
        "url": html_url,
        "code": [_build_code(row) for row in document["codes"]["items"] if row["relation"] == "exact"],
        "mainEntityOfPage": _build_page(document, html_url),
    }


def _build_page(document: Json, html_url: str) -> Json:
    return _drop_empty(
        {
            "@type": "MedicalWebPage",
            "@id": html_url,
            "url": html_url,
            "inLanguage": "en",
            "isAccessibleForFree": True,
            "license": document["license"]["url"],
            "creditText": document["license"]["attribution"],
            "usageInfo": f"{LINK_PLACEHOLDER}/notice",
            "version": document["provenance"]["version"],
            **_build_review(document["review"]),
            "citation": [_build_source(source) for source in document["sources"]],
        }
    )


def _build_review(review: Json) -> Json:
    # A review that lapsed says nothing of this page.
    if review["status"] != "reviewed":
        return {}
    reviewer = {"@type": "Person", "name": review["reviewed_by"], "honorificSuffix": review["credentials"]}
    return {"lastReviewed": review["reviewed_on"], "reviewedBy": reviewer}


def _build_source(source: Json) -> Json:
    work = {"@type": "CreativeWork", "@id": f"{LINK_PLACEHOLDER}/sources/{source['slug']}", "name": source["name"]}
    work |= {"datePublished": str(source["year"]) if source["year"] else None}
    return _drop_empty(
        work
        | {
            "identifier": [
                {"@type": "PropertyValue", "propertyID": register, "value": identifier, "url": url}
                for register, identifier, url in list_source_links(source)
            ]
        }
    )


def _build_code(row: Json) -> Json:
    return {"@type": "MedicalCode", "codeValue": row["code"], "codingSystem": row["system_title"], "name": row["title"]}


def _build_recommendation(claim: Json) -> Json:
    value = claim["value"]
    node = {"@type": "MedicalGuidelineRecommendation", "name": value["body"], "description": claim["statement"]}
    # The grade as the guideline states it. EvidenceLevelA to C of schema.org is another scale: mapping to it would be a guess.
    return _drop_empty(
        node
        | {
            "recommendationStrength": value["grade_stated"],
            "guidelineDate": str(value["year"]) if value["year"] else None,
        }
    )


def _build_outcomes(risk_groups: Iterable[Json]) -> list[Json]:
    """Build the risks that were seen, of the procedure and its forms."""
    names = {row["risk"]["slug"]: row["risk"]["name"] for row in risk_groups if row["state"] == "known"}
    return [{"@type": "MedicalEntity", "name": name} for name in names.values()]


def _list_therapies(lookup_rows: list[Json]) -> list[Json]:
    treatments = {row["procedure"]["slug"]: row["procedure"] for row in lookup_rows if row["role"] == "treats"}
    return [_build_reference(procedure, THERAPY) for procedure in treatments.values()]


def _build_reference(record: Json, schema_types: str | list[str]) -> Json:
    html_url = f"{LINK_PLACEHOLDER}/{PATH_BY_RECORD_TYPE[record['type']]}/{record['slug']}"
    return {"@type": schema_types, "@id": f"{html_url}#record", "name": record["name"], "url": html_url}


def _join_texts(block: Json) -> str:
    return " ".join(paragraph["text"] for paragraph in block["items"])


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _drop_empty(node: Json) -> Json:
    # JSON-LD cannot express "unknown", and an empty value would mean something else.
    return {key: value for key, value in node.items() if value not in (None, "", [])}
