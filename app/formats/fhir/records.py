"""Record resources: ActivityDefinition (procedures), EvidenceVariable (conditions, pain generators), Citation (sources).

Condition and BodyStructure of R5 belong to a patient, so conditions and pain generators are variables that evidence is
about. Facts about the record itself are in the extension `record`; its claims are separate resources.
"""

from collections.abc import Sequence
from typing import Final

from app.domain import vocabulary
from app.domain.claim_kinds import list_blocks
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.formats.fhir.claims import build_narrative
from app.formats.fhir.extensions import build_extension, build_members, get_fact_member_name
from app.formats.fhir.identifiers import (
    build_codeable_concept,
    build_coding,
    build_identifier,
    build_meta,
    build_related_artifacts,
    canonical_url,
    get_record_resource_id,
)

# Code systems of other organizations -> their URL in FHIR.
EXTERNAL_CODE_SYSTEMS: Final = {
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "CPT": "http://www.ama-assn.org/go/cpt",
}
# Status of a source -> FHIR publication status.
STATUS_BY_SOURCE_STATUS: Final = {"current": "active", "superseded": "retired", "retracted": "retired"}


def build_record_resource(document: Json, release_date: str) -> Json:
    """Build the resource for a procedure, condition or pain generator document of /v1."""
    texts = {section: block["items"] for section, block in document["texts"].items()}
    descriptions = [texts[section][0]["text"] for section in ("clinical", "summary") if texts.get(section)]
    license_ = document["license"]
    extensions = [build_extension("record", build_members(_build_record_members(document, texts)))]
    for estimate in document.get("typical_relief", {"items": []})["items"]:
        extensions.append(build_extension("typical-relief", build_members(estimate)))
    resource = _build_common_elements(
        document,
        text=document["summary"] or document["name"],
        extensions=extensions,
        status="active",
        date=release_date,
        publisher=license_["attribution"],
    )
    resource |= {
        "description": next(iter(descriptions), document["name"]),
        "copyright": f"{license_['name']}, {license_['url']}. {document['notice']['text']}",
        "copyrightLabel": license_["attribution"],
    }
    if document["review"]["reviewed_on"]:
        resource["lastReviewDate"] = document["review"]["reviewed_on"]
    if document["sources"]:
        resource["relatedArtifact"] = build_related_artifacts(document["sources"])
    is_procedure = document["type"] == "procedure"
    return resource | (_build_activity_elements(document) if is_procedure else _build_variable_elements(document))


def _build_common_elements(
    document: Json, *, text: str, extensions: Sequence[Json], status: str, date: str, publisher: str
) -> Json:
    resource_type, resource_id = get_record_resource_id(document["type"], document["slug"])
    return {
        "resourceType": resource_type,
        "id": resource_id,
        "meta": build_meta(document["last_changed_in"]),
        "language": "en",
        "text": build_narrative(text),
        "extension": extensions,
        "url": canonical_url(resource_type, resource_id),
        "identifier": [build_identifier(document["type"], document["slug"])],
        "version": document["last_changed_in"],
        # FHIR wants a name for programs: a capital letter, then letters, digits and underscores.
        "name": "Kb_" + document["slug"].replace("-", "_"),
        "title": document["name"],
        "status": status,
        "date": date,
        "publisher": publisher,
    }


def _build_record_members(document: Json, texts: dict[str, list[Json]]) -> Json:
    statuses = {block: document[block]["status"] for block in list_blocks(document["type"])}
    related = document["related"]
    return {
        "slug": document["slug"],
        "type": document["type"],
        "name": document["names"],
        "body-region": document["body_regions"],
        **{
            get_fact_member_name(fact, repeats=isinstance(document[fact], list)): document[fact]
            for fact in RECORD_TYPES[document["type"]].facts
        },
        "prose": [
            {"section": section, "text": text["text"], "claim": text["claims"]}
            for section, section_texts in texts.items()
            for text in section_texts
        ],
        "empty-block": [{"block": block, "status": status} for block, status in statuses.items() if status != "known"],
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
        "review": document["review"],
        "last-changed-in": document["last_changed_in"],
    }


def _list_external_codings(document: Json) -> list[Json]:
    """List codes of other organizations that a source states, if FHIR has a URL for their code system."""
    codings: dict[tuple[str, str], Json] = {}
    for claim in document["codes"]["items"]:
        details = {detail["name"]: detail["text"] for detail in claim["value"]["details"]}
        if system := EXTERNAL_CODE_SYSTEMS.get(details.get("system", "")):
            for code in claim["value"]["values"]:
                codings[system, code] = {"system": system, "code": code}
    return list(codings.values())


def _build_record_concept(document: Json) -> Json:
    coding = build_coding(RECORD_TYPES[document["type"]].fhir_system, document["slug"], document["name"])
    return {"coding": [coding, *_list_external_codings(document)], "text": document["name"]}


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
    elements: Json = {
        "usage": document["notice"]["text"],
        "topic": topics,
        "kind": "ServiceRequest",
        "code": _build_record_concept(document),
    }
    if document["summary"]:
        elements["purpose"] = document["summary"]
    if sites := document["sites"]["items"]:
        elements["bodySite"] = [{"text": claim["value"]["label"]} for claim in sites]
    return elements


def _build_variable_elements(document: Json) -> Json:
    return {
        "note": [{"text": document["notice"]["text"]}],
        "actual": False,
        "characteristic": [
            {"description": document["name"], "definitionCodeableConcept": _build_record_concept(document)}
        ],
    }


def build_citation(source: Json, release_date: str, publisher: str) -> Json:
    """Build the Citation for a source summary of /v1."""
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
    members = {name: source[name] for name in ("slug", "design", "commercial", "status", "year")}
    resource = _build_common_elements(
        source,
        text=source["name"],
        extensions=[build_extension("source", build_members(members))],
        status=STATUS_BY_SOURCE_STATUS[source["status"]],
        date=release_date,
        publisher=publisher,
    )
    return resource | {"citedArtifact": artifact}
