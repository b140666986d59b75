"""The bundle looked at from all sides once, so that every document is a few look-ups."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orjson import Fragment

from app.domain import vocabulary
from app.read_model.grading import GRADE_RANK, Typical, grade_of, typical_of
from app.seed import schema as seed
from app.seed.diff import TYPE_OF_FAMILY, History
from app.seed.reader import Bundle
from app.text.normalize import fold

FAMILY_OF_TYPE = {kind: family for family, kind in TYPE_OF_FAMILY.items()}
PATH_OF_TYPE = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain-generators",
    "risk": "risks",
    "source": "sources",
    "guide_page": "guide",
    "claim": "claims",
}


@dataclass(frozen=True, slots=True)
class Edge:
    """The best supported claim of an edge, with the others behind it."""

    procedure: str
    other: str
    role: str
    grade: str
    claim: seed.TargetClaim | seed.IndicationClaim
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """What is still asked of a record that is no more; None: the history names it nothing."""

    name: str | None
    former_slugs: frozenset[str]


class Owned(NamedTuple):
    """A claim, the record that it is of, and how certain it is. One object each: there may be 600 000."""

    type: str
    slug: str
    claim: Any
    grade: str


@dataclass
class Index:
    """Names, ancestors, edges and grades of one state of the content."""

    content: Bundle
    version: str
    updated_in: dict[str, str]
    versions: list[str]
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    # Records that a release held and the content does not, as the last release with them had them.
    gone: dict[tuple[str, str], Gone] = field(default_factory=dict)
    sources: dict[str, seed.Source] = field(default_factory=dict)
    procedures: dict[str, seed.Procedure] = field(default_factory=dict)
    claims: dict[str, Owned] = field(default_factory=dict)
    # type -> slug -> ancestors with their depth, itself at 0.
    ancestors: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    narrower: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    targets: list[Edge] = field(default_factory=list)
    indications: list[Edge] = field(default_factory=list)
    # The same edges by what they lead to.
    by_generator: dict[str, list[Edge]] = field(default_factory=dict)
    by_condition: dict[str, list[Edge]] = field(default_factory=dict)
    typical: dict[tuple[str, str], Typical] = field(default_factory=dict)
    # Claims of one class, in their order: most of what asks for one asks for few of them.
    of_class: dict[type[seed.ClaimBase], list[Owned]] = field(default_factory=lambda: defaultdict(list))
    cited_by: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # Claims of a procedure about a risk, by risk; and (condition, pain generator, claim) of what joins the two.
    risk_claims: dict[str, list[Owned]] = field(default_factory=lambda: defaultdict(list))
    origins: list[tuple[str, str, str]] = field(default_factory=list)
    # The same by condition: (pain generator, claim); and by pain generator: (condition, claim).
    generators: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    conditions: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    # Condition -> (condition that may cause it, claim).
    causes: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    # What many documents share, made once (`shapes.fixed`).
    fixed: dict[Hashable, Fragment] = field(default_factory=dict)
    # Type -> slug -> folded name.
    _folded: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def about(self) -> seed.About:
        """What is true of the whole content."""
        if self.content.about is None:
            msg = "about.json is missing"
            raise ValueError(msg)
        return self.content.about

    @property
    def editorial(self) -> seed.Editorial:
        """Maps and orders that no source states."""
        if self.content.editorial is None:
            msg = "editorial.json is missing"
            raise ValueError(msg)
        return self.content.editorial

    def ref(self, kind: str, slug: str) -> dict[str, str]:
        """A reference as it is shown."""
        return {"type": kind, "slug": slug, "name": self.names[kind, slug]}

    def updated(self, kind: str, slug: str) -> str:
        """Version in which a record last changed."""
        return self.updated_in.get(f"{FAMILY_OF_TYPE[kind]}/{slug}", self.version)

    def sort_key(self, kind: str, slug: str) -> tuple[str, str]:
        """People's order: the folded name, then the slug."""
        known = self._folded[kind]
        folded = known.get(slug)
        if folded is None:
            folded = known[slug] = fold(self.names[kind, slug])
        return folded, slug


def index_of(content: Bundle, version: str, history: History, changed: set[str]) -> Index:
    """Look at the content once. `changed` holds entities that differ from the last release."""
    updated = {**history.updated_in, **dict.fromkeys(changed, version)}
    versions = [*history.versions] + ([version] if version not in history.versions else [])
    index = Index(content, version, updated, versions)
    for kind, record in content.records():
        index.names[kind, record.slug] = record.name
    index.names.update({("risk", risk.slug): risk.name for risk in content.risks})
    index.names.update({("source", source.slug): source.title for source in content.sources})
    index.names.update({("guide_page", page.slug): page.title for page in content.guide})
    index.gone = dict(_gone(index, history))
    index.sources = {source.slug: source for source in content.sources}
    index.procedures = {record.slug: record for record in content.procedures}
    for kind, slug, claim in content.claims():
        owned = index.claims[claim.id] = Owned(kind, slug, claim, grade_of(claim, index.sources))
        index.of_class[type(claim)].append(owned)
        if isinstance(claim, seed.ProcedureRiskClaim):
            index.risk_claims[claim.value.risk].append(owned)
        if isinstance(claim, seed.StatementClaim) and claim.kind == "arises_from":
            pairs = [(slug, other) for other in claim.value.pain_generators] if kind == "condition" else []
            pairs += [(other, slug) for other in claim.value.conditions] if kind == "pain_generator" else []
            for condition, generator in pairs:
                index.origins.append((condition, generator, claim.id))
                index.generators[condition].append((generator, claim.id))
                index.conditions[generator].append((condition, claim.id))
        if isinstance(claim, seed.StatementClaim) and claim.kind == "causes" and kind == "condition":
            for effect in claim.value.conditions:
                index.causes[effect].append((slug, claim.id))
        for source in dict.fromkeys(cited.source for cited in claim.citations):
            index.cited_by[source].append(claim.id)
    for kind in ("procedure", "condition", "pain_generator"):
        _hierarchy(index, kind)
    index.targets = _edges(index, "target")
    index.indications = _edges(index, "indication")
    index.by_generator, index.by_condition = _by_other(index.targets), _by_other(index.indications)
    for procedure in content.procedures:
        relief = [claim for claim in procedure.claims if isinstance(claim, seed.ReliefDurationClaim)]
        for intent in vocabulary.INTENTS:
            if typical := typical_of((claim for claim in relief if claim.value.intent == intent), index.sources):
                index.typical[procedure.slug, intent] = typical
    return index


def _gone(index: Index, history: History) -> Iterator[tuple[tuple[str, str], Gone]]:
    # No class has checked what is no longer part of the content.
    for entity, value in (history.removed | history.state).items():
        family, _, slug = entity.partition("/")
        record = (TYPE_OF_FAMILY.get(family, family), slug)
        if slug and record[0] in PATH_OF_TYPE and record not in index.names and isinstance(value, dict):
            name, former = value.get("name", value.get("title")), value.get("former_slugs")
            slugs = [one for one in former if isinstance(one, str)] if isinstance(former, list) else []
            yield record, Gone(name if isinstance(name, str) else None, frozenset(slugs))


def _hierarchy(index: Index, kind: str) -> None:
    broader = {record.slug: record.broader for other, record in index.content.records() if other == kind}
    narrower: dict[str, list[str]] = defaultdict(list)
    found: dict[str, dict[str, int]] = {}
    for slug in broader:
        depths, level, depth = {slug: 0}, [slug], 0
        while level:
            depth += 1
            level = [above for below in level for above in broader.get(below, ()) if above not in depths]
            depths.update(dict.fromkeys(level, depth))
        found[slug] = depths
        for above in broader[slug]:
            narrower[above].append(slug)
    index.ancestors[kind] = found
    index.narrower[kind] = {
        slug: sorted(below, key=lambda one: index.sort_key(kind, one)) for slug, below in narrower.items()
    }


def _by_other(edges: list[Edge]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.other].append(edge)
    return dict(found)


def _edges(index: Index, kind: str) -> list[Edge]:
    def rank(claim: seed.TargetClaim | seed.IndicationClaim) -> tuple[int, bool, str]:
        return GRADE_RANK[index.claims[claim.id].grade], claim.support != "quote", claim.id

    edges = []
    for procedure in index.content.procedures:
        groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for claim in procedure.claims:
            if claim.kind == kind:
                other = claim.value.pain_generator if isinstance(claim, seed.TargetClaim) else claim.value.condition  # type: ignore[union-attr]
                groups[other, claim.value.role].append(claim)  # type: ignore[union-attr]
        for (other, role), claims in groups.items():
            ranked = sorted(claims, key=rank)
            ids, grade = tuple(claim.id for claim in ranked), index.claims[ranked[0].id].grade
            edges.append(Edge(procedure.slug, other, role, grade, ranked[0], ids))
    return edges
