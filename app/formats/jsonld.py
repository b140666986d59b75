"""schema.org JSON-LD of records: only the cited facts for which schema.org has a property.

schema.org has no property for a grade, a risk rate or a relief duration; those are only in the JSON that the node links to.
A treatment is a `MedicalProcedure` and a `MedicalTherapy`, which `possibleTreatment` requires; a purely diagnostic procedure
is a `DiagnosticProcedure`. URLs contain link placeholders.
"""

from collections.abc import Callable, Iterable
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE, list_source_links
from app.formats.safety import describe_body, list_risk_groups
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


# (family, whether an implant stays) -> how its procedures reach the body, where that is the same for all of them: some blocks go
# through the nose, some ablations need a cut, and cement needs a needle where a fusion needs a cut. schema.org has no value for surgery.
_PROCEDURE_TYPES: Final = {
    ("injection", False): "PercutaneousProcedure",
    ("neurolysis", False): "PercutaneousProcedure",
    ("infusion", False): "PercutaneousProcedure",
    ("decompression", False): "PercutaneousProcedure",
    ("drug_delivery", False): "NoninvasiveProcedure",
}
_SPECIALTY: Final = {"@type": "MedicalSpecialty", "name": "Interventional pain medicine"}


def build_procedure_node(document: Json, modified: str) -> Json:
    """Node of a procedure, from its document. `modified`: date of its last change."""
    therapeutic = "therapeutic" in document["intents"]
    targets = (claim["value"]["pain_generator"]["name"] for claim in document["targets"]["items"])
    texts = document["texts"]
    procedure_type = _PROCEDURE_TYPES.get((document["family"], document["implant"]))
    node = _build_record(document, THERAPY if therapeutic else "DiagnosticProcedure", modified) | {
        "procedureType": f"{CONTEXT}/{procedure_type}" if procedure_type else None,
        # What bodies say of it, those against first: without it a treatment would seem undisputed.
        "status": "; ".join(_list_positions(document["positions"]["items"])),
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


def _list_positions(rows: Iterable[Json]) -> list[str]:
    return _distinct(f"{vocabulary.POSITIONS[row['position']]}: {describe_body(row)}" for row in rows)


def build_condition_node(document: Json, modified: str) -> Json:
    """Node of a condition with its possible treatments, from its document. `modified`: date of its last change."""
    node = _build_record(document, "MedicalCondition", modified) | {
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


def build_pain_generator_node(document: Json, modified: str) -> Json:
    """Node of a pain generator with its conditions and treatments, from its document. `modified`: date of its last change."""
    node = _build_record(document, _STRUCTURE_TYPES.get(document["kind"], "AnatomicalStructure"), modified) | {
        "relatedCondition": [
            _build_reference(linked["record"], "MedicalCondition") for linked in document["conditions"]["items"]
        ],
        "relatedTherapy": _list_therapies(document["procedures"]["items"]),
    }
    return _drop_empty(node)


NODE_BUILDERS: Final[dict[str, Callable[[Json, str], Json]]] = {
    "procedure": build_procedure_node,
    "condition": build_condition_node,
    "pain_generator": build_pain_generator_node,
}


def build_page_node(title: str, path: str, *, license_json: Json, version: str, modified: str) -> Json:
    """Node of a page that is not about a single record. `modified`: date of the release."""
    url = f"{LINK_PLACEHOLDER}{path}"
    page: Json = {"@context": CONTEXT, "@type": "WebPage", "name": title, "url": url}
    page |= {"inLanguage": "en", "license": license_json["url"], "version": version, "isAccessibleForFree": True}
    page |= {"dateModified": modified, "publisher": _build_publisher(license_json)}
    return page | {"breadcrumb": _build_breadcrumb([(title, url)])}


def build_site_node(*, license_json: Json) -> Json:
    """Node of the whole site, for the home page: how to search it."""
    return {
        "@context": CONTEXT,
        "@type": "WebSite",
        "@id": f"{LINK_PLACEHOLDER}/#site",
        "url": f"{LINK_PLACEHOLDER}/",
        "name": "procedure-kb",
        "inLanguage": "en",
        "publisher": _build_publisher(license_json),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{LINK_PLACEHOLDER}/search?q={{search_term_string}}"},
            "query-input": "required name=search_term_string",
        },
    }


def _build_publisher(license_json: Json) -> Json:
    # The attribution is the name with the license: "procedure-kb contributors, CC BY 4.0".
    name = license_json["attribution"].partition(", ")[0]
    return {"@type": "Organization", "name": name, "url": f"{LINK_PLACEHOLDER}/"}


def _build_breadcrumb(steps: list[tuple[str, str]]) -> Json:
    """Path from the home page to a page: name and URL of each step."""
    pages = [("Home", f"{LINK_PLACEHOLDER}/"), *steps]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": url}
            for position, (name, url) in enumerate(pages, start=1)
        ],
    }


def _build_record(document: Json, schema_types: str | list[str], modified: str) -> Json:
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
        "relevantSpecialty": _SPECIALTY,
        "mainEntityOfPage": _build_page(document, html_url, modified),
    }


def _build_page(document: Json, html_url: str, modified: str) -> Json:
    folder = PATH_BY_RECORD_TYPE[document["type"]]
    steps = [(folder.replace("-", " ").capitalize(), f"{LINK_PLACEHOLDER}/{folder}"), (document["name"], html_url)]
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
            "dateModified": modified,
            "publisher": _build_publisher(document["license"]),
            "breadcrumb": _build_breadcrumb(steps),
            **_build_review(document["review"]),
            "citation": [_build_source(source) for source in document["sources"]],
        }
    )


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


def _build_review(review: Json) -> Json:
    # A review that lapsed says nothing of this page.
    if review["status"] != "reviewed":
        return {}
    reviewer = {"@type": "Person", "name": review["reviewed_by"], "honorificSuffix": review["credentials"]}
    return {"lastReviewed": review["reviewed_on"], "reviewedBy": reviewer}


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


def _list_therapies(relations: list[Json]) -> list[Json]:
    treatments = {row["procedure"]["slug"]: row["procedure"] for row in relations if row["role"] == "treats"}
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
