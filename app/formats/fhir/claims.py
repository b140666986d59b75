"""One claim as one resource: ClinicalUseDefinition where R5 has its kind, Evidence for every other kind.

What R5 has an element for stands in that element; the whole claim stands in the two extensions `claim` (who says so, how
well) and `value-...` (what it says, figure by figure), so that a reader loses no number and no citation.
"""

from typing import Any, Final
from xml.sax.saxutils import escape

from app.domain import vocabulary
from app.domain.json import Json
from app.formats.fhir.extensions import build_extension, build_members
from app.formats.fhir.identifiers import (
    USE_TYPE_BY_CLAIM_KIND,
    build_codeable_concept,
    build_coding,
    build_identifier,
    build_reference,
    canonical_url,
    get_claim_resource_id,
    get_record_resource_id,
    to_fhir_id,
)
from app.formats.fhir.statistics import build_statistics

# Kinds with a value of their own; every other kind has the value `statement`.
KINDS_WITH_VALUE_MODEL: Final = frozenset(vocabulary.EVIDENCE_CLAIM_KINDS)
CLINICAL_USE_KINDS: Final = tuple(USE_TYPE_BY_CLAIM_KIND)
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/variable-role"


def get_value_extension_name(kind: str) -> str:
    """Name of the extension that holds the value of a claim of this kind."""
    return f"value-{kind.replace('_', '-')}" if kind in KINDS_WITH_VALUE_MODEL else "value-statement"


def build_narrative(text: str) -> Json:
    """Text of a resource for people."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(text)}</div>'}


def build_claim_extensions(claim: Json) -> list[Json]:
    """The whole claim."""
    told = {
        "id": claim["id"],
        "kind": claim["kind"],
        "subject": claim["subject"],
        "statement": claim["statement"],
        "grade": claim["grade"],
        "certainty-reason": claim["certainty_reasons"],
        "support": claim["support"],
        "reason": claim["reason"],
        "citation": [
            {"source": cited["source"], "locator": cited["locator"], "note": cited["note"]}
            for cited in claim["citations"]
        ],
        "qualifiers": claim["qualifiers"],
    }
    value = build_extension(get_value_extension_name(claim["kind"]), build_members(claim["value"]))
    return [build_extension("claim", build_members(told)), *([value] if value["extension"] else [])]


def build_claim_resource(claim: Json, version: str) -> Json:
    """A claim as a resource of FHIR."""
    kind, name = get_claim_resource_id(claim["kind"], claim["id"])
    head: Json = {
        "resourceType": kind,
        "id": name,
        "meta": {"versionId": to_fhir_id(version.replace("+", "-"))},
        "language": claim["lang"],
        "text": build_narrative(claim["statement"]),
        "extension": build_claim_extensions(claim),
    }
    return head | (_build_clinical_use(claim) if kind == "ClinicalUseDefinition" else _build_evidence(claim, version))


def build_related_artifacts(citations: list[Json]) -> list[Json]:
    """Citations as related artifacts; the source of each is a Citation of this service."""
    return [
        {
            "type": "derived-from",
            "display": cited["source"]["name"],
            "resource": canonical_url("Citation", to_fhir_id(cited["source"]["slug"])),
        }
        for cited in citations
    ]


def _build_clinical_use(claim: Json) -> Json:
    value, use = claim["value"], USE_TYPE_BY_CLAIM_KIND[claim["kind"]]
    shown: Json = {
        "identifier": [build_identifier("claim", claim["id"])],
        "type": use,
        "subject": [build_reference(claim["subject"])],
        "status": {"coding": [{"system": "http://hl7.org/fhir/publication-status", "code": "active"}]},
    }
    if use == "indication":
        condition = value["condition"]
        shown["indication"] = {
            "diseaseSymptomProcedure": {
                "concept": build_codeable_concept("conditions", condition["slug"], condition["name"]),
            },
            "intendedEffect": {"concept": build_codeable_concept("target-roles", value["role"])},
        }
    elif use == "contraindication":
        shown["contraindication"] = {"diseaseSymptomProcedure": {"concept": {"text": value["label"]}}}
    else:
        shown["undesirableEffect"] = _build_undesirable_effect(value)
    return shown


def _build_undesirable_effect(value: Json) -> Json:
    risk = value["risk"]
    effect: Json = {
        "symptomConditionEffect": {
            "concept": build_codeable_concept("risks", risk["slug"], risk["name"], text=value["phrase"])
        }
    }
    if value["severity"]:
        effect["classification"] = {"text": value["severity"]}
    bands = [build_coding("risk-bands", band["name"]) for band in value["band"]["items"]]
    frequency = {**({"coding": bands} if bands else {}), "text": render_frequency(value)}
    return effect | {"frequencyOfOccurrence": frequency}


def render_frequency(value: Json) -> str:
    """How often, in words: the count with its denominator, the rate, the source's own words, or that it is not known."""
    parts = []
    if value["observed"] is not None:
        parts.append(f"{value['observed']} of {value['n']}" if value["n"] is not None else f"{value['observed']} seen")
    low, high = value["percent_min"], value["percent_max"]
    if low is not None and high is not None:
        parts.append(f"{low:g} %" if low == high else f"{low:g} to {high:g} %")
    elif low is not None or high is not None:
        parts.append(f"at least {low:g} %" if high is None else f"up to {high:g} %")
    parts += [part for part in (value["frequency_words"], value["per"] and f"per {value['per']}") if part]
    return "; ".join([*parts, vocabulary.RISK_STATES[value["state"]]])


def _build_evidence(claim: Json, version: str) -> Json:
    grade, reasons = claim["grade"], claim["certainty_reasons"]
    certainty: Json = {"rating": build_codeable_concept("grades", grade, vocabulary.GRADES[grade])}
    if reasons:
        certainty["description"] = ", ".join(reasons)
    shown: Json = {
        "url": canonical_url("Evidence", to_fhir_id(claim["id"])),
        "identifier": [build_identifier("claim", claim["id"])],
        "version": version,
        "title": f"{vocabulary.CLAIM_KINDS[claim['kind']]}: {claim['subject']['name']}",
        "status": "active",
        "useContext": [_build_kind_context(claim["kind"])],
        "relatedArtifact": build_related_artifacts(claim["citations"]),
        "assertion": claim["statement"],
        "variableDefinition": _build_variables(claim),
        "certainty": [certainty],
    }
    if statistics := build_statistics(claim):
        shown["statistic"] = statistics
    return shown


def _build_kind_context(kind: str) -> Json:
    code = {"system": "http://terminology.hl7.org/CodeSystem/usage-context-type", "code": "focus"}
    return {
        "code": code,
        "valueCodeableConcept": build_codeable_concept("claim-kinds", kind, vocabulary.CLAIM_KINDS[kind]),
    }


def _build_variables(claim: Json) -> list[Json]:
    subject, qualifiers, value = claim["subject"], claim["qualifiers"], claim["value"]
    first = _build_variable("exposure" if subject["type"] == "procedure" else "population", subject["name"])
    if subject["type"] in {"condition", "pain_generator"}:
        first["observed"] = {"reference": "/".join(get_record_resource_id(subject["type"], subject["slug"]))}
    told: list[tuple[str, Any]] = [
        ("population", qualifiers["population"]),
        ("referenceExposure", qualifiers["comparator"]),
        ("measuredVariable", value.get("outcome") or qualifiers["definition"]),
    ]
    return [first, *(_build_variable(role, text) for role, text in told if text)]


def _build_variable(role: str, text: str) -> Json:
    return {"description": text, "variableRole": {"coding": [{"system": _ROLE, "code": role}]}}
