"""Content graph: records, claims and relations, indexed once for every document."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

from orjson import Fragment

from app.domain import vocabulary
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES, TYPES_WITH_BLOCKS
from app.domain.values import (
    IndicationValue,
    ProcedureRiskValue,
    RecommendationValue,
    ReliefDurationValue,
    StatementValue,
    TargetValue,
)
from app.read_model.claim_order import is_commercial, rank_claim
from app.read_model.conflicts import find_conflicts
from app.read_model.typical_relief import TypicalEstimate, find_typical_estimate
from app.seed import schema as seed
from app.seed.bundle import Bundle
from app.seed.diff import RECORD_TYPE_BY_FOLDER, History
from app.seed.reviews import ReviewState, find_review_states
from app.text.normalize import normalize


@dataclass(frozen=True, slots=True)
class Relation:
    """Procedure linked to a pain generator or condition, with the claims that say so."""

    procedure: str
    # Slug of the pain generator or condition.
    linked_slug: str
    role: str
    # The first of the claims: the newest one of an independent source.
    claim: seed.ClaimIn[TargetValue] | seed.ClaimIn[IndicationValue]
    claim_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemovedRecord:
    """Record that earlier releases had and the content no longer has. `name` is None if the history states no name."""

    name: str | None
    former_slugs: frozenset[str]


class SubjectClaim(NamedTuple):
    """Claim with its subject, the record that has it. A tuple, because there may be 600 000 of them."""

    subject_type: str
    subject_slug: str
    claim: Any
    # Whether it rests on the words of makers or practices alone.
    commercial: bool


@dataclass
class ContentGraph:
    """Names, ancestors, relations and reverse relations of one content version."""

    bundle: Bundle
    version: str
    last_changed_in: dict[str, str]
    versions: list[str]
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    # Records removed since an earlier release, as the last release with them had them.
    removed_records: dict[tuple[str, str], RemovedRecord] = field(default_factory=dict)
    sources: dict[str, seed.SourceIn] = field(default_factory=dict)
    procedures: dict[str, seed.ProcedureIn] = field(default_factory=dict)
    records: dict[tuple[str, str], seed.RecordIn] = field(default_factory=dict)
    risks: dict[str, seed.RiskIn] = field(default_factory=dict)
    claims: dict[str, SubjectClaim] = field(default_factory=dict)
    # Record type -> slug -> ancestor -> depth. Each record is its own ancestor at depth 0.
    ancestors: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    narrower: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    targets: list[Relation] = field(default_factory=list)
    indications: list[Relation] = field(default_factory=list)
    # Relations by the slug of the linked record.
    relations_by_generator: dict[str, list[Relation]] = field(default_factory=dict)
    relations_by_condition: dict[str, list[Relation]] = field(default_factory=dict)
    typical_estimates: dict[tuple[str, str], TypicalEstimate] = field(default_factory=dict)
    # Disagreements of the records that have any.
    conflicts: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    # Claim kind -> its claims, in content order.
    claims_by_kind: dict[str, list[SubjectClaim]] = field(default_factory=lambda: defaultdict(list))
    cited_by: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # Risk -> procedure claims about it.
    claims_by_risk: dict[str, list[SubjectClaim]] = field(default_factory=lambda: defaultdict(list))
    # (condition, pain generator, claim) for each statement that a condition arises from a pain generator.
    condition_generators: list[tuple[str, str, str]] = field(default_factory=list)
    # The same links by condition: (pain generator, claim); and by pain generator: (condition, claim).
    generators_by_condition: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    conditions_by_generator: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    # Condition -> (condition that may cause it, claim).
    causes_by_condition: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    # Latest review by record type and slug.
    reviews: dict[tuple[str, str], ReviewState] = field(default_factory=dict)
    # Procedure -> recommendations that conditions and pain generators state on it.
    recommendations_elsewhere: dict[str, list[SubjectClaim]] = field(default_factory=lambda: defaultdict(list))
    # Procedure -> its rows from `list_positions`.
    positions_by_procedure: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # (record type, slug) -> its codes: system, code, and the relation of the code to the record.
    codes_by_record: dict[tuple[str, str], list[tuple[seed.CodeSystemIn, seed.CodeIn, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    # JSON that many documents share (`claims_json.shared_fragment`).
    shared_fragments: dict[Hashable, Fragment] = field(default_factory=dict)
    # Record type -> slug -> normalized name.
    _normalized_names: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def about(self) -> seed.About:
        """Facts about the whole content: title, publisher, license. Raises ValueError if about.json is missing."""
        if self.bundle.about is None:
            msg = "about.json is missing"
            raise ValueError(msg)
        return self.bundle.about

    @property
    def editorial(self) -> seed.Editorial:
        """Editorial choices that no source states. Raises ValueError if editorial.json is missing."""
        if self.bundle.editorial is None:
            msg = "editorial.json is missing"
            raise ValueError(msg)
        return self.bundle.editorial

    def record_ref(self, record_type: str, slug: str) -> dict[str, str]:
        """JSON reference to a record: type, slug and name."""
        return {"type": record_type, "slug": slug, "name": self.names[record_type, slug]}

    def get_seriousness(self, value: ProcedureRiskValue) -> str:
        """Seriousness of a risk in a claim: that of the catalog, unless the source raises it."""
        usual = self.risks[value.risk].seriousness
        return min(value.seriousness or usual, usual, key=vocabulary.SERIOUSNESS_RANK.__getitem__)

    def find_descendants(self, record_type: str, slug: str) -> list[str]:
        """Find the narrower records of a record, theirs too, each once; the nearest first, then by name."""
        descendants: dict[str, None] = {}
        level = [slug]
        while level:
            children = dict.fromkeys(child for parent in level for child in self.narrower[record_type].get(parent, ()))
            level = [child for child in children if child not in descendants]
            descendants |= dict.fromkeys(level)
        return list(descendants)

    def last_changed_version(self, record_type: str, slug: str) -> str:
        """Release version in which a record last changed."""
        return self.last_changed_in.get(f"{RECORD_TYPES[record_type].folder}/{slug}", self.version)

    def list_relations(self, record_type: str, slug: str) -> list[Relation]:
        """Relations of procedures to a condition or pain generator and its narrower records."""
        by_slug = self.relations_by_condition if record_type == "condition" else self.relations_by_generator
        slugs = sorted({slug, *self.find_descendants(record_type, slug)})
        return [relation for linked_slug in slugs for relation in by_slug.get(linked_slug, ())]

    def sort_key(self, record_type: str, slug: str) -> tuple[str, str]:
        """Alphabetical order: the normalized name, then the slug."""
        names = self._normalized_names[record_type]
        name = names.get(slug)
        if name is None:
            name = names[slug] = normalize(self.names[record_type, slug])
        return name, slug


def build_graph(bundle: Bundle, version: str, history: History, changed: set[str]) -> ContentGraph:
    """Build the graph of a checked bundle. `changed` are the entities that differ from the last release."""
    last_changed_in = {**history.last_changed_in, **dict.fromkeys(changed, version)}
    versions = [*history.versions] + ([version] if version not in history.versions else [])
    graph = ContentGraph(bundle, version, last_changed_in, versions)
    # The order of claims in a file has no meaning: no document may depend on it. Problems were reported before this.
    for claims in (*(record.claims for _, record in bundle.records()), *(page.claims for page in bundle.guide)):
        claims.sort(key=attrgetter("id"))
    for record_type, record in bundle.records():
        graph.names[record_type, record.slug] = record.name
        graph.records[record_type, record.slug] = record
    graph.names.update({("risk", risk.slug): risk.name for risk in bundle.risks})
    graph.names.update({("source", source.slug): source.title for source in bundle.sources})
    graph.names.update({("guide_page", page.slug): page.title for page in bundle.guide})
    graph.names.update({("emergency", emergency.slug): emergency.name for emergency in bundle.emergencies})
    graph.removed_records = dict(_iter_removed_records(graph, history))
    graph.sources = {source.slug: source for source in bundle.sources}
    graph.risks = {risk.slug: risk for risk in bundle.risks}
    graph.reviews = find_review_states(bundle)
    graph.procedures = {record.slug: record for record in bundle.procedures}
    for system in bundle.code_systems:
        for code in system.codes:
            for coded in code.records:
                graph.codes_by_record[coded.type, coded.slug].append((system, code, coded.relation))
    for record_type in TYPES_WITH_BLOCKS:
        _add_hierarchy(graph, record_type)
    _add_claims(graph)
    graph.targets = _build_relations(graph, "target")
    graph.indications = _build_relations(graph, "indication")
    graph.relations_by_generator = _group_by_linked_slug(graph.targets)
    graph.relations_by_condition = _group_by_linked_slug(graph.indications)
    for record_type, record in bundle.records():
        if conflicts := find_conflicts(record, graph.sources):
            graph.conflicts[record_type, record.slug] = conflicts
    for procedure in bundle.procedures:
        relief = [claim for claim in procedure.claims if isinstance(claim.value, ReliefDurationValue)]
        for intent in vocabulary.INTENTS:
            if typical := find_typical_estimate(
                (claim for claim in relief if claim.value.intent == intent), graph.sources
            ):
                graph.typical_estimates[procedure.slug, intent] = typical
    return graph


def _add_claims(graph: ContentGraph) -> None:
    for record_type, slug, claim in graph.bundle.claims():
        subject_claim = SubjectClaim(record_type, slug, claim, is_commercial(claim, graph.sources))
        graph.claims[claim.id] = subject_claim
        graph.claims_by_kind[claim.kind].append(subject_claim)
        if isinstance(claim.value, ProcedureRiskValue):
            graph.claims_by_risk[claim.value.risk].append(subject_claim)
        if isinstance(claim.value, RecommendationValue):
            for procedure in claim.value.procedures:
                graph.recommendations_elsewhere[procedure].append(subject_claim)
        if isinstance(claim.value, StatementValue) and claim.kind == "arises_from":
            pairs = [(slug, other) for other in claim.value.pain_generators] if record_type == "condition" else []
            pairs += [(other, slug) for other in claim.value.conditions] if record_type == "pain_generator" else []
            for condition, generator in pairs:
                graph.condition_generators.append((condition, generator, claim.id))
                graph.generators_by_condition[condition].append((generator, claim.id))
                graph.conditions_by_generator[generator].append((condition, claim.id))
        if isinstance(claim.value, StatementValue) and claim.kind == "causes" and record_type == "condition":
            for effect in claim.value.conditions:
                graph.causes_by_condition[effect].append((slug, claim.id))
        for source in dict.fromkeys(citation.source for citation in claim.citations):
            graph.cited_by[source].append(claim.id)


def _iter_removed_records(graph: ContentGraph, history: History) -> Iterator[tuple[tuple[str, str], RemovedRecord]]:
    # The values come from the history and were never validated against the record classes.
    for entity, fields in (history.removed | history.state).items():
        folder, _, slug = entity.partition("/")
        key = (RECORD_TYPE_BY_FOLDER.get(folder, folder), slug)
        if slug and key[0] in RECORD_TYPES and key not in graph.names and isinstance(fields, dict):
            name, former = fields.get("name", fields.get("title")), fields.get("former_slugs")
            former_slugs = [old for old in former if isinstance(old, str)] if isinstance(former, list) else []
            yield key, RemovedRecord(name if isinstance(name, str) else None, frozenset(former_slugs))


def _add_hierarchy(graph: ContentGraph, record_type: str) -> None:
    narrower: dict[str, list[str]] = defaultdict(list)
    ancestors = graph.bundle.ancestors.get(record_type, {})
    for slug, depths in ancestors.items():
        for parent in (parent for parent, depth in depths.items() if depth == 1):
            narrower[parent].append(slug)
    graph.ancestors[record_type] = ancestors
    graph.narrower[record_type] = {
        slug: sorted(children, key=lambda child: graph.sort_key(record_type, child))
        for slug, children in narrower.items()
    }


def _group_by_linked_slug(relations: list[Relation]) -> dict[str, list[Relation]]:
    relations_by_slug: dict[str, list[Relation]] = defaultdict(list)
    for relation in relations:
        relations_by_slug[relation.linked_slug].append(relation)
    return dict(relations_by_slug)


def _build_relations(graph: ContentGraph, claim_kind: str) -> list[Relation]:
    def rank(claim: seed.ClaimIn[TargetValue] | seed.ClaimIn[IndicationValue]) -> tuple[bool, bool, int, str]:
        return claim.support == "editorial", *rank_claim(claim, graph.sources)

    relations = []
    for procedure in graph.bundle.procedures:
        groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for claim in procedure.claims:
            if claim.kind == claim_kind:
                linked = claim.value.pain_generator if isinstance(claim.value, TargetValue) else claim.value.condition
                groups[linked, claim.value.role].append(claim)
        for (linked, role), claims in groups.items():
            ranked = sorted(claims, key=rank)
            relations.append(Relation(procedure.slug, linked, role, ranked[0], tuple(claim.id for claim in ranked)))
    return relations
