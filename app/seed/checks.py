"""Rules across several seed files. Pure: takes a bundle, returns problems."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS, SERIOUS_RISKS, list_blocks
from app.domain.record_types import RECORD_TYPES, SOURCE_IDENTIFIERS, TYPES_WITH_BLOCKS, get_label
from app.domain.values import FindingValue, ProcedureRiskValue, RecommendationValue, Value, list_references
from app.seed import schema as seed
from app.seed.bundle import Bundle
from app.seed.code_checks import find_code_errors
from app.seed.consistency import numeric_errors
from app.seed.diff import RECORD_TYPE_BY_FOLDER, History, HistoryConflict, replay_history
from app.seed.emergency_checks import find_emergency_errors
from app.seed.name_checks import find_clinical_names, find_emergency_names, find_shared_names
from app.seed.problems import SeedProblem, did_you_mean
from app.text.normalize import normalize

# Only the patient guide is a fixed list of pages, which no outside link depends on.
_WITHDRAWABLE_TYPES: Final = tuple(record_type for record_type in RECORD_TYPES if record_type != "guide_page")
# Percentage points have a scale of their own.
_POINTS: Final = re.compile(r"(?<!percentage )\bpoints?\b")


class _KnownSlugs:
    """Slugs of every record type, and the ids of claims."""

    def __init__(self, bundle: Bundle) -> None:
        self.slugs: dict[str, set[str]] = {
            record_type: set(slugs) for record_type, slugs, _ in _slugs_and_names(bundle)
        }
        self.slugs["claim"] = {claim.id for _, _, claim in bundle.claims()}
        for record_type, slugs in bundle.unreadable_slugs.items():
            self.slugs.setdefault(record_type, set()).update(slugs)
        self.unreadable_types = bundle.unreadable_types

    def explain_missing(self, record_type: str, slug: str) -> str | None:
        """Message for an unknown slug, with a suggestion; None if the slug is known."""
        if slug in self.slugs[record_type] or record_type in self.unreadable_types:
            return None
        return f"unknown {get_label(record_type)} {slug!r}{did_you_mean(slug, self.slugs[record_type])}"


def check(bundle: Bundle) -> list[SeedProblem]:
    """Every problem that single files do not show."""
    known = _KnownSlugs(bundle)
    rules: tuple[Callable[[Bundle, _KnownSlugs], Iterable[SeedProblem]], ...] = (
        _duplicate_slugs,
        _duplicate_names,
        _refused_names,
        _duplicate_claim_ids,
        _dangling_record_references,
        _dangling_claim_references,
        _source_problems,
        _claims_on_void_sources,
        _inconsistent_numbers,
        _hidden_commercial_sources,
        _unsupported_certainty,
        _code_problems,
        _dangling_emergency_references,
        _emergency_problems,
        _lowered_seriousness,
        _recommendations_on_nothing,
        _points_without_scale,
        _hierarchy_cycles,
        _guide_and_editorial_problems,
        _withdrawal_problems,
        _review_problems,
        _history_problems,
    )
    return [problem for rule in rules for problem in rule(bundle, known)]


def _problem_at(bundle: Bundle, record_type: str, slug: str, pointer: str, message: str) -> SeedProblem:
    folder = RECORD_TYPES[record_type].folder if record_type in RECORD_TYPES else record_type
    default = (f"{folder}/{slug}.json", "")
    file, prefix = bundle.locations.get((record_type, slug), default)
    try:
        line = bundle.find_line(file, prefix + pointer)
    except OSError:
        line = 1
    return SeedProblem(file, line, prefix + pointer, message)


def _slugs_and_names(bundle: Bundle) -> Iterator[tuple[str, list[str], list[str]]]:
    """Record type, slugs and preferred names. Source titles need not be unique, so sources have none."""
    for record_type, records in (
        ("procedure", bundle.procedures),
        ("condition", bundle.conditions),
        ("pain_generator", bundle.pain_generators),
        ("risk", bundle.risks),
    ):
        yield record_type, [record.slug for record in records], [record.name for record in records]
    yield "source", [source.slug for source in bundle.sources], []
    yield (
        "emergency",
        [emergency.slug for emergency in bundle.emergencies],
        [emergency.name for emergency in bundle.emergencies],
    )
    yield "guide_page", [page.slug for page in bundle.guide], [page.title for page in bundle.guide]


def _duplicate_slugs(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    for record_type, slugs, _names in _slugs_and_names(bundle):
        unique = set(slugs)
        for slug in sorted({slug for slug in slugs if slugs.count(slug) > 1} if len(slugs) != len(unique) else ()):
            yield _problem_at(bundle, record_type, slug, "/slug", f"duplicate {get_label(record_type)} slug {slug!r}")
        for old_slug, slug in _former_slugs(bundle, record_type):
            if old_slug in unique:
                message = f"{old_slug!r} is the slug of another record, so it cannot be a former slug"
                yield _problem_at(bundle, record_type, slug, "/former_slugs", message)


def _former_slugs(bundle: Bundle, record_type: str) -> list[tuple[str, str]]:
    """Former and current slug of every renamed record of a type."""
    records: Iterable[seed.RecordIn | seed.RiskIn | seed.EmergencyIn]
    match record_type:
        case "risk":
            records = bundle.risks
        case "emergency":
            records = bundle.emergencies
        case _:
            records = [record for type_, record in bundle.records() if type_ == record_type]
    return [(old_slug, record.slug) for record in records for old_slug in record.former_slugs]


def _duplicate_names(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    for record_type, slugs, names in _slugs_and_names(bundle):
        slugs_by_name: dict[str, set[str]] = defaultdict(set)
        for slug, name in zip(slugs, names, strict=False):
            slugs_by_name[normalize(name)].add(slug)
        for same_name in slugs_by_name.values():
            first, *others = sorted(same_name)
            for slug in others:
                pointer = "/title" if record_type == "guide_page" else "/name"
                message = f"duplicate preferred name: {first!r} already has it, and preferred names must be unique"
                yield _problem_at(bundle, record_type, slug, pointer, message)


def _refused_names(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    for name in (*find_shared_names(bundle), *find_emergency_names(bundle), *find_clinical_names(bundle)):
        yield _problem_at(bundle, *name)


def _duplicate_claim_ids(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    slug_by_id: dict[str, str] = {}
    for record_type, slug, claim in bundle.claims():
        if claim.id in slug_by_id:
            pointer = f"/claims/{_claim_index(bundle, record_type, slug, claim)}/id"
            message = f"duplicate claim id {claim.id!r}: already used in {slug_by_id[claim.id]!r}"
            yield _problem_at(bundle, record_type, slug, pointer, message)
        slug_by_id.setdefault(claim.id, slug)


def _claim_index(bundle: Bundle, record_type: str, slug: str, claim: seed.AnyClaimIn) -> int:
    """Index of a claim in its file."""
    for type_, record in bundle.records():
        if (type_, record.slug) == (record_type, slug):
            return next((n for n, candidate in enumerate(record.claims) if candidate is claim), 0)
    others: Iterable[seed.GuidePageIn | seed.EmergencyIn] = (*bundle.guide, *bundle.emergencies)
    return next((n for other in others for n, candidate in enumerate(other.claims) if candidate is claim), 0)


def _dangling_record_references(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    seriousness = {risk.slug: risk.seriousness for risk in bundle.risks}
    for record_type, record in bundle.records():
        errors = [(f"/broader/{n}", known.explain_missing(record_type, slug)) for n, slug in enumerate(record.broader)]
        texts = [(f"/texts/{name}", text) for name, text in record.texts.items()]
        texts += [(f"/key_messages/{n}", text) for n, text in enumerate(record.key_messages)]
        errors += [
            (f"{pointer}/claims/{n}", known.explain_missing("claim", claim_id))
            for pointer, text in texts
            for n, claim_id in enumerate(text.claims)
        ]
        allowed, blocks = list(RECORD_TYPES[record_type].texts), list_blocks(record_type)
        known_texts = f"; texts of a {get_label(record_type)}: {', '.join(allowed)}"
        errors += [
            (f"/texts/{name}", f"unknown text {name!r}{did_you_mean(name, allowed, known_texts)}")
            for name in record.texts
            if name not in allowed
        ]
        errors += [
            (f"/not_applicable/{n}", f"unknown block {block!r}{did_you_mean(block, blocks)}")
            for n, block in enumerate(record.not_applicable)
            if block not in blocks
        ]
        errors += _find_not_found_errors(record, blocks, seriousness)
        for n, relation in enumerate(record.related if isinstance(record, seed.ProcedureIn) else ()):
            errors.append((f"/related/{n}/procedure", known.explain_missing("procedure", relation.procedure)))
            errors += [
                (f"/related/{n}/claims/{m}", known.explain_missing("claim", claim_id))
                for m, claim_id in enumerate(relation.claims)
            ]
        for pointer, message in errors:
            if message:
                yield _problem_at(bundle, record_type, record.slug, pointer, message)


def _find_not_found_errors(
    record: seed.RecordIn, blocks: list[str], seriousness: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """A search without a result is about a block of the record that has no claims and could have some."""
    known = {CLAIM_KINDS[claim.kind].block for claim in record.claims}
    if isinstance(record, seed.ProcedureIn):
        blocks = [*blocks, SERIOUS_RISKS]
        risks = (claim.value for claim in record.claims if isinstance(claim.value, ProcedureRiskValue))
        if any({value.seriousness, seriousness.get(value.risk)} & vocabulary.SERIOUS for value in risks):
            known.add(SERIOUS_RISKS)
    for n, entry in enumerate(record.not_found):
        pointer = f"/not_found/{n}/block"
        if entry.block not in blocks:
            yield pointer, f"unknown block {entry.block!r}{did_you_mean(entry.block, blocks)}"
        elif entry.block in known:
            yield pointer, f"block {entry.block!r} has claims, so it was found: remove this entry"
        elif entry.block in record.not_applicable:
            yield pointer, f"block {entry.block!r} is not applicable: remove one of the two entries"


def _dangling_claim_references(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    for record_type, slug, claim in bundle.claims():
        references = [
            (f"/citations/{n}/source", "source", citation.source) for n, citation in enumerate(claim.citations)
        ]
        model: type[Value] = type(claim.value)
        for field, referenced_type in list_references(model):
            slugs = getattr(claim.value, field)
            if isinstance(slugs, list):
                references += [(f"/value/{field}/{n}", referenced_type, linked) for n, linked in enumerate(slugs)]
            else:
                references.append((f"/value/{field}", referenced_type, slugs))
        errors = [
            (pointer, message)
            for pointer, referenced_type, referenced_slug in references
            if (message := known.explain_missing(referenced_type, referenced_slug))
        ]
        allowed_types = CLAIM_KINDS[claim.kind].record_types
        if record_type not in allowed_types:
            labels = " or ".join(
                f"{'an' if allowed == 'emergency' else 'a'} {get_label(allowed)}" for allowed in allowed_types
            )
            message_ = f"claim kind {claim.kind!r} is for {labels}: no block of a {get_label(record_type)} shows it"
            errors.append(("/kind", message_))
        yield from _claim_problems(bundle, record_type, slug, claim, errors)


def _source_problems(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    for field in (*SOURCE_IDENTIFIERS, "number"):
        slug_by_identifier: dict[str, str] = {}
        for source in bundle.sources:
            if not (identifier := getattr(source, field)):
                continue
            # DOIs and numbers of bodies are the same in any case.
            first = slug_by_identifier.setdefault(identifier.lower(), source.slug)
            if first != source.slug:
                message = f"{identifier!r} is already the {field} of {first!r}: one publication is one source"
                yield _problem_at(bundle, "source", source.slug, f"/{field}", message)
    for source in bundle.sources:
        if source.replaced_by and (missing := known.explain_missing("source", source.replaced_by)):
            yield _problem_at(bundle, "source", source.slug, "/replaced_by", missing)
        if source.replaced_by == source.slug:
            yield _problem_at(bundle, "source", source.slug, "/replaced_by", "a source cannot replace itself")


def _claims_on_void_sources(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    void = {source.slug: source for source in bundle.sources if source.standing in vocabulary.VOID_SOURCE_STANDINGS}
    for record_type, slug, claim in bundle.claims():
        for n, citation in enumerate(claim.citations):
            if source := void.get(citation.source):
                instead = f"; cite {source.replaced_by!r} if it states the same" if source.replaced_by else ""
                message = f"source {source.slug!r} is {source.standing}: no claim may rest on it{instead}"
                yield from _claim_problems(bundle, record_type, slug, claim, [(f"/citations/{n}/source", message)])


def _inconsistent_numbers(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    for record_type, slug, claim in bundle.claims():
        yield from _claim_problems(bundle, record_type, slug, claim, numeric_errors(claim))


# A note about a citation that calls its source commercial.
_OWN_WORDS: Final = re.compile(
    r"\b(?:practice|clinic|maker|manufacturer|company)'s(?: or \w+'s)? own words\b", re.IGNORECASE
)


def _hidden_commercial_sources(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    commercial = {source.slug for source in bundle.sources if source.commercial}
    known = {source.slug for source in bundle.sources}
    for record_type, slug, claim in bundle.claims():
        errors = [
            (
                f"/citations/{n}/note",
                f"own words of a practice or maker, but source {citation.source!r} is not commercial",
            )
            for n, citation in enumerate(claim.citations)
            if citation.note and _OWN_WORDS.search(citation.note) and citation.source in known - commercial
        ]
        yield from _claim_problems(bundle, record_type, slug, claim, errors)


# Kinds of source that rate the certainty of evidence.
_RATING_DESIGNS: Final = frozenset({"guideline", "systematic_review", "review"})


def _unsupported_certainty(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    raters = {source.slug for source in bundle.sources if source.design in _RATING_DESIGNS and not source.commercial}
    for record_type, slug, claim in bundle.claims():
        if claim.certainty and raters.isdisjoint(citation.source for citation in claim.citations):
            message = "only a review or a guideline states certainty, and none is cited: cite it, or omit certainty"
            yield from _claim_problems(bundle, record_type, slug, claim, [("/certainty", message)])


def _recommendations_on_nothing(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    """A recommendation on a condition names its procedures, or says that there are none: readers of these must see it."""
    for record_type, slug, claim in bundle.claims():
        value = claim.value
        if not isinstance(value, RecommendationValue):
            continue
        if record_type != "procedure" and "procedures" not in value.model_fields_set:
            message = "state the `procedures` that it is about; an empty list if it is about none of those here"
            yield from _claim_problems(bundle, record_type, slug, claim, [("/value", message)])
        elif record_type == "procedure" and value.procedures:
            message = "is about its subject: omit `procedures`, or state it on the condition"
            yield from _claim_problems(bundle, record_type, slug, claim, [("/value/procedures", message)])


def _lowered_seriousness(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    catalog = {risk.slug: risk.seriousness for risk in bundle.risks}
    for record_type, slug, claim in bundle.claims():
        if not isinstance(claim.value, ProcedureRiskValue) or claim.value.seriousness is None:
            continue
        usual, stated = catalog.get(claim.value.risk), claim.value.seriousness
        if usual == "mixed":
            message = f"risk {claim.value.risk!r} counts harms of all kinds, so it has no seriousness: name the risk"
            yield from _claim_problems(bundle, record_type, slug, claim, [("/value/seriousness", message)])
        elif usual and vocabulary.SERIOUSNESS_RANK[stated] > vocabulary.SERIOUSNESS_RANK[usual]:
            message = f"risk {claim.value.risk!r} is {usual}, and a claim may only raise that: omit seriousness"
            yield from _claim_problems(bundle, record_type, slug, claim, [("/value/seriousness", message)])


# A difference in points, and the range of a scale beside it.
_POINTS_IN_WORDS: Final = re.compile(r"\b\d+(?:\.\d+)? points?\b")
_RANGE_IN_WORDS: Final = re.compile(r"\b0 to \d+|\bpoints? of \d+|\bof \d+ points?\b")


def _points_without_scale(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    for record_type, record in bundle.records():
        for n, message_text in enumerate(record.key_messages):
            if _POINTS_IN_WORDS.search(message_text.text) and not _RANGE_IN_WORDS.search(message_text.text):
                message = "points need their scale: say its range, such as 0 to 10, or leave the points out"
                yield _problem_at(bundle, record_type, record.slug, f"/key_messages/{n}/text", message)
    for record_type, slug, claim in bundle.claims():
        value = claim.value
        if isinstance(value, FindingValue) and value.scale is None and _POINTS.search(value.effect or ""):
            message = "points need their scale: add `scale`, or name the score and say that its scale is not stated"
            yield from _claim_problems(bundle, record_type, slug, claim, [("/value/effect", message)])


def _code_problems(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    for system in bundle.code_systems:
        errors = [*find_code_errors(system)]
        errors += [
            (f"/codes/{n}/records/{m}/slug", message)
            for n, code in enumerate(system.codes)
            for m, record in enumerate(code.records)
            if (message := known.explain_missing(record.type, record.slug))
        ]
        for pointer, message in errors:
            yield _problem_at(bundle, "code_system", system.slug, pointer, message)


def _dangling_emergency_references(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    for emergency in bundle.emergencies:
        applies_to = emergency.applies_to
        references = [
            *((f"/risks/{n}", "risk", slug) for n, slug in enumerate(emergency.risks)),
            *((f"/applies_to/procedures/{n}", "procedure", slug) for n, slug in enumerate(applies_to.procedures)),
            *((f"/applies_to/conditions/{n}", "condition", slug) for n, slug in enumerate(applies_to.conditions)),
            *(
                (f"/applies_to/pain_generators/{n}", "pain_generator", slug)
                for n, slug in enumerate(applies_to.pain_generators)
            ),
            *(
                (f"/signs/{n}/claims/{m}", "claim", claim)
                for n, sign in enumerate(emergency.signs)
                for m, claim in enumerate(sign.claims)
            ),
        ]
        for pointer, referenced_type, slug in references:
            if message := known.explain_missing(referenced_type, slug):
                yield _problem_at(bundle, "emergency", emergency.slug, pointer, message)


def _emergency_problems(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    for error in find_emergency_errors(bundle):
        yield _problem_at(bundle, error.record_type, error.slug, error.pointer, error.message)


def _claim_problems(
    bundle: Bundle, record_type: str, slug: str, claim: seed.AnyClaimIn, errors: Iterable[tuple[str, str]]
) -> Iterator[SeedProblem]:
    """Problems for errors whose pointers are relative to a claim."""
    for pointer, message in errors:
        index = _claim_index(bundle, record_type, slug, claim)
        yield _problem_at(bundle, record_type, slug, f"/claims/{index}{pointer}", message)


def _hierarchy_cycles(bundle: Bundle, _: _KnownSlugs) -> Iterator[SeedProblem]:
    for record_type in TYPES_WITH_BLOCKS:
        broader = {record.slug: record.broader for type_, record in bundle.records() if type_ == record_type}
        for slug in broader:
            pending, seen = list(broader[slug]), set()
            while pending:
                ancestor = pending.pop()
                if ancestor == slug:
                    message = f"cycle: {slug!r} is among its own broader records"
                    yield _problem_at(bundle, record_type, slug, "/broader", message)
                    break
                if ancestor not in seen:
                    seen.add(ancestor)
                    pending += broader.get(ancestor, [])


def _guide_and_editorial_problems(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    for page in bundle.guide:
        texts = [("/summary", page.summary.claims)] + [
            (f"/items/{n}", section.claims) for n, section in enumerate(page.items)
        ]
        for pointer, claim_ids in texts:
            for n, claim_id in enumerate(claim_ids):
                if message := known.explain_missing("claim", claim_id):
                    yield _problem_at(bundle, "guide_page", page.slug, f"{pointer}/claims/{n}", message)
    if bundle.editorial is None:
        return
    file = "editorial.json"
    ranked = [rank.family for rank in bundle.editorial.invasiveness]
    for family in vocabulary.PROCEDURE_FAMILIES:
        if ranked.count(family) != 1:
            message = f"family {family!r} must be listed exactly once in the order of invasiveness"
            yield SeedProblem(file, bundle.find_line(file, "/invasiveness"), "/invasiveness", message)


def _withdrawal_problems(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    existing = {(record_type, slug) for record_type, slugs, _ in _slugs_and_names(bundle) for slug in slugs}
    for record in bundle.withdrawn:
        if record.type not in _WITHDRAWABLE_TYPES:
            otherwise = f"; expected one of {', '.join(_WITHDRAWABLE_TYPES)}"
            message = f"unknown record type {record.type!r}{did_you_mean(record.type, _WITHDRAWABLE_TYPES, otherwise)}"
            yield _problem_at(bundle, "withdrawn", record.slug, "/type", message)
            continue
        if (record.type, record.slug) in existing:
            message = f"{record.slug!r} is withdrawn but still exists: remove this entry or the record"
            yield _problem_at(bundle, "withdrawn", record.slug, "/slug", message)
        for n, slug in enumerate(record.replaced_by):
            if message_ := known.explain_missing(record.type, slug):
                yield _problem_at(bundle, "withdrawn", record.slug, f"/replaced_by/{n}", message_)


def _review_problems(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    for file, review in bundle.reviews.items():
        if message := known.explain_missing(review.type, review.slug):
            remedy = "; the review of a record that is gone goes with it"
            yield _problem_at(bundle, "review", file, "/slug", message + remedy)


def _history_problems(bundle: Bundle, known: _KnownSlugs) -> Iterator[SeedProblem]:
    try:
        history = replay_history(bundle.releases)
    except HistoryConflict as error:
        yield SeedProblem(f"releases/{error.version}.json", 1, "/changes", f"cannot replay the history: {error}")
        return
    for before, release in pairwise(bundle.releases):
        file = f"releases/{release.version}.json"
        if release.version_key == before.version_key:
            yield SeedProblem(file, 1, "/version", f"duplicate version {release.version}")
        if release.date < before.date:
            message = f"{release.date} is before {before.date}, the date of the earlier release {before.version}"
            yield SeedProblem(file, 1, "/date", message)
    yield from _lost_urls(bundle, known, history)


def _lost_urls(bundle: Bundle, known: _KnownSlugs, history: History) -> Iterator[SeedProblem]:
    """Published URLs must stay valid permanently: as the record, a redirect to its replacement, or a withdrawal notice."""
    redirected = {
        record_type: {old_slug for old_slug, _ in _former_slugs(bundle, record_type)}
        for record_type in (*TYPES_WITH_BLOCKS, "risk", "emergency")
    }
    withdrawn = {(record.type, record.slug) for record in bundle.withdrawn}

    def is_lost(record_type: str, slug: str) -> bool:
        return (
            slug not in redirected[record_type]
            and (record_type, slug) not in withdrawn
            and known.explain_missing(record_type, slug) is not None
        )

    for entity, value in sorted(history.state.items()):
        folder, _, slug = entity.partition("/")
        record_type = RECORD_TYPE_BY_FOLDER.get(folder, "")
        published = value if isinstance(value, dict) else {}
        if record_type == "withdrawn" and published.get("type") in redirected and is_lost(published["type"], slug):
            message = f"{slug!r} was withdrawn: keep its entry, which explains at its URL why it was removed"
            yield SeedProblem("withdrawn.json", 1, "/withdrawn", message)
        if record_type not in redirected:
            continue
        file = f"{folder}/{slug}.json" if record_type in TYPES_WITH_BLOCKS else f"{folder}.json"
        if is_lost(record_type, slug):
            message = (
                f"{slug!r} was published and is missing: list it in `former_slugs` of its replacement,"
                " or in withdrawn.json"
            )
            yield SeedProblem(file, 1, "/slug", message)
        # The former slugs of a withdrawn record are withdrawn with it.
        elif (record_type, slug) not in withdrawn:
            for old_slug in published.get("former_slugs", []):
                if is_lost(record_type, old_slug):
                    message = f"{old_slug!r} redirected to {slug!r} in the last release: keep it in `former_slugs`"
                    yield SeedProblem(file, 1, "/former_slugs", message)
