"""Factories of seed records: what a test does not say is plain and valid."""

import json
from pathlib import Path
from typing import Any

Record = dict[str, Any]
SOURCES = (
    {"slug": "trial", "title": "A randomized trial", "design": "rct", "year": 2020},
    {"slug": "review", "title": "A systematic review", "design": "systematic_review", "year": 2021},
    {"slug": "leaflet", "title": "A leaflet", "design": "patient_education", "commercial": True},
)


def claim(claim_id: str, kind: str, value: Record, *, source: str = "trial", **more: Any) -> Record:
    statement = f"Statement of {claim_id}."
    return {
        "id": claim_id,
        "kind": kind,
        "statement": statement,
        "value": value,
        "citations": [{"source": source}],
        **more,
    }


def relief(claim_id: str, *, source: str = "trial", **value: Any) -> Record:
    given = {
        "measure": "duration",
        "statistic": "range",
        "intent": "therapeutic",
        "magnitude": "month",
        "label": "some time",
    }
    return claim(claim_id, "relief_duration", given | value, source=source)


def procedure(
    slug: str, *, treats: Any = (), diagnoses: Any = (), indicated: Any = (), claims: Any = (), **more: Any
) -> Record:
    made = [
        claim(f"{slug}--target-t{n}", "target", {"pain_generator": one, "role": "treats"})
        for n, one in enumerate(treats)
    ]
    made += [
        claim(f"{slug}--target-d{n}", "target", {"pain_generator": one, "role": "diagnoses"})
        for n, one in enumerate(diagnoses)
    ]
    made += [
        claim(f"{slug}--indication-{n}", "indication", {"condition": one, "role": "treats"})
        for n, one in enumerate(indicated)
    ]
    plain = {
        "name": slug.replace("-", " ").capitalize(),
        "family": "injection",
        "intents": ["therapeutic"],
        "implant": False,
    }
    return {"_": "procedures", "slug": slug, **plain, **more, "claims": made + list(claims)}


def condition(slug: str, *, arises_from: Any = (), claims: Any = (), **more: Any) -> Record:
    made = [
        claim(f"{slug}--arises-from-{n}", "arises_from", {"label": "From here", "pain_generators": [one]})
        for n, one in enumerate(arises_from)
    ]
    return {
        "_": "conditions",
        "slug": slug,
        "name": slug.replace("-", " ").capitalize(),
        **more,
        "claims": made + list(claims),
    }


def generator(slug: str, **more: Any) -> Record:
    return {"_": "pain_generators", "slug": slug, "name": slug.replace("-", " ").capitalize(), "kind": "joint", **more}


def risk(slug: str, **more: Any) -> Record:
    plain = {"name": slug.capitalize(), "lay_name": slug, "category": "other", "description": "A risk."}
    return {"_": "risks", "slug": slug, **plain, **more}


def source(slug: str, **more: Any) -> Record:
    return {"_": "sources", "slug": slug, "title": slug.capitalize(), "design": "rct", **more}


def page(slug: str, **more: Any) -> Record:
    made = claim(f"guide--{slug}", "guide", {"label": "A statement"})
    plain = {
        "title": slug.capitalize(),
        "summary": {"text": "A page.", "claims": [made["id"]]},
        "items": [],
        "claims": [made],
    }
    return {"_": "guide", "slug": slug, **plain, **more}


ABOUT = {
    "title": "Test",
    "publisher": "Testers",
    "licence": "CC BY 4.0",
    "licence_url": "https://creativecommons.org/licenses/by/4.0/",
    "attribution": "Testers, CC BY 4.0",
    "notice": "Information, not advice.",
    "review": {"status": "not reviewed", "review_due": "2027-01-01"},
    "update_policy": "By releases.",
    "funding": "None.",
    "authors": "Testers",
}
FAMILIES = (
    "diagnostic_test nerve_block injection ablation decompression augmentation drug_delivery neuromodulation".split()
)
EDITORIAL = {"invasiveness": [{"family": family, "reason": "Test."} for family in FAMILIES]}
LISTS = {"risks": "risks", "sources": "sources", "guide": "pages", "withdrawn": "withdrawn"}


def write_seed(root: Path, *records: Record) -> Path:
    """Files of a seed directory that holds these records, and the sources every test may cite."""
    lists: dict[str, list[Record]] = {name: [] for name in LISTS}
    lists["sources"] = [dict(one) for one in SOURCES]
    root.mkdir(parents=True, exist_ok=True)
    for given in records:
        record = dict(given)
        family = record.pop("_")
        if family in lists:
            lists[family].append(record)
            continue
        (root / family).mkdir(exist_ok=True)
        (root / family / f"{record['slug']}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    for name, key in LISTS.items():
        (root / f"{name}.json").write_text(json.dumps({key: lists[name]}, indent=1), encoding="utf-8")
    (root / "about.json").write_text(json.dumps(ABOUT), encoding="utf-8")
    (root / "editorial.json").write_text(json.dumps(EDITORIAL), encoding="utf-8")
    return root
