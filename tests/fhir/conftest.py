"""A server with /fhir and a few records, for each database engine."""

import asyncio
from collections.abc import Iterator

import pytest
from build import claim, condition, generator, procedure, risk, source
from conftest import Client, Load

from app.main import create_app
from app.settings import Settings

CODED = {"type": "condition", "slug": "sciatica"}
LONG = "a-procedure-whose-slug-is-longer-than-the-sixty-four-characters-of-a-fhir-id"


@pytest.fixture
def fhir(database_url: str, load: Load, runner: asyncio.Runner) -> Iterator[Client]:
    events = claim(
        "p--risk",
        "procedure_risk",
        {"risk": "bleeding", "phrase": "a bruise", "state": "known", "observed": 3, "n": 120, "per": "people"},
    )
    stop = claim("p--stop", "contraindication", {"label": "Infection of the skin", "topics": ["local_infection"]})
    load(
        source("cited", doi="10.1000/182", pmid="12345", number="NG59", publisher="NICE"),
        risk("bleeding"),
        generator("facet-joint"),
        condition("sciatica"),
        procedure("p", names=[{"text": "Needle work", "kind": "synonym"}], indicated=["sciatica"], treats=["facet-joint"], claims=[events, stop]),
        procedure("q", family="ablation", former_slugs=["old-q"]),
        procedure(LONG, indicated=["sciatica"]),
        {"_": "codes", "slug": "icd-10-cm", "version": "2026-04-01", "codes": [
            {"id": "M54.3", "title": "Sciatica", "billable": False, "subtree": True, "records": [CODED | {"relation": "narrower"}]},
            {"id": "M54.16", "title": "Radiculopathy, lumbar region", "billable": True, "records": [CODED | {"relation": "exact"}]},
        ]},
    )  # fmt: skip
    fhir_client = Client(
        create_app(Settings(database_url=database_url, features=("fhir",), public_url="http://kb.test")), runner
    )
    fhir_client.poll_release()
    yield fhir_client
    fhir_client.close()
