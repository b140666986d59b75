"""Records as resources: procedures are ActivityDefinitions, conditions and pain generators EvidenceVariables, sources Citations.

R5 has no definition of a condition or of a body structure that is not somebody's own, so both are variables that evidence
speaks of. What is true of a record itself stands in the extension `record`; its claims are resources of their own.
"""

from typing import Any, Final

from app.domain import vocabulary
from app.domain.blocks import BLOCK_BY_CLAIM_KIND, CLAIM_KINDS_BY_RECORD_TYPE
from app.domain.json import Json
from app.formats.fhir.claims import build_narrative
from app.formats.fhir.extensions import build_extension, build_members
from app.formats.fhir.identifiers import (
    SYSTEM_BY_RECORD_TYPE,
    build_codeable_concept,
    build_coding,
    build_identifier,
    canonical_url,
    get_record_resource_id,
    to_fhir_id,
)

# Systems of other bodies, as FHIR names them.
EXTERNAL_CODE_SYSTEMS: Final = {
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "CPT": "http://www.ama-assn.org/go/cpt",
}
# What a publication status of FHIR means for a source.
STATUS_BY_SOURCE_STATUS: Final = {"current": "active", "superseded": "retired", "retracted": "retired"}


def build_record_resource(document: Json, release_date: str) -> Json:
    """A procedure, condition or pain generator as a resource."""
    kind = document["type"]
    resource, name = get_record_resource_id(kind, document["slug"])
    texts = {section: block["items"] for section, block in document["texts"].items()}
    description = next((texts[one][0]["text"] for one in ("clinical", "summary") if texts.get(one)), document["name"])
    shown: Json = {
        "resourceType": resource,
        "id": name,
        "meta": {"versionId": to_fhir_id(document["updated_in"].replace("+", "-"))},
        "language": "en",
        "text": build_narrative(document["summary"] or document["name"]),
        "extension": [
            build_extension("record", build_members(_build_record_members(document, texts))),
            *_build_typical_relief(document),
        ],
        "url": canonical_url(resource, name),
        "identifier": [build_identifier(kind, document["slug"])],
        "version": document["updated_in"],
        "name": _computable_name(document["slug"]),
        "title": document["name"],
        "status": "active",
        "date": release_date,
        "publisher": document["licence"]["attribution"],
        "description": description,
        "copyright": f"{document['licence']['name']}, {document['licence']['url']}. {document['notice']['text']}",
        "copyrightLabel": document["licence"]["attribution"],
    }
    if document["review"]["reviewed_on"]:
        shown["lastReviewDate"] = document["review"]["reviewed_on"]
    if document["sources"]:
        shown["relatedArtifact"] = [
            {
                "type": "derived-from",
                "display": ref["name"],
                "resource": canonical_url("Citation", to_fhir_id(ref["slug"])),
            }
            for ref in document["sources"]
        ]
    return shown | (_build_activity_elements(document) if kind == "procedure" else _build_variable_elements(document))


def _computable_name(slug: str) -> str:
    """A name as FHIR wants it for programs: a capital letter, then letters, digits and underscores."""
    return "Kb_" + slug.replace("-", "_")


def _build_record_members(document: Json, texts: dict[str, list[Json]]) -> Json:
    kind = document["type"]
    blocks = {
        BLOCK_BY_CLAIM_KIND[one]: document[BLOCK_BY_CLAIM_KIND[one]]["status"]
        for one in CLAIM_KINDS_BY_RECORD_TYPE[kind]
    }
    related = document["related"]
    return {
        "slug": document["slug"],
        "type": kind,
        "name": document["names"],
        "body-region": document["body_regions"],
        "family": document.get("family"),
        "intent": document.get("intents"),
        "implant": document.get("implant"),
        "stub": document.get("stub"),
        "kind": document.get("kind"),
        "prose": [
            {"section": section, "text": one["text"], "claim": one["claims"]}
            for section, items in texts.items()
            for one in items
        ],
        "empty-block": [{"block": one, "status": status} for one, status in blocks.items() if status != "known"],
        "broader": related["broader"]["items"],
        "narrower": related["narrower"]["items"],
        "related": [
            {"relation": one["type"], "procedure": one["procedure"], "claim": one["claims"], "reason": one["reason"]}
            for one in related.get("procedures", {"items": []})["items"]
        ],
        "review": document["review"],
        "updated-in": document["updated_in"],
    }


def _build_typical_relief(document: Json) -> list[Json]:
    items = document.get("typical_relief", {"items": []})["items"]
    return [build_extension("typical-relief", build_members(item)) for item in items]


def _list_external_codings(document: Json) -> list[Json]:
    """Codes of other bodies, where a source gives them and FHIR names their system."""
    found = []
    for claim in document["codes"]["items"]:
        value = claim["value"]
        said = {detail["name"]: detail["text"] for detail in value["details"]}
        if system := EXTERNAL_CODE_SYSTEMS.get(said.get("system", "")):
            found += [{"system": system, "code": code} for code in value["values"]]
    return [dict(pairs) for pairs in dict.fromkeys(tuple(one.items()) for one in found)]


def _build_record_concept(document: Json) -> Json:
    own = build_coding(SYSTEM_BY_RECORD_TYPE[document["type"]], document["slug"], document["name"])
    return {"coding": [own, *_list_external_codings(document)], "text": document["name"]}


def _build_activity_elements(document: Json) -> Json:
    topics = [build_codeable_concept("families", document["family"], vocabulary.PROCEDURE_FAMILIES[document["family"]])]
    topics += [build_codeable_concept("intents", one, vocabulary.INTENTS[one]) for one in document["intents"]]
    topics += [
        build_codeable_concept("body-regions", one, vocabulary.BODY_REGIONS[one]) for one in document["body_regions"]
    ]
    shown: Json = {
        "usage": document["notice"]["text"],
        "topic": topics,
        "kind": "ServiceRequest",
        "code": _build_record_concept(document),
    }
    if document["summary"]:
        shown["purpose"] = document["summary"]
    if sites := document["sites"]["items"]:
        shown["bodySite"] = [{"text": claim["value"]["label"]} for claim in sites]
    return shown


def _build_variable_elements(document: Json) -> Json:
    return {
        "note": [{"text": document["notice"]["text"]}],
        "actual": False,
        "characteristic": [
            {"description": document["name"], "definitionCodeableConcept": _build_record_concept(document)}
        ],
    }


def build_citation(source: Json, release_date: str, publisher: str) -> Json:
    """A source as a Citation."""
    design = source["design"]
    artifact: Json = {
        "title": [{"text": source["name"]}],
        "classification": [
            {
                "type": {"text": "Design of the source"},
                "classifier": [build_codeable_concept("designs", design, vocabulary.DESIGNS[design])],
            }
        ],
    }
    if source["doi"]:
        artifact["identifier"] = [{"system": "https://doi.org", "value": source["doi"]}]
    form: Json = {}
    if source["publisher"]:
        form["publishedIn"] = {"publisher": {"display": source["publisher"]}}
    if source["year"] is not None:
        form["publicationDateText"] = str(source["year"])
    if form:
        artifact["publicationForm"] = [form]
    if source["url"]:
        artifact["webLocation"] = [{"url": source["url"]}]
    if source["note"]:
        artifact["note"] = [{"text": source["note"]}]
    told: dict[str, Any] = {name: source[name] for name in ("slug", "design", "commercial", "status", "year")}
    resource, name = get_record_resource_id("source", source["slug"])
    return {
        "resourceType": resource,
        "id": name,
        "meta": {"versionId": to_fhir_id(source["updated_in"].replace("+", "-"))},
        "language": "en",
        "text": build_narrative(source["name"]),
        "extension": [build_extension("source", build_members(told))],
        "url": canonical_url(resource, name),
        "identifier": [build_identifier("source", source["slug"])],
        "version": source["updated_in"],
        "name": _computable_name(source["slug"]),
        "title": source["name"],
        "status": STATUS_BY_SOURCE_STATUS[source["status"]],
        "date": release_date,
        "publisher": publisher,
        "citedArtifact": artifact,
    }
