"""Factories for seed records; every field that a test does not set has a plain, valid value."""

import json
from pathlib import Path
from typing import Any

from app.domain.json import Json
from app.seed.name_checks import find_clinical_words

SOURCES = (
    {"slug": "trial", "title": "A randomized trial", "design": "rct", "year": 2020},
    {"slug": "review", "title": "A systematic review", "design": "systematic_review", "year": 2021},
    {"slug": "leaflet", "title": "A leaflet", "design": "patient_education", "commercial": True},
)


def claim(claim_id: str, claim_kind: str, value: Json, *, source: str = "trial", **fields: Any) -> Json:
    return {
        "id": claim_id,
        "kind": claim_kind,
        "statement": f"Statement of {claim_id}.",
        "value": value,
        "citations": [{"source": source}],
        **fields,
    }


def relief(claim_id: str, *, source: str = "trial", **value: Any) -> Json:
    defaults = {
        "measure": "duration",
        "statistic": "range",
        "intent": "therapeutic",
        "magnitude": "month",
        "label": "some time",
    }
    return claim(claim_id, "relief_duration", defaults | value, source=source)


def procedure(
    slug: str, *, treats: Any = (), diagnoses: Any = (), indicated: Any = (), claims: Any = (), **fields: Any
) -> Json:
    relations = [
        claim(f"{slug}--target-t{n}", "target", {"pain_generator": generator_slug, "role": "treats"})
        for n, generator_slug in enumerate(treats)
    ]
    relations += [
        claim(f"{slug}--target-d{n}", "target", {"pain_generator": generator_slug, "role": "diagnoses"})
        for n, generator_slug in enumerate(diagnoses)
    ]
    relations += [
        claim(f"{slug}--indication-{n}", "indication", {"condition": condition_slug, "role": "treats"})
        for n, condition_slug in enumerate(indicated)
    ]
    defaults = {
        "name": slug.replace("-", " ").capitalize(),
        "family": "injection",
        "intents": ["therapeutic"],
        "implant": False,
    }
    named = {**defaults, **fields}
    return {"_": "procedures", "slug": slug, **with_patient_name(named), "claims": relations + list(claims)}


def with_patient_name(fields: Json) -> Json:
    """Fields of a record with a name for patients: its name, unless that is clinical or long."""
    name = str(fields["name"])
    is_fit = len(name) <= 60 and not find_clinical_words(name)
    return {"patient_name": name if is_fit else f"Known as ({name[:40]})", **fields}


def condition(slug: str, *, arises_from: Any = (), claims: Any = (), **fields: Any) -> Json:
    relations = [
        claim(f"{slug}--arises-from-{n}", "arises_from", {"label": "From here", "pain_generators": [generator_slug]})
        for n, generator_slug in enumerate(arises_from)
    ]
    named = {"name": slug.replace("-", " ").capitalize(), **fields}
    return {"_": "conditions", "slug": slug, **with_patient_name(named), "claims": relations + list(claims)}


def generator(slug: str, **fields: Any) -> Json:
    named = {"name": slug.replace("-", " ").capitalize(), "kind": "joint", **fields}
    return {"_": "pain_generators", "slug": slug, **with_patient_name(named)}


def risk(slug: str, **fields: Any) -> Json:
    defaults = {
        "name": slug.capitalize(),
        "lay_name": slug,
        "category": "other",
        "seriousness": "moderate",
        "seriousness_reason": "Test.",
        "description": "A risk.",
    }
    return {"_": "risks", "slug": slug, **defaults, **fields}


def source(slug: str, **fields: Any) -> Json:
    return {"_": "sources", "slug": slug, "title": slug.capitalize(), "design": "rct", **fields}


def review(record_type: str, slug: str, sha256: str, **fields: Any) -> Json:
    defaults = {"reviewer": "Ada Example", "credentials": "MD, FIPP", "reviewed_on": "2026-03-01"}
    return {"_": "reviews", "type": record_type, "slug": slug, "sha256": sha256, **defaults, **fields}


def page(slug: str, **fields: Any) -> Json:
    statement = claim(f"guide--{slug}", "guide", {"label": "A statement"})
    defaults = {
        "title": slug.capitalize(),
        "summary": {"text": "A page.", "claims": [statement["id"]]},
        "items": [],
        "claims": [statement],
    }
    return {"_": "guide", "slug": slug, **defaults, **fields}


def emergency(slug: str, **fields: Any) -> Json:
    defaults = {
        "name": slug.replace("-", " ").capitalize(),
        "lay_name": slug.replace("-", " "),
        "tier": "emergency",
        "short_sign": f"A sign of {slug}.",
        "signs": [{"text": "A sign", "claims": [f"{slug}--emergency-01"]}],
        "phrases": {"emergency": [slug.replace("-", " ")]},
        "claims": [claim(f"{slug}--emergency-01", "red_flag", {"label": "Signs"})],
    }
    return {"_": "emergencies", "slug": slug, **defaults, **fields}


ABOUT = {
    "title": "Test",
    "publisher": "Testers",
    "license": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "attribution": "Testers, CC BY 4.0",
    "notice": "Information, not advice.",
    "review": {"status": "not reviewed", "review_due": "2027-01-01"},
    "update_policy": "By releases.",
    "funding": "None.",
    "authors": "Testers",
}
FAMILIES = (
    "diagnostic_test nerve_block injection infusion ablation neurolysis decompression augmentation drug_delivery"
    " neuromodulation".split()
)
EDITORIAL = {
    "invasiveness": [{"family": family, "reason": "Test."} for family in FAMILIES],
    "emergency_words": {"aid": "brace shoe", "advice": "tips", "newly": "new", "report": "my", "onset": "since cannot"},
}
LISTS = {
    "risks": "risks",
    "sources": "sources",
    "guide": "pages",
    "emergencies": "emergencies",
    "withdrawn": "withdrawn",
}


def write_seed(root: Path, *records: Json) -> Path:
    """Write a seed directory with these records and the sources that every test may cite."""
    lists: dict[str, list[Json]] = {name: [] for name in LISTS}
    lists["sources"] = [dict(source) for source in SOURCES]
    root.mkdir(parents=True, exist_ok=True)
    for record in records:
        collection = record["_"]
        fields = {key: value for key, value in record.items() if key != "_"}
        if collection in lists:
            lists[collection].append(fields)
            continue
        (root / collection).mkdir(exist_ok=True)
        (root / collection / f"{record['slug']}.json").write_text(json.dumps(fields, indent=1), encoding="utf-8")
    for name, key in LISTS.items():
        (root / f"{name}.json").write_text(json.dumps({key: lists[name]}, indent=1), encoding="utf-8")
    (root / "about.json").write_text(json.dumps(ABOUT), encoding="utf-8")
    (root / "editorial.json").write_text(json.dumps(EDITORIAL), encoding="utf-8")
    return root
