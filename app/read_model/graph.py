"""The bundle looked at from all sides once, so that every document is a few look-ups."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orjson import Fragment

from app.domain import vocabulary
from app.read_model.grading import GRADE_RANK, TypicalEstimate, grade_claim, find_typical_estimate
from app.seed import schema as seed
from app.seed.diff import RECORD_TYPE_BY_FOLDER, History
from app.seed.reader import Bundle
from app.text.normalize import normalize

FOLDER_BY_TYPE = {record_type: family for family, record_type in RECORD_TYPE_BY_FOLDER.items()}
PATH_BY_TYPE = {
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
    linked_slug: str
    role: str
    grade: str
    best_claim: seed.TargetClaimIn | seed.IndicationClaimIn
    claim_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemovedRecord:
    """What is still asked of a record that is no more; None: the history names it nothing."""

    name: str | None
    former_slugs: frozenset[str]


class SubjectClaim(NamedTuple):
    """A claim, the record that it is of, and how certain it is. One object each: there may be 600 000."""

    subject_type: str
    subject_slug: str
    claim: Any
    grade: str


@dataclass
class ContentGraph:
    """Names, ancestors, edges and grades of one state of the content."""

    bundle: Bundle
    version: str
    updated_in: dict[str, str]
    versions: list[str]
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    # Records that a release held and the content does not, as the last release with them had them.
    removed_records: dict[tuple[str, str], RemovedRecord] = field(default_factory=dict)
    sources: dict[str, seed.SourceIn] = field(default_factory=dict)
    procedures: dict[str, seed.ProcedureIn] = field(default_factory=dict)
    claims: dict[str, SubjectClaim] = field(default_factory=dict)
    # type -> slug -> ancestors with their depth, itself at 0.
    ancestors: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    narrower: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    targets: list[Edge] = field(default_factory=list)
    indications: list[Edge] = field(default_factory=list)
    # The same edges by what they lead to.
    edges_by_generator: dict[str, list[Edge]] = field(default_factory=dict)
    edges_by_condition: dict[str, list[Edge]] = field(default_factory=dict)
    typical_estimates: dict[tuple[str, str], TypicalEstimate] = field(default_factory=dict)
    # Claims of one class, in their order: most of what asks for one asks for few of them.
    claims_by_class: dict[type[seed.ClaimInBase], list[SubjectClaim]] = field(default_factory=lambda: defaultdict(list))
    cited_by: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # Claims of a procedure about a risk, by risk; and (condition, pain generator, claim) of what joins the two.
    claims_by_risk: dict[str, list[SubjectClaim]] = field(default_factory=lambda: defaultdict(list))
    condition_generators: list[tuple[str, str, str]] = field(default_factory=list)
    # The same by condition: (pain generator, claim); and by pain generator: (condition, claim).
    generators_by_condition: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    conditions_by_generator: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    # Condition -> (condition that may cause it, claim).
    causes_by_condition: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    # What many documents share, made once (`shapes.fixed`).
    shared_fragments: dict[Hashable, Fragment] = field(default_factory=dict)
    # Type -> slug -> folded name.
    _normalized_names: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def about(self) -> seed.About:
        """What is true of the whole content."""
        if self.bundle.about is None:
            msg = "about.json is missing"
            raise ValueError(msg)
        return self.bundle.about

    @property
    def editorial(self) -> seed.Editorial:
        """Maps and orders that no source states."""
        if self.bundle.editorial is None:
            msg = "editorial.json is missing"
            raise ValueError(msg)
        return self.bundle.editorial

    def record_ref(self, record_type: str, slug: str) -> dict[str, str]:
        """A reference as it is shown."""
        return {"type": record_type, "slug": slug, "name": self.names[record_type, slug]}

    def last_changed_version(self, record_type: str, slug: str) -> str:
        """Version in which a record last changed."""
        return self.updated_in.get(f"{FOLDER_BY_TYPE[record_type]}/{slug}", self.version)

    def sort_key(self, record_type: str, slug: str) -> tuple[str, str]:
        """People's order: the folded name, then the slug."""
        known = self._normalized_names[record_type]
        folded = known.get(slug)
        if folded is None:
            folded = known[slug] = normalize(self.names[record_type, slug])
        return folded, slug


def build_graph(content: Bundle, version: str, history: History, changed: set[str]) -> ContentGraph:
    """Look at the content once. `changed` holds entities that differ from the last release."""
    updated = {**history.updated_in, **dict.fromkeys(changed, version)}
    versions = [*history.versions] + ([version] if version not in history.versions else [])
    graph = ContentGraph(content, version, updated, versions)
    for record_type, record in content.records():
        graph.names[record_type, record.slug] = record.name
    graph.names.update({("risk", risk.slug): risk.name for risk in content.risks})
    graph.names.update({("source", source.slug): source.title for source in content.sources})
    graph.names.update({("guide_page", page.slug): page.title for page in content.guide})
    graph.removed_records = dict(_iter_removed_records(graph, history))
    graph.sources = {source.slug: source for source in content.sources}
    graph.procedures = {record.slug: record for record in content.procedures}
    for record_type, slug, claim in content.claims():
        owned = graph.claims[claim.id] = SubjectClaim(record_type, slug, claim, grade_claim(claim, graph.sources))
        graph.claims_by_class[type(claim)].append(owned)
        if isinstance(claim, seed.ProcedureRiskClaimIn):
            graph.claims_by_risk[claim.value.risk].append(owned)
        if isinstance(claim, seed.StatementClaimIn) and claim.kind == "arises_from":
            pairs = [(slug, other) for other in claim.value.pain_generators] if record_type == "condition" else []
            pairs += [(other, slug) for other in claim.value.conditions] if record_type == "pain_generator" else []
            for condition, generator in pairs:
                graph.condition_generators.append((condition, generator, claim.id))
                graph.generators_by_condition[condition].append((generator, claim.id))
                graph.conditions_by_generator[generator].append((condition, claim.id))
        if isinstance(claim, seed.StatementClaimIn) and claim.kind == "causes" and record_type == "condition":
            for effect in claim.value.conditions:
                graph.causes_by_condition[effect].append((slug, claim.id))
        for source in dict.fromkeys(cited.source for cited in claim.citations):
            graph.cited_by[source].append(claim.id)
    for record_type in ("procedure", "condition", "pain_generator"):
        _add_hierarchy(graph, record_type)
    graph.targets = _build_edges(graph, "target")
    graph.indications = _build_edges(graph, "indication")
    graph.edges_by_generator, graph.edges_by_condition = _group_by_linked_slug(graph.targets), _group_by_linked_slug(graph.indications)
    for procedure in content.procedures:
        relief = [claim for claim in procedure.claims if isinstance(claim, seed.ReliefDurationClaimIn)]
        for intent in vocabulary.INTENTS:
            if typical := find_typical_estimate((claim for claim in relief if claim.value.intent == intent), graph.sources):
                graph.typical_estimates[procedure.slug, intent] = typical
    return graph


def _iter_removed_records(graph: ContentGraph, history: History) -> Iterator[tuple[tuple[str, str], RemovedRecord]]:
    # No class has checked what is no longer part of the content.
    for entity, value in (history.removed | history.state).items():
        family, _, slug = entity.partition("/")
        record = (RECORD_TYPE_BY_FOLDER.get(family, family), slug)
        if slug and record[0] in PATH_BY_TYPE and record not in graph.names and isinstance(value, dict):
            name, former = value.get("name", value.get("title")), value.get("former_slugs")
            slugs = [one for one in former if isinstance(one, str)] if isinstance(former, list) else []
            yield record, RemovedRecord(name if isinstance(name, str) else None, frozenset(slugs))


def _add_hierarchy(graph: ContentGraph, record_type: str) -> None:
    broader = {record.slug: record.broader for other, record in graph.bundle.records() if other == record_type}
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
    graph.ancestors[record_type] = found
    graph.narrower[record_type] = {
        slug: sorted(below, key=lambda one: graph.sort_key(record_type, one)) for slug, below in narrower.items()
    }


def _group_by_linked_slug(edges: list[Edge]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.linked_slug].append(edge)
    return dict(found)


def _build_edges(graph: ContentGraph, record_type: str) -> list[Edge]:
    def rank(claim: seed.TargetClaimIn | seed.IndicationClaimIn) -> tuple[int, bool, str]:
        return GRADE_RANK[graph.claims[claim.id].grade], claim.support != "quote", claim.id

    edges = []
    for procedure in graph.bundle.procedures:
        groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for claim in procedure.claims:
            if claim.kind == record_type:
                other = claim.value.pain_generator if isinstance(claim, seed.TargetClaimIn) else claim.value.condition  # type: ignore[union-attr]
                groups[other, claim.value.role].append(claim)  # type: ignore[union-attr]
        for (other, role), claims in groups.items():
            ranked = sorted(claims, key=rank)
            ids, grade = tuple(claim.id for claim in ranked), graph.claims[ranked[0].id].grade
            edges.append(Edge(procedure.slug, other, role, grade, ranked[0], ids))
    return edges
