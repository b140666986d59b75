"""Records as schema.org JSON-LD: the cited facts for which the vocabulary has a property, and nothing else.

schema.org has no property for a grade, for how often a risk was seen or for how long relief lasts: those stay in the JSON,
to which the node points. A treatment is a `MedicalTherapy`, so that `possibleTreatment` may name it, and a
`MedicalProcedure`; a purely diagnostic procedure is a `DiagnosticProcedure` alone. Addresses keep their marks.
"""

from collections.abc import Callable, Iterable
from typing import Final

from app.domain.json import Json
from app.read_model.link_placeholder import LINK

MEDIA_TYPE: Final = "application/ld+json"
CONTEXT: Final = "https://schema.org"
THERAPY: Final = ["MedicalProcedure", "MedicalTherapy"]
# Kinds of structure that schema.org has a type of its own for; the others are an AnatomicalStructure.
_STRUCTURES: Final = {"joint": "Joint", "nerve": "Nerve", "muscle": "Muscle", "bone": "Bone", "ligament": "Ligament"}
_SPOKEN: Final = {"synonym", "abbreviation", "lay_name"}


def procedure_linked_data(document: Json) -> Json:
    """A procedure. `document` is its detail."""
    therapeutic = "therapeutic" in document["intents"]
    targets = (claim["value"]["pain_generator"]["name"] for claim in document["targets"]["items"])
    texts = document["texts"]
    node = _record(document, "procedures", THERAPY if therapeutic else "DiagnosticProcedure") | {
        "bodyLocation": _distinct(targets),
        "howPerformed": _text(texts["what_happens"]),
        "preparation": _text(texts["preparation"]),
        "followup": _text(texts["afterwards"]),
        "guideline": [_recommendation(claim) for claim in document["recommendations"]["items"]],
    }
    if therapeutic:
        seen = [claim["value"] for claim in document["risks"]["items"] if claim["value"]["state"] == "known"]
        node |= {
            "contraindication": _distinct(claim["statement"] for claim in document["contraindications"]["items"]),
            "adverseOutcome": _outcomes(seen),
            "seriousAdverseOutcome": _outcomes(value for value in seen if value["severity"] == "serious"),
        }
    return _whole(node)


def condition_linked_data(document: Json) -> Json:
    """A condition, with what treats it. `document` is its detail."""
    node = _record(document, "conditions", "MedicalCondition") | {
        "associatedAnatomy": [
            _named("pain-generators", one["record"], "AnatomicalStructure")
            for one in document["pain_generators"]["items"]
        ],
        "cause": [_named("conditions", one["record"], "MedicalCause") for one in document["caused_by"]["items"]],
        "signOrSymptom": [
            {"@type": "MedicalSignOrSymptom", "name": label}
            for label in _distinct(claim["value"]["label"] for claim in document["symptoms"]["items"])
        ],
        "possibleTreatment": _therapies(document["procedures"]["items"]),
        "naturalProgression": " ".join(claim["statement"] for claim in document["natural_courses"]["items"]),
        "epidemiology": " ".join(
            claim["statement"] for kind in ("prevalences", "incidences") for claim in document[kind]["items"]
        ),
        "guideline": [_recommendation(claim) for claim in document["recommendations"]["items"]],
    }
    return _whole(node)


def pain_generator_linked_data(document: Json) -> Json:
    """A pain generator, with the conditions that arise from it and what treats it. `document` is its detail."""
    node = _record(document, "pain-generators", _STRUCTURES.get(document["kind"], "AnatomicalStructure")) | {
        "relatedCondition": [
            _named("conditions", one["record"], "MedicalCondition") for one in document["conditions"]["items"]
        ],
        "relatedTherapy": _therapies(document["procedures"]["items"]),
    }
    return _whole(node)


OF_RECORD: Final[dict[str, Callable[[Json], Json]]] = {
    "procedure": procedure_linked_data,
    "condition": condition_linked_data,
    "pain_generator": pain_generator_linked_data,
}


def page_linked_data(title: str, address: str, *, licence: Json, version: str) -> Json:
    """A page that is not about one record."""
    page = {"@context": CONTEXT, "@type": "WebPage", "name": title, "url": address}
    return page | {"inLanguage": "en", "license": licence["url"], "version": version, "isAccessibleForFree": True}


def _record(document: Json, folder: str, kind: str | list[str]) -> Json:
    html = f"{LINK}/{folder}/{document['slug']}"
    return {
        "@context": CONTEXT,
        "@type": kind,
        "@id": f"{html}#record",
        "name": document["name"],
        "alternateName": [one["text"] for one in document["names"] if one["kind"] in _SPOKEN],
        "description": document["summary"],
        "url": html,
        "code": [code for claim in document["codes"]["items"] for code in _codes(claim)],
        "mainEntityOfPage": _page(document, html),
    }


def _page(document: Json, html: str) -> Json:
    return _whole(
        {
            "@type": "MedicalWebPage",
            "@id": html,
            "url": html,
            "inLanguage": "en",
            "isAccessibleForFree": True,
            "license": document["licence"]["url"],
            "creditText": document["licence"]["attribution"],
            "usageInfo": f"{LINK}/notice",
            "version": document["provenance"]["version"],
            "lastReviewed": document["review"]["reviewed_on"],
            "citation": [_source(one) for one in document["sources"]],
        }
    )


def _source(source: Json) -> Json:
    work = {"@type": "CreativeWork", "@id": f"{LINK}/sources/{source['slug']}", "name": source["name"]}
    return work | ({"datePublished": str(source["year"])} if source["year"] else {})


def _codes(claim: Json) -> list[Json]:
    system = next((one["text"] for one in claim["value"]["details"] if one["name"] == "system"), None)
    codes = [{"@type": "MedicalCode", "codeValue": value, "codingSystem": system} for value in claim["value"]["values"]]
    return [_whole(code) for code in codes]


def _recommendation(claim: Json) -> Json:
    value = claim["value"]
    made = {"@type": "MedicalGuidelineRecommendation", "name": value["body"], "description": claim["statement"]}
    # The grade in the body's own words; schema.org's EvidenceLevelA to C is another scale, and mapping to it a guess.
    return _whole(
        made
        | {
            "recommendationStrength": value["grade_stated"],
            "guidelineDate": str(value["year"]) if value["year"] else None,
        }
    )


def _outcomes(values: Iterable[Json]) -> list[Json]:
    names = {value["risk"]["slug"]: value["risk"]["name"] for value in values}
    return [{"@type": "MedicalEntity", "name": name} for name in names.values()]


def _therapies(edges: list[Json]) -> list[Json]:
    treating = {edge["procedure"]["slug"]: edge["procedure"] for edge in edges if edge["role"] == "treats"}
    return [_named("procedures", procedure, THERAPY) for procedure in treating.values()]


def _named(folder: str, record: Json, kind: str | list[str]) -> Json:
    html = f"{LINK}/{folder}/{record['slug']}"
    return {"@type": kind, "@id": f"{html}#record", "name": record["name"], "url": html}


def _text(block: Json) -> str:
    return " ".join(one["text"] for one in block["items"])


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _whole(node: Json) -> Json:
    # What is not known has no key: JSON-LD has no way to say "unknown", and an empty value says something else.
    return {key: value for key, value in node.items() if value not in (None, "", [])}
