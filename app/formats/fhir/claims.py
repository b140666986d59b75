"""Claim resources: ClinicalUseDefinition for the claim kinds that R5 models, Evidence for every other kind.

Content that R5 has an element for is in that element. The whole claim is also in two extensions, `claim` (who says it and
how well it is supported) and `value-...` (its figures), so that no number and no citation is lost.
"""

from collections.abc import Callable, Sequence
from typing import Final

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.domain.values import StatementValue
from app.formats.fhir import elements
from app.formats.fhir.elements import build_codeable_concept, omit_empty
from app.formats.fhir.extensions import build_extension
from app.formats.fhir.statistics import build_statistics
from app.formats.safety import NOT_COUNTED, describe_unit

_VARIABLE_ROLE: Final = "http://terminology.hl7.org/CodeSystem/variable-role"
_USAGE_CONTEXT: Final = "http://terminology.hl7.org/CodeSystem/usage-context-type"


def get_value_extension_name(claim_kind: str) -> str:
    """Name of the extension that holds the value of a claim."""
    is_statement = CLAIM_KINDS[claim_kind].value_model is StatementValue
    return "value-statement" if is_statement else f"value-{claim_kind.replace('_', '-')}"


# (record type, slug) -> (system, code, title) of the codes of other organizations that mean the record.
ListCodes = Callable[[str, str], Sequence[tuple[str, str, str | None]]]


def build_claim_resource(claim: Json, version: str, list_codes: ListCodes) -> Json:
    """Build the resource for a claim document of /v1."""
    resource_type = elements.get_claim_resource_type(claim["kind"])
    resource: Json = {
        "resourceType": resource_type,
        "id": elements.to_fhir_id(claim["id"]),
        "meta": elements.build_meta(version),
        "language": claim["lang"],
        "text": elements.build_narrative(claim["statement"]),
        "extension": _build_extensions(claim),
    }
    identifier = [elements.build_identifier("claim", claim["id"])]
    if resource_type == "ClinicalUseDefinition":
        return resource | {"identifier": identifier} | _build_clinical_use(claim, list_codes)
    url = elements.canonical_url(resource_type, resource["id"])
    return resource | {"url": url, "identifier": identifier, "version": version} | _build_evidence(claim)


def _build_extensions(claim: Json) -> list[Json]:
    """Build the extensions that hold the whole claim: `claim`, and `value-...` unless it is empty."""
    members = {
        "id": claim["id"],
        "kind": claim["kind"],
        "subject": claim["subject"],
        "statement": claim["statement"],
        "commercial": claim["commercial"],
        "certainty": claim["certainty"],
        "support": claim["support"],
        "reason": claim["reason"],
        "citation": claim["citations"],
        "qualifiers": claim["qualifiers"],
    }
    value = build_extension(get_value_extension_name(claim["kind"]), claim["value"])
    return [build_extension("claim", members), *([value] if value["extension"] else [])]


def _build_clinical_use(claim: Json, list_codes: ListCodes) -> Json:
    value, use = claim["value"], elements.USE_TYPE_BY_CLAIM_KIND[claim["kind"]]
    clinical_use: Json = {
        "type": use,
        "subject": [elements.build_reference(claim["subject"])],
        "status": {"coding": [{"system": "http://hl7.org/fhir/publication-status", "code": "active"}]},
    }
    if use == "indication":
        condition = build_codeable_concept("conditions", value["condition"]["slug"], value["condition"]["name"])
        condition["coding"] += [
            omit_empty({"system": system, "code": code, "display": title})
            for system, code, title in list_codes("condition", value["condition"]["slug"])
        ]
        clinical_use["indication"] = {
            "diseaseSymptomProcedure": {"concept": condition},
            "intendedEffect": {"concept": build_codeable_concept("target-roles", value["role"])},
        }
    elif use == "contraindication":
        topics = [
            elements.build_coding("contraindication-topics", topic, vocabulary.CONTRAINDICATION_TOPICS[topic])
            for topic in value["topics"]
        ]
        concept = omit_empty({"coding": topics, "text": value["label"]})
        clinical_use["contraindication"] = {"diseaseSymptomProcedure": {"concept": concept}}
    else:
        clinical_use["undesirableEffect"] = _build_undesirable_effect(value, claim["qualifiers"])
    return clinical_use


def _build_undesirable_effect(value: Json, qualifiers: Json) -> Json:
    risk = build_codeable_concept("risks", value["risk"]["slug"], value["risk"]["name"], text=value["phrase"])
    bands = [elements.build_coding("risk-bands", band["name"]) for band in value["band"]["items"]]
    return omit_empty(
        {
            "symptomConditionEffect": {"concept": risk},
            "classification": omit_empty({"text": value["severity"]}),
            "frequencyOfOccurrence": omit_empty({"coding": bands, "text": _render_frequency(value, qualifiers)}),
        }
    )


def _render_frequency(value: Json, qualifiers: Json) -> str:
    """Render how often a risk occurs: count and denominator, rate, in whom, the source's phrase, the state of knowledge."""
    parts = []
    if value["observed"] is not None:
        parts.append(f"{value['observed']} of {value['n']}" if value["n"] is not None else f"{value['observed']} seen")
    low, high = value["percent_min"], value["percent_max"]
    if low is not None and high is not None:
        parts.append(f"{low:g} %" if low == high else f"{low:g} to {high:g} %")
    elif low is not None or high is not None:
        parts.append(f"at least {low:g} %" if high is None else f"up to {high:g} %")
    counted = f"counted: {unit}" if (unit := describe_unit(value["per"])) else NOT_COUNTED
    population = f"in: {qualifiers['population']}" if qualifiers["population"] else ""
    parts += [
        part for part in (counted if parts else "", population, value["timeframe"], value["frequency_words"]) if part
    ]
    return "; ".join([*parts, vocabulary.RISK_STATES[value["state"]]])


def _build_evidence(claim: Json) -> Json:
    kind_label = CLAIM_KINDS[claim["kind"]].label
    use_context = {
        "code": {"system": _USAGE_CONTEXT, "code": "focus"},
        "valueCodeableConcept": build_codeable_concept("claim-kinds", claim["kind"], kind_label),
    }
    return omit_empty(
        {
            "title": f"{kind_label}: {claim['subject']['name']}",
            "status": "active",
            "useContext": [use_context],
            "relatedArtifact": elements.build_related_artifacts(citation["source"] for citation in claim["citations"]),
            "assertion": claim["statement"],
            "variableDefinition": _build_variables(claim),
            "certainty": _build_certainty(claim["certainty"]),
            "statistic": build_statistics(claim),
        }
    )


def _build_certainty(certainty: Json | None) -> list[Json]:
    """Build the certainty that a review or a guideline states; it is never derived from the kind of source."""
    if certainty is None:
        return []
    rating = certainty["rating"]
    concept = build_codeable_concept("certainty-ratings", rating, vocabulary.CERTAINTY_RATINGS[rating])
    return [{"description": certainty["outcome"], "rating": concept, "rater": certainty["stated_by"]}]


def _build_variables(claim: Json) -> list[Json]:
    subject, qualifiers, value = claim["subject"], claim["qualifiers"], claim["value"]
    subject_variable = _build_variable("exposure" if subject["type"] == "procedure" else "population", subject["name"])
    if subject["type"] in {"condition", "pain_generator"}:
        reference = elements.build_reference(subject)["reference"]
        subject_variable["observed"] = {"reference": reference}
    others = [
        ("population", qualifiers["population"]),
        ("referenceExposure", qualifiers["comparator"]),
        ("measuredVariable", value.get("outcome") or qualifiers["definition"]),
    ]
    return [subject_variable, *(_build_variable(role, text) for role, text in others if text)]


def _build_variable(role: str, text: str) -> Json:
    return {"description": text, "variableRole": {"coding": [{"system": _VARIABLE_ROLE, "code": role}]}}
