"""Rules that several seed files together must keep. Pure: a bundle in, findings out."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final

from app.domain import vocabulary
from app.domain.blocks import BLOCK_BY_CLAIM_KIND
from app.seed import schema as seed
from app.seed.consistency import numeric_errors
from app.seed.diff import RECORD_TYPE_BY_FOLDER, HistoryConflict, History, replay_history
from app.seed.reader import Bundle, SeedProblem
from app.text.nearest import find_nearest
from app.text.normalize import normalize

_FILE: Final = {"procedure": "procedures", "condition": "conditions", "pain_generator": "pain_generators"}
_WITHDRAWN: Final = ("procedure", "condition", "pain_generator", "risk", "source")


class _Known:
    """Slugs of every family, and the nearest one to what is not there."""

    def __init__(self, content: Bundle) -> None:
        self.slugs: dict[str, set[str]] = {
            "procedure": {record.slug for record in content.procedures},
            "condition": {record.slug for record in content.conditions},
            "pain_generator": {record.slug for record in content.pain_generators},
            "risk": {record.slug for record in content.risks},
            "source": {record.slug for record in content.sources},
            "guide_page": {page.slug for page in content.guide},
            "claim": {claim.id for _, _, claim in content.claims()},
        }
        for kind, slugs in content.unreadable_slugs.items():
            self.slugs.setdefault(kind, set()).update(slugs)
        self.unreadable = content.unreadable_types

    def missing(self, kind: str, slug: str) -> str | None:
        """What to say of a slug that nothing has; None when it is known."""
        if slug in self.slugs[kind] or kind in self.unreadable:
            return None
        near = find_nearest(slug, self.slugs[kind], limit=1)
        words = kind.replace("_", " ")
        return f"no {words} is called {slug!r}" + (f": {near[0]!r} is the nearest" if near else "")


def check(content: Bundle) -> list[SeedProblem]:
    """Every finding that single files do not show."""
    known = _Known(content)
    rules: tuple[Callable[[Bundle, _Known], Iterable[SeedProblem]], ...] = (
        _duplicate_slugs,
        _duplicate_names,
        _duplicate_claims,
        _dangling_of_records,
        _dangling_of_claims,
        _figures,
        _cycles,
        _guide_and_editorial,
        _withdrawn,
        _history,
    )
    return [finding for rule in rules for finding in rule(content, known)]


def _at(content: Bundle, kind: str, slug: str, pointer: str, message: str) -> SeedProblem:
    file, prefix = content.locations.get((kind, slug), (f"{_FILE.get(kind, kind)}/{slug}.json", ""))
    where = prefix + pointer
    try:
        line = content.find_line(file, where)
    except OSError:
        line = 1
    return SeedProblem(file, line, where, message)


def _families(content: Bundle) -> Iterator[tuple[str, list[str], list[str]]]:
    yield "procedure", [r.slug for r in content.procedures], [r.name for r in content.procedures]
    yield "condition", [r.slug for r in content.conditions], [r.name for r in content.conditions]
    yield "pain_generator", [r.slug for r in content.pain_generators], [r.name for r in content.pain_generators]
    yield "risk", [r.slug for r in content.risks], [r.name for r in content.risks]
    yield "source", [r.slug for r in content.sources], []
    yield "guide_page", [r.slug for r in content.guide], [r.title for r in content.guide]


def _duplicate_slugs(content: Bundle, _: _Known) -> Iterator[SeedProblem]:
    for kind, slugs, _names in _families(content):
        former = _former(content, kind)
        for slug in sorted({slug for slug in slugs if slugs.count(slug) > 1} if len(slugs) != len(set(slugs)) else ()):
            yield _at(
                content, kind, slug, "/slug", f"the slug {slug!r} stands twice among {kind.replace('_', ' ')} records"
            )
        for old, slug in former:
            if old in set(slugs):
                yield _at(
                    content,
                    kind,
                    slug,
                    "/former_slugs",
                    f"{old!r} is the slug of another record and cannot be a former one",
                )


def _former(content: Bundle, kind: str) -> list[tuple[str, str]]:
    records: Iterable[seed.RecordIn | seed.RiskIn] = (
        content.risks if kind == "risk" else [r for k, r in content.records() if k == kind]
    )
    return [(old, record.slug) for record in records for old in record.former_slugs]


def _duplicate_names(content: Bundle, _: _Known) -> Iterator[SeedProblem]:
    for kind, slugs, names in _families(content):
        by_name: dict[str, list[str]] = defaultdict(list)
        for slug, name in zip(slugs, names, strict=False):
            by_name[normalize(name)].append(slug)
        for owners in by_name.values():
            if len(set(owners)) > 1:
                first, *others = sorted(set(owners))
                for slug in others:
                    pointer = "/title" if kind == "guide_page" else "/name"
                    yield _at(
                        content,
                        kind,
                        slug,
                        pointer,
                        f"the preferred name is the one of {first!r} already: preferred names are not shared",
                    )


def _duplicate_claims(content: Bundle, _: _Known) -> Iterator[SeedProblem]:
    seen: dict[str, tuple[str, str]] = {}
    for kind, slug, claim in content.claims():
        if claim.id in seen:
            place = f"/claims/{_place(content, kind, slug, claim)}/id"
            yield _at(content, kind, slug, place, f"the claim id {claim.id!r} is used in {seen[claim.id][1]!r} already")
        seen.setdefault(claim.id, (kind, slug))


def _place(content: Bundle, kind: str, slug: str, claim: seed.AnyClaimIn) -> int:
    for other_kind, record in content.records():
        if (other_kind, record.slug) == (kind, slug):
            return next((n for n, mine in enumerate(record.claims) if mine is claim), 0)
    return next(
        (n for page in content.guide if page.slug == slug for n, mine in enumerate(page.claims) if mine is claim), 0
    )


def _dangling_of_records(content: Bundle, known: _Known) -> Iterator[SeedProblem]:
    for kind, record in content.records():
        for n, slug in enumerate(record.broader):
            if message := known.missing(kind, slug):
                yield _at(content, kind, record.slug, f"/broader/{n}", message)
        own = [(f"/texts/{name}", text) for name, text in record.texts.items()]
        own += [(f"/key_messages/{n}", text) for n, text in enumerate(record.key_messages)]
        for pointer, text in own:
            for n, claim in enumerate(text.claims):
                if message := known.missing("claim", claim):
                    yield _at(content, kind, record.slug, f"{pointer}/claims/{n}", message)
        allowed = seed.PROCEDURE_TEXT_NAMES
        for name in record.texts:
            if name not in allowed:
                near = find_nearest(name, allowed, limit=1)
                hint = f": {near[0]!r} is the nearest" if near else f": known are {', '.join(allowed)}"
                yield _at(content, kind, record.slug, f"/texts/{name}", f"unknown text {name!r}{hint}")
        for n, block in enumerate(record.not_applicable):
            if block not in BLOCK_BY_CLAIM_KIND.values():
                near = find_nearest(block, set(BLOCK_BY_CLAIM_KIND.values()), limit=1)
                yield _at(
                    content,
                    kind,
                    record.slug,
                    f"/not_applicable/{n}",
                    f"no block is called {block!r}" + (f": {near[0]!r} is the nearest" if near else ""),
                )
        if isinstance(record, seed.ProcedureIn):
            for n, relation in enumerate(record.related):
                if message := known.missing("procedure", relation.procedure):
                    yield _at(content, kind, record.slug, f"/related/{n}/procedure", message)
                for m, claim in enumerate(relation.claims):
                    if message := known.missing("claim", claim):
                        yield _at(content, kind, record.slug, f"/related/{n}/claims/{m}", message)


def _dangling_of_claims(content: Bundle, known: _Known) -> Iterator[SeedProblem]:
    for kind, slug, claim in content.claims():
        wrong = [
            (f"/citations/{n}/source", message)
            for n, citation in enumerate(claim.citations)
            if (message := known.missing("source", citation.source))
        ]
        value = claim.value
        if isinstance(claim, seed.TargetClaimIn) and (
            message := known.missing("pain_generator", claim.value.pain_generator)
        ):
            wrong.append(("/value/pain_generator", message))
        if isinstance(claim, seed.IndicationClaimIn) and (message := known.missing("condition", claim.value.condition)):
            wrong.append(("/value/condition", message))
        if isinstance(claim, seed.ProcedureRiskClaimIn) and (message := known.missing("risk", claim.value.risk)):
            wrong.append(("/value/risk", message))
        if isinstance(claim, seed.StatementClaimIn):
            for name, family in (
                ("pain_generators", "pain_generator"),
                ("conditions", "condition"),
                ("procedures", "procedure"),
            ):
                wrong += [
                    (f"/value/{name}/{n}", message)
                    for n, other in enumerate(getattr(value, name))
                    if (message := known.missing(family, other))
                ]
        if kind != "procedure" and claim.kind in {
            "target",
            "indication",
            "procedure_risk",
            "relief_duration",
            "response_rate",
            "onset",
        }:
            wrong.append(
                ("/kind", f"a claim of kind {claim.kind!r} belongs to a procedure, not to a {kind.replace('_', ' ')}")
            )
        if wrong:
            place = _place(content, kind, slug, claim)
            for pointer, message in wrong:
                yield _at(content, kind, slug, f"/claims/{place}{pointer}", message)


def _figures(content: Bundle, _: _Known) -> Iterator[SeedProblem]:
    for kind, slug, claim in content.claims():
        for pointer, message in numeric_errors(claim):
            yield _at(content, kind, slug, f"/claims/{_place(content, kind, slug, claim)}{pointer}", message)


def _cycles(content: Bundle, _: _Known) -> Iterator[SeedProblem]:
    for kind in ("procedure", "condition", "pain_generator"):
        broader = {record.slug: record.broader for other, record in content.records() if other == kind}
        for slug in broader:
            todo, seen = list(broader[slug]), set()
            while todo:
                above = todo.pop()
                if above == slug:
                    yield _at(
                        content,
                        kind,
                        slug,
                        "/broader",
                        f"{slug!r} is broader than itself by way of its own broader records",
                    )
                    break
                if above not in seen:
                    seen.add(above)
                    todo += broader.get(above, [])


def _guide_and_editorial(content: Bundle, known: _Known) -> Iterator[SeedProblem]:
    for page in content.guide:
        texts = [("/summary", page.summary.claims)] + [
            (f"/items/{n}", item.claims) for n, item in enumerate(page.items)
        ]
        for pointer, claims in texts:
            for n, claim in enumerate(claims):
                if message := known.missing("claim", claim):
                    yield _at(content, "guide_page", page.slug, f"{pointer}/claims/{n}", message)
    if content.editorial is None:
        return
    ranked = [rank.family for rank in content.editorial.invasiveness]
    for family in vocabulary.PROCEDURE_FAMILIES:
        if ranked.count(family) != 1:
            yield SeedProblem(
                "editorial.json",
                content.find_line("editorial.json", "/invasiveness"),
                "/invasiveness",
                f"the family {family!r} must stand exactly once in the order of invasiveness",
            )
    for n, flag in enumerate(content.editorial.red_flags):
        for m, claim in enumerate(flag.claims):
            if message := known.missing("claim", claim):
                pointer = f"/red_flags/{n}/claims/{m}"
                yield SeedProblem("editorial.json", content.find_line("editorial.json", pointer), pointer, message)


def _withdrawn(content: Bundle, known: _Known) -> Iterator[SeedProblem]:
    for record in content.withdrawn:
        if record.type not in _WITHDRAWN:
            near = find_nearest(record.type, _WITHDRAWN, limit=1) or list(_WITHDRAWN)
            yield _at(content, "withdrawn", record.slug, "/type", f"{record.type!r} is not one of {', '.join(near)}")
            continue
        if record.slug in {slug for kind, slugs, _ in _families(content) if kind == record.type for slug in slugs}:
            message = (
                f"{record.slug!r} is withdrawn and stands among the records all the same: take one of the two away"
            )
            yield _at(content, "withdrawn", record.slug, "/slug", message)
        for n, slug in enumerate(record.replaced_by):
            if message_ := known.missing(record.type, slug):
                yield _at(content, "withdrawn", record.slug, f"/replaced_by/{n}", message_)


def _history(content: Bundle, known: _Known) -> Iterator[SeedProblem]:
    try:
        history: History = replay_history(content.releases)
    except HistoryConflict as error:
        yield SeedProblem(f"releases/{error.version}.json", 1, "/changes", f"the history does not replay: {error}")
        return
    for before, release in pairwise(content.releases):
        file = f"releases/{release.version}.json"
        if release.version_key == before.version_key:
            yield SeedProblem(file, 1, "/version", f"the version {release.version} stands twice")
        if release.date < before.date:
            yield SeedProblem(file, 1, "/date", f"{release.date} is before {before.version}, which is of {before.date}")
    yield from _lost_addresses(content, known, history)


def _lost_addresses(content: Bundle, known: _Known, history: History) -> Iterator[SeedProblem]:
    """What was published under an address leads somewhere for good: to itself, to what took its place, or to why it is gone."""
    moved = {kind: {old for old, _ in _former(content, kind)} for kind in (*_FILE, "risk")}
    gone = {(record.type, record.slug) for record in content.withdrawn}

    def lost(kind: str, slug: str) -> bool:
        return slug not in moved[kind] and (kind, slug) not in gone and known.missing(kind, slug) is not None

    for entity, value in sorted(history.state.items()):
        family, _, slug = entity.partition("/")
        kind = RECORD_TYPE_BY_FOLDER.get(family, "")
        last = value if isinstance(value, dict) else {}
        if kind == "withdrawn" and last.get("type") in moved and lost(last["type"], slug):
            message = f"{slug!r} was withdrawn: without its entry its address would not say why it is gone"
            yield SeedProblem("withdrawn.json", 1, "/withdrawn", message)
        if kind not in moved:
            continue
        file = f"{family}/{slug}.json" if kind in _FILE else f"{family}.json"
        if lost(kind, slug):
            message = f"{slug!r} was published and is gone: list it in `former_slugs` of what replaces it, or in withdrawn.json"
            yield SeedProblem(file, 1, "/slug", message)
        # What is withdrawn takes its former slugs with it.
        elif (kind, slug) not in gone:
            for old in last.get("former_slugs", []):
                if lost(kind, old):
                    message = (
                        f"{old!r} led to {slug!r} in the last release and leads nowhere now: keep it in `former_slugs`"
                    )
                    yield SeedProblem(file, 1, "/former_slugs", message)
