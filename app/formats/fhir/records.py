"""Record resources: ActivityDefinition (procedures), EvidenceVariable (conditions, pain generators), Citation (sources).

Condition and BodyStructure of R5 belong to a patient, so conditions and pain generators are variables that evidence is
about. A condition is also a ConditionDefinition, which evidence cannot refer to. Facts about the record itself are in the extension `record`; its claims are separate resources.
"""

from typing import Final

from app.domain import vocabulary
from app.domain.claim_kinds import list_blocks
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.formats.fhir import elements
from app.formats.fhir.elements import build_codeable_concept, omit_empty
from app.formats.fhir.extensions import build_extension, get_fact_member_name
from app.formats.safety import iter_safety_lines

# Standing of a source -> FHIR publication status.
STATUS_BY_STANDING: Final = {
    standing: "active" if standing in ("current", "corrected") else "retired"
    for standing in vocabulary.SOURCE_STANDINGS
}
# Register of publications -> its identifier system in FHIR.
_IDENTIFIER_SYSTEMS: Final = {
    "doi": "https://doi.org",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov",
    "pmcid": "https://www.ncbi.nlm.nih.gov/pmc",
}


def get_program_name(slug: str) -> str:
    """Name of a resource for programs: a capital letter, then letters, digits and underscores."""
    return "Kb_" + slug.replace("-", "_")


def build_record_resource(document: Json, release_date: str, publisher: str, resource_type: str | None = None) -> Json:
    """Build the resource for a record document or a source summary of /v1. A condition has two resource types."""
    record_type, slug, name = document["type"], document["slug"], document["name"]
    own_type, resource_id = elements.get_record_resource_id(record_type, slug)
    if resource_type == "ConditionDefinition":
        resource_id = elements.to_fhir_id(slug)
    resource_type = resource_type or own_type
    is_source = record_type == "source"
    resource = {
        "resourceType": resource_type,
        "id": resource_id,
        "meta": elements.build_meta(document["last_changed_in"]),
        "language": "en",
        # A client that knows no extension shows this text: no benefit without its harms.
        "text": elements.build_narrative(
            name if is_source else document["summary"] or name, () if is_source else iter_safety_lines(document)
        ),
        "extension": _build_source_extensions(document) if is_source else _build_record_extensions(document),
        "url": elements.canonical_url(resource_type, resource_id),
        "identifier": [elements.build_identifier(record_type, slug)],
        "version": document["last_changed_in"],
        "name": get_program_name(slug),
        "title": name,
        "status": STATUS_BY_STANDING[document["standing"]] if is_source else "active",
        "date": release_date,
        "publisher": publisher,
    }
    if is_source:
        return resource | {"citedArtifact": _build_cited_artifact(document)}
    resource |= _build_prose_elements(document)
    if resource_type == "ConditionDefinition":
        return _build_condition_definition(resource, document)
    is_procedure = record_type == "procedure"
    return resource | (_build_activity_elements(document) if is_procedure else _build_variable_elements(document))


def _build_condition_definition(resource: Json, document: Json) -> Json:
    """Build a ConditionDefinition: it has no elements for license, review and related artifacts, which its EvidenceVariable has."""
    absent = {"copyright", "copyrightLabel", "lastReviewDate", "reviewer", "relatedArtifact"}
    resource = {name: element for name, element in resource.items() if name not in absent}
    resource["code"] = _build_record_concept(document)
    # There is room for one site, and a list of regions says that the condition occurs in each of them.
    if len(regions := document["body_regions"]) == 1:
        resource["bodySite"] = build_codeable_concept("body-regions", regions[0], vocabulary.BODY_REGIONS[regions[0]])
    return resource


def _build_source_extensions(source: Json) -> list[Json]:
    facts = {get_fact_member_name(fact, repeats=False): source[fact] for fact in RECORD_TYPES["source"].facts}
    return [build_extension("source", {"slug": source["slug"], **facts})]


def _build_record_extensions(document: Json) -> list[Json]:
    related = document["related"]
    facts = {fact: document[fact] for fact in RECORD_TYPES[document["type"]].facts}
    statuses = {block: document[block]["status"] for block in list_blocks(document["type"])}
    searches = {
        entry["block"]: {"searched": entry["searched"], "searched-on": entry["searched_on"]}
        for entry in document["not_found"]
    }
    members = {
        "slug": document["slug"],
        "type": document["type"],
        "name": document["names"],
        "body-region": document["body_regions"],
        **{get_fact_member_name(fact, repeats=isinstance(value, list)): value for fact, value in facts.items()},
        "prose": [
            {"section": section, "text": text["text"], "claim": text["claims"]}
            for section, block in document["texts"].items()
            for text in block["items"]
        ],
        "empty-block": [
            {"block": block, "status": status, **searches.get(block, {})}
            for block, status in statuses.items()
            if status != "known"
        ],
        "broader": related["broader"]["items"],
        "narrower": related["narrower"]["items"],
        "related": [
            {
                "relation": relation["type"],
                "procedure": relation["procedure"],
                "claim": relation["claims"],
                "reason": relation["reason"],
            }
            for relation in related.get("procedures", {"items": []})["items"]
        ],
        "forms": document["forms"] if document["forms"]["count"] else None,
        "serious-risk": document.get("serious_risks", {"items": []})["items"],
        "recorded-position": document.get("positions", {"items": []})["items"],
        "review": document["review"],
        "last-changed-in": document["last_changed_in"],
    }
    estimates = document.get("typical_relief", {"items": []})["items"]
    return [build_extension("record", members), *(build_extension("typical-relief", each) for each in estimates)]


def _build_prose_elements(document: Json) -> Json:
    texts, license_ = document["texts"], document["license"]
    descriptions = [text["text"] for name in ("clinical", "summary") if name in texts for text in texts[name]["items"]]
    return omit_empty(
        {
            "description": next(iter(descriptions), document["name"]),
            "copyright": f"{license_['name']}, {license_['url']}. {document['notice']['text']}",
            "copyrightLabel": license_["attribution"],
            **_build_review_elements(document["review"]),
            "relatedArtifact": elements.build_related_artifacts(document["sources"]),
        }
    )


def _build_review_elements(review: Json) -> Json:
    """Name the reviewer only while the review holds; the extension names one that lapsed."""
    if review["status"] != "reviewed":
        return {}
    name = f"{review['reviewed_by']}, {review['credentials']}"
    return {"lastReviewDate": review["reviewed_on"], "reviewer": [{"name": name}]}


def _build_record_concept(document: Json) -> Json:
    """Build the concept of a record: its own code, and the codes of other organizations that mean the same."""
    coding = elements.build_coding(RECORD_TYPES[document["type"]].fhir_system, document["slug"], document["name"])
    concept: Json = {"coding": [coding], "text": document["name"]}
    concept["coding"] += [
        {"system": row["system_uri"], "code": row["code"], "display": row["title"]}
        for row in document["codes"]["items"]
        if row["relation"] == "exact"
    ]
    return concept


def _build_activity_elements(document: Json) -> Json:
    topics = [
        build_codeable_concept(system, code, labels[code])
        for system, labels, codes in (
            ("families", vocabulary.PROCEDURE_FAMILIES, [document["family"]]),
            ("intents", vocabulary.INTENTS, document["intents"]),
            ("body-regions", vocabulary.BODY_REGIONS, document["body_regions"]),
        )
        for code in codes
    ]
    return omit_empty(
        {
            "usage": document["notice"]["text"],
            "topic": topics,
            "kind": "ServiceRequest",
            "code": _build_record_concept(document),
            "purpose": document["summary"],
            "bodySite": [{"text": claim["value"]["label"]} for claim in document["sites"]["items"]],
        }
    )


def _build_variable_elements(document: Json) -> Json:
    return {
        "note": [{"text": document["notice"]["text"]}],
        "actual": False,
        "characteristic": [
            {"description": document["name"], "definitionCodeableConcept": _build_record_concept(document)}
        ],
    }


def list_public_identifiers(source: Json) -> list[Json]:
    """List the identifiers of a publication: DOI, PMID, PMCID, and the number that its publisher gave it, which has no system."""
    identifiers = [
        {"system": system, "value": source[name]} for name, system in _IDENTIFIER_SYSTEMS.items() if source[name]
    ]
    if source["number"]:
        # The publisher assigned it: without its name the number says nothing.
        assigner = {"assigner": {"display": source["publisher"]}} if source["publisher"] else {}
        identifiers.append({"value": source["number"], **assigner})
    return identifiers


def _build_cited_artifact(source: Json) -> Json:
    design = build_codeable_concept("designs", source["design"], vocabulary.DESIGNS[source["design"]])
    publication = {
        "publishedIn": {"publisher": {"display": source["publisher"]}} if source["publisher"] else None,
        "publicationDateText": None if source["year"] is None else str(source["year"]),
    }
    return omit_empty(
        {
            "title": [{"text": source["name"]}],
            "classification": [{"type": {"text": "Design of the source"}, "classifier": [design]}],
            "identifier": list_public_identifiers(source),
            "publicationForm": [form] if (form := omit_empty(publication)) else None,
            "webLocation": [{"url": source["url"]}] if source["url"] else None,
            "note": [{"text": source["note"]}] if source["note"] else None,
        }
    )
