"""One claim as one resource: ClinicalUseDefinition where R5 has its kind, Evidence for every other kind.

What R5 has an element for stands in that element; the whole claim stands in the two extensions `claim` (who says so, how
well) and `value-...` (what it says, figure by figure), so that a reader loses no number and no citation.
"""

from typing import Any, Final
from xml.sax.saxutils import escape

from app.domain import vocabulary
from app.domain.json import Json
from app.formats.fhir.extensions import extension, members_of
from app.formats.fhir.identifiers import (
    USE_TYPE,
    canonical,
    claim_id,
    coding,
    concept,
    fhir_id,
    identifier,
    record_id,
    reference,
)
from app.formats.fhir.statistics import statistics_of

# Kinds with a value of their own; every other kind has the value `statement`.
OWN_VALUES: Final = frozenset(vocabulary.EVIDENCE_CLAIM_KINDS)
CLINICAL_USE_KINDS: Final = tuple(USE_TYPE)
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/variable-role"


def value_name(kind: str) -> str:
    """Name of the extension that holds the value of a claim of this kind."""
    return f"value-{kind.replace('_', '-')}" if kind in OWN_VALUES else "value-statement"


def narrative(text: str) -> Json:
    """Text of a resource for people."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(text)}</div>'}


def claim_extensions(claim: Json) -> list[Json]:
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
    value = extension(value_name(claim["kind"]), members_of(claim["value"]))
    return [extension("claim", members_of(told)), *([value] if value["extension"] else [])]


def claim_resource(claim: Json, version: str) -> Json:
    """A claim as a resource of FHIR."""
    kind, name = claim_id(claim["kind"], claim["id"])
    head: Json = {
        "resourceType": kind,
        "id": name,
        "meta": {"versionId": fhir_id(version.replace("+", "-"))},
        "language": claim["lang"],
        "text": narrative(claim["statement"]),
        "extension": claim_extensions(claim),
    }
    return head | (_clinical_use(claim) if kind == "ClinicalUseDefinition" else _evidence(claim, version))


def sources_of(citations: list[Json]) -> list[Json]:
    """Citations as related artifacts; the source of each is a Citation of this service."""
    return [
        {
            "type": "derived-from",
            "display": cited["source"]["name"],
            "resource": canonical("Citation", fhir_id(cited["source"]["slug"])),
        }
        for cited in citations
    ]


def _clinical_use(claim: Json) -> Json:
    value, use = claim["value"], USE_TYPE[claim["kind"]]
    shown: Json = {
        "identifier": [identifier("claim", claim["id"])],
        "type": use,
        "subject": [reference(claim["subject"])],
        "status": {"coding": [{"system": "http://hl7.org/fhir/publication-status", "code": "active"}]},
    }
    if use == "indication":
        condition = value["condition"]
        shown["indication"] = {
            "diseaseSymptomProcedure": {
                "concept": concept("conditions", condition["slug"], condition["name"]),
            },
            "intendedEffect": {"concept": concept("target-roles", value["role"])},
        }
    elif use == "contraindication":
        shown["contraindication"] = {"diseaseSymptomProcedure": {"concept": {"text": value["label"]}}}
    else:
        shown["undesirableEffect"] = _undesirable_effect(value)
    return shown


def _undesirable_effect(value: Json) -> Json:
    risk = value["risk"]
    effect: Json = {
        "symptomConditionEffect": {"concept": concept("risks", risk["slug"], risk["name"], text=value["phrase"])}
    }
    if value["severity"]:
        effect["classification"] = {"text": value["severity"]}
    bands = [coding("risk-bands", band["name"]) for band in value["band"]["items"]]
    frequency = {**({"coding": bands} if bands else {}), "text": frequency_text(value)}
    return effect | {"frequencyOfOccurrence": frequency}


def frequency_text(value: Json) -> str:
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


def _evidence(claim: Json, version: str) -> Json:
    grade, reasons = claim["grade"], claim["certainty_reasons"]
    certainty: Json = {"rating": concept("grades", grade, vocabulary.GRADES[grade])}
    if reasons:
        certainty["description"] = ", ".join(reasons)
    shown: Json = {
        "url": canonical("Evidence", fhir_id(claim["id"])),
        "identifier": [identifier("claim", claim["id"])],
        "version": version,
        "title": f"{vocabulary.CLAIM_KINDS[claim['kind']]}: {claim['subject']['name']}",
        "status": "active",
        "useContext": [_kind_context(claim["kind"])],
        "relatedArtifact": sources_of(claim["citations"]),
        "assertion": claim["statement"],
        "variableDefinition": _variables(claim),
        "certainty": [certainty],
    }
    if statistics := statistics_of(claim):
        shown["statistic"] = statistics
    return shown


def _kind_context(kind: str) -> Json:
    code = {"system": "http://terminology.hl7.org/CodeSystem/usage-context-type", "code": "focus"}
    return {"code": code, "valueCodeableConcept": concept("claim-kinds", kind, vocabulary.CLAIM_KINDS[kind])}


def _variables(claim: Json) -> list[Json]:
    subject, qualifiers, value = claim["subject"], claim["qualifiers"], claim["value"]
    first = _variable("exposure" if subject["type"] == "procedure" else "population", subject["name"])
    if subject["type"] in {"condition", "pain_generator"}:
        first["observed"] = {"reference": "/".join(record_id(subject["type"], subject["slug"]))}
    told: list[tuple[str, Any]] = [
        ("population", qualifiers["population"]),
        ("referenceExposure", qualifiers["comparator"]),
        ("measuredVariable", value.get("outcome") or qualifiers["definition"]),
    ]
    return [first, *(_variable(role, text) for role, text in told if text)]


def _variable(role: str, text: str) -> Json:
    return {"description": text, "variableRole": {"coding": [{"system": _ROLE, "code": role}]}}
