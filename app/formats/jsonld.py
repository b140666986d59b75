"""Records as schema.org JSON-LD: the cited facts for which the vocabulary has a property, and nothing else.

schema.org has no property for a grade, for how often a risk was seen or for how long relief lasts: those stay in the JSON,
to which the node points. A treatment is a `MedicalTherapy`, so that `possibleTreatment` may name it, and a
`MedicalProcedure`; a purely diagnostic procedure is a `DiagnosticProcedure` alone. Addresses keep their marks.
"""

from collections.abc import Callable, Iterable
from typing import Final

from app.domain.json import Json
from app.read_model.link_placeholder import LINK_PLACEHOLDER

MEDIA_TYPE: Final = "application/ld+json"
CONTEXT: Final = "https://schema.org"
THERAPY: Final = ["MedicalProcedure", "MedicalTherapy"]
# Kinds of structure that schema.org has a type of its own for; the others are an AnatomicalStructure.
_STRUCTURE_TYPES: Final = {
    "joint": "Joint",
    "nerve": "Nerve",
    "muscle": "Muscle",
    "bone": "Bone",
    "ligament": "Ligament",
}
_SPOKEN_NAME_KINDS: Final = {"synonym", "abbreviation", "lay_name"}


def build_procedure_node(document: Json) -> Json:
    """A procedure. `document` is its detail."""
    therapeutic = "therapeutic" in document["intents"]
    targets = (claim["value"]["pain_generator"]["name"] for claim in document["targets"]["items"])
    texts = document["texts"]
    node = _build_record(document, "procedures", THERAPY if therapeutic else "DiagnosticProcedure") | {
        "bodyLocation": _distinct(targets),
        "howPerformed": _join_texts(texts["what_happens"]),
        "preparation": _join_texts(texts["preparation"]),
        "followup": _join_texts(texts["afterwards"]),
        "guideline": [_build_recommendation(claim) for claim in document["recommendations"]["items"]],
    }
    if therapeutic:
        seen = [claim["value"] for claim in document["risks"]["items"] if claim["value"]["state"] == "known"]
        node |= {
            "contraindication": _distinct(claim["statement"] for claim in document["contraindications"]["items"]),
            "adverseOutcome": _build_outcomes(seen),
            "seriousAdverseOutcome": _build_outcomes(value for value in seen if value["severity"] == "serious"),
        }
    return _drop_empty(node)


def build_condition_node(document: Json) -> Json:
    """A condition, with what treats it. `document` is its detail."""
    node = _build_record(document, "conditions", "MedicalCondition") | {
        "associatedAnatomy": [
            _build_reference("pain-generators", one["record"], "AnatomicalStructure")
            for one in document["pain_generators"]["items"]
        ],
        "cause": [
            _build_reference("conditions", one["record"], "MedicalCause") for one in document["caused_by"]["items"]
        ],
        "signOrSymptom": [
            {"@type": "MedicalSignOrSymptom", "name": label}
            for label in _distinct(claim["value"]["label"] for claim in document["symptoms"]["items"])
        ],
        "possibleTreatment": _list_therapies(document["procedures"]["items"]),
        "naturalProgression": " ".join(claim["statement"] for claim in document["natural_courses"]["items"]),
        "epidemiology": " ".join(
            claim["statement"] for kind in ("prevalences", "incidences") for claim in document[kind]["items"]
        ),
        "guideline": [_build_recommendation(claim) for claim in document["recommendations"]["items"]],
    }
    return _drop_empty(node)


def build_pain_generator_node(document: Json) -> Json:
    """A pain generator, with the conditions that arise from it and what treats it. `document` is its detail."""
    node = _build_record(document, "pain-generators", _STRUCTURE_TYPES.get(document["kind"], "AnatomicalStructure")) | {
        "relatedCondition": [
            _build_reference("conditions", one["record"], "MedicalCondition") for one in document["conditions"]["items"]
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
    """A page that is not about one record."""
    page = {"@context": CONTEXT, "@type": "WebPage", "name": title, "url": url}
    return page | {"inLanguage": "en", "license": license_json["url"], "version": version, "isAccessibleForFree": True}


def _build_record(document: Json, folder: str, kind: str | list[str]) -> Json:
    html = f"{LINK_PLACEHOLDER}/{folder}/{document['slug']}"
    return {
        "@context": CONTEXT,
        "@type": kind,
        "@id": f"{html}#record",
        "name": document["name"],
        "alternateName": [one["text"] for one in document["names"] if one["kind"] in _SPOKEN_NAME_KINDS],
        "description": document["summary"],
        "url": html,
        "code": [code for claim in document["codes"]["items"] for code in _build_codes(claim)],
        "mainEntityOfPage": _build_page(document, html),
    }


def _build_page(document: Json, html: str) -> Json:
    return _drop_empty(
        {
            "@type": "MedicalWebPage",
            "@id": html,
            "url": html,
            "inLanguage": "en",
            "isAccessibleForFree": True,
            "license": document["licence"]["url"],
            "creditText": document["licence"]["attribution"],
            "usageInfo": f"{LINK_PLACEHOLDER}/notice",
            "version": document["provenance"]["version"],
            "lastReviewed": document["review"]["reviewed_on"],
            "citation": [_build_source(one) for one in document["sources"]],
        }
    )


def _build_source(source: Json) -> Json:
    work = {"@type": "CreativeWork", "@id": f"{LINK_PLACEHOLDER}/sources/{source['slug']}", "name": source["name"]}
    return work | ({"datePublished": str(source["year"])} if source["year"] else {})


def _build_codes(claim: Json) -> list[Json]:
    system = next((one["text"] for one in claim["value"]["details"] if one["name"] == "system"), None)
    codes = [{"@type": "MedicalCode", "codeValue": value, "codingSystem": system} for value in claim["value"]["values"]]
    return [_drop_empty(code) for code in codes]


def _build_recommendation(claim: Json) -> Json:
    value = claim["value"]
    made = {"@type": "MedicalGuidelineRecommendation", "name": value["body"], "description": claim["statement"]}
    # The grade in the body's own words; schema.org's EvidenceLevelA to C is another scale, and mapping to it a guess.
    return _drop_empty(
        made
        | {
            "recommendationStrength": value["grade_stated"],
            "guidelineDate": str(value["year"]) if value["year"] else None,
        }
    )


def _build_outcomes(values: Iterable[Json]) -> list[Json]:
    names = {value["risk"]["slug"]: value["risk"]["name"] for value in values}
    return [{"@type": "MedicalEntity", "name": name} for name in names.values()]


def _list_therapies(edges: list[Json]) -> list[Json]:
    treating = {edge["procedure"]["slug"]: edge["procedure"] for edge in edges if edge["role"] == "treats"}
    return [_build_reference("procedures", procedure, THERAPY) for procedure in treating.values()]


def _build_reference(folder: str, record: Json, kind: str | list[str]) -> Json:
    html = f"{LINK_PLACEHOLDER}/{folder}/{record['slug']}"
    return {"@type": kind, "@id": f"{html}#record", "name": record["name"], "url": html}


def _join_texts(block: Json) -> str:
    return " ".join(one["text"] for one in block["items"])


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _drop_empty(node: Json) -> Json:
    # What is not known has no key: JSON-LD has no way to say "unknown", and an empty value says something else.
    return {key: value for key, value in node.items() if value not in (None, "", [])}
