"""A release of N procedures, made by arithmetic: the same N gives the same content everywhere.

The shape is that of the real content (hierarchies, edges, estimates, risks, sources); the sentences say nothing. It goes
the way of every release: the same documents, lists and tables, written by the same loader.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import shake_128
from struct import unpack
from typing import Any, Final

from app.domain import values, vocabulary
from app.domain.values import Qualifiers
from app.loader.content import State
from app.read_model.graph import index_of
from app.seed import schema as seed
from app.seed.diff import History
from app.seed.reader import Bundle

_SYLLABLES: Final = ("ba", "co", "di", "fe", "go", "hu", "ka", "li", "mo", "ne", "pu", "ra", "si", "to", "vu", "za")
_FAMILIES: Final = tuple(vocabulary.FAMILIES)
_REGIONS: Final = tuple(vocabulary.BODY_REGIONS)
_VERSION: Final = "1.0.0"
_NO_QUALIFIERS: Final = Qualifiers()
# What is the same in all records is one object, and no default is made anew for each: a gigabyte at 100 000 procedures.
_NONE: Final[list[Any]] = []
_CLAIM_FIELDS: Final = {"id", "kind", "statement", "value", "citations"}
_PROCEDURE_FIELDS: Final = {"slug", "name", "claims", "texts", "family", "intents", "body_regions", "implant", "names"}
_TEXT_FIELDS: Final = {"text", "claims"}
_INTENTS: Final = ["therapeutic"]
_REGION_LISTS: Final = [[region] for region in _REGIONS]


@lru_cache(maxsize=10_000)
def word(number: int) -> str:
    """A made-up word: short for small numbers, no two alike."""
    text = ""
    number += 16
    while number:
        number, place = divmod(number, 16)
        text += _SYLLABLES[place]
    return text


def _words(seed_number: int, count: int) -> str:
    """Words of which a few are frequent and most are seldom, as in a language."""
    chances = unpack(f"<{count}H", shake_128(seed_number.to_bytes(8)).digest(2 * count))
    return " ".join(map(_word_of, chances))


@cache
def _word_of(chance: int) -> str:
    share = chance / 65536
    return word(int(4000 ** (share * share * 1.1)) % 4000)


@cache
def _target(generator: str, role: str) -> values.TargetValue:
    return values.TargetValue(pain_generator=generator, role=role)


@cache
def _indication(condition: str) -> values.IndicationValue:
    return values.IndicationValue(condition=condition, role="treats")


@cache
def _risk(risk: str, observed: int) -> values.ProcedureRiskValue:
    return values.ProcedureRiskValue(risk=risk, phrase=risk, state="known", observed=observed, n=1000, per="people")


@cache
def _relief(months: int) -> values.ReliefDurationValue:
    return values.ReliefDurationValue(
        measure="duration",
        statistic="range",
        intent="therapeutic",
        magnitude="month",
        min=f"P{months}M",
        max=f"P{months + 3}M",
        label=f"{months} to {months + 3} months",
    )


@cache
def _citation(number: int) -> list[seed.Citation]:
    return [seed.Citation(source=f"source-{number}")]


def _claim(
    cls: Any,
    claim_id: str,
    kind: str,
    statement: str,
    value: Any,
    source: int,
) -> Any:
    return cls.model_construct(
        _fields_set=_CLAIM_FIELDS,
        id=claim_id,
        kind=kind,
        statement=statement,
        value=value,
        qualifiers=_NO_QUALIFIERS,
        support="quote",
        reason=None,
        certainty_reasons=_NONE,
        citations=_citation(source),
    )


def _procedure(number: int, generators: int, conditions: int, sources: int, risks: int) -> seed.Procedure:
    slug = f"procedure-{number}"
    statement = _words(number, 14)
    generator, condition = number % generators, (number * 7) % conditions
    other, further = (number * 13 + 1) % generators, (number * 11 + 3) % risks
    claims = [
        _claim(seed.TargetClaim, f"{slug}--t", "target", statement, _target(f"generator-{generator}", "treats"), number % sources),
        _claim(seed.TargetClaim, f"{slug}--u", "target", statement, _target(f"generator-{other}", "diagnoses"), number % sources),
        _claim(seed.IndicationClaim, f"{slug}--i", "indication", statement, _indication(f"condition-{condition}"), (number + 1) % sources),
        _claim(seed.ProcedureRiskClaim, f"{slug}--r", "procedure_risk", statement, _risk(f"risk-{number % risks}", number % 50 + 1), (number + 2) % sources),
        _claim(seed.ProcedureRiskClaim, f"{slug}--s", "procedure_risk", statement, _risk(f"risk-{further}", number % 9 + 1), number % sources),
        _claim(seed.ReliefDurationClaim, f"{slug}--d", "relief_duration", statement, _relief(number % 24 + 1), (number + 3) % sources),
    ]  # fmt: skip
    text = seed.Text.model_construct(
        _fields_set=_TEXT_FIELDS, text=_words(number + 7_000_000, 24), claims=[claims[0].id]
    )
    return seed.Procedure.model_construct(
        _fields_set=_PROCEDURE_FIELDS,
        slug=slug,
        name=f"{word(number % 4000)} {word(number // 7)} {number}".capitalize(),
        names=_NONE,
        patient_phrases=_NONE,
        body_regions=_REGION_LISTS[number % len(_REGIONS)],
        texts={"summary": text},
        family=_FAMILIES[number % len(_FAMILIES)],
        intents=_INTENTS,
        implant=number % 5 == 0,
        claims=claims,
        schema_="",
        former_slugs=_NONE,
        broader=_NONE,
        key_messages=_NONE,
        not_applicable=_NONE,
        review=None,
        related=_NONE,
    )


def _sources(count: int) -> Iterator[seed.Source]:
    designs = tuple(vocabulary.DESIGNS)
    for n in range(count):
        yield seed.Source(
            slug=f"source-{n}", title=f"Study {word(n)} {n}".capitalize(), design=designs[n % 9], year=1990 + n % 35
        )


def synthetic(count: int) -> State:
    """A checked state of `count` procedures; the records they are joined to are fewer, so that look-ups grow too."""
    generators = conditions = min(2000, max(8, count // 2))
    sources, risks = min(4000, 4 * generators), min(60, max(8, count // 10))
    content = Bundle(content_hash=f"{count:064x}")
    content.sources = list(_sources(sources))
    content.risks = [
        seed.Risk(
            slug=f"risk-{n}", name=f"Risk {word(n)} {n}", lay_name=f"{word(n)}", category="other", description="x"
        )
        for n in range(risks)
    ]
    content.pain_generators = [
        seed.PainGenerator(slug=f"generator-{n}", name=f"Generator {word(n)} {n}", kind="joint")
        for n in range(generators)
    ]
    content.conditions = [
        seed.Condition(slug=f"condition-{n}", name=f"Condition {word(n)} {n}") for n in range(conditions)
    ]
    content.procedures = [_procedure(n, generators, conditions, sources, risks) for n in sorted(range(count), key=str)]
    content.about = seed.About(
        title="Synthetic release",
        publisher="procedure-kb benchmark",
        licence="none",
        licence_url="none",
        attribution="none",
        notice="Made-up content for measuring.",
        review=seed.Review(status="made up", review_due="2100-01-01"),
        update_policy="none",
        funding="none",
        authors="none",
    )
    ranks = [seed.FamilyRank(family=family, reason="order of the list") for family in vocabulary.FAMILIES]
    content.editorial = seed.Editorial(invasiveness=ranks)
    release = seed.ReleaseFile(
        version=_VERSION, date="2026-01-01", title="Synthetic", content_hash=content.content_hash, changes=[]
    )
    content.releases = [release]
    index = index_of(content, _VERSION, History({}, {}, [_VERSION]), set())
    return State(_VERSION, "2026-01-01", f"{count:016x}", False, content, index, [release], [])
