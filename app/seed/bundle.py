"""Bundle: the whole content of a seed directory in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from app.domain import vocabulary
from app.seed import schema as seed
from app.seed.json_pointer import find_line, index_lines
from app.text.emergency_phrases import EmergencyPhrases, build_emergency_phrases


def _claim_id(claim: seed.AnyClaimIn) -> str:
    return claim.id


def _find_depths(slug: str, broader: Mapping[str, list[str]]) -> dict[str, int]:
    depths, level, depth = {slug: 0}, [slug], 0
    while level:
        depth += 1
        level = [parent for child in level for parent in broader.get(child, ()) if parent not in depths]
        depths.update(dict.fromkeys(level, depth))
    return depths


@dataclass
class Bundle:
    """The whole content: records by type, in the order of their slugs."""

    procedures: list[seed.ProcedureIn] = field(default_factory=list)
    conditions: list[seed.ConditionIn] = field(default_factory=list)
    pain_generators: list[seed.PainGeneratorIn] = field(default_factory=list)
    risks: list[seed.RiskIn] = field(default_factory=list)
    sources: list[seed.SourceIn] = field(default_factory=list)
    guide: list[seed.GuidePageIn] = field(default_factory=list)
    emergencies: list[seed.EmergencyIn] = field(default_factory=list)
    withdrawn: list[seed.WithdrawnIn] = field(default_factory=list)
    code_systems: list[seed.CodeSystemIn] = field(default_factory=list)
    # Reviews by the name of their file, without its suffix.
    reviews: dict[str, seed.ReviewIn] = field(default_factory=dict)
    releases: list[seed.ReleaseFile] = field(default_factory=list)
    about: seed.About | None = None
    editorial: seed.Editorial | None = None
    # Location of each record, for problem messages: (record type, slug) -> file and pointer prefix.
    locations: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    # The content as plain JSON, by "folder/slug": the input of diffs, hashes and releases.
    entities: dict[str, Any] = field(default_factory=dict)
    content_hash: str = ""
    root: Path = Path()
    # Slugs and claim ids of invalid records: references to them are not reported as a second problem.
    unreadable_slugs: dict[str, set[str]] = field(default_factory=dict)
    # Record types with an unreadable file: references to these types are never reported as dangling.
    unreadable_types: set[str] = field(default_factory=set)
    # File -> line by pointer, of files with problems.
    _lines: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)

    def add_unreadable(self, record_type: str, data: Any) -> None:  # noqa: ANN401 - any JSON value
        """Remember the slug and the claim ids of an invalid record."""
        if not isinstance(data, dict):
            return
        if isinstance(data.get("slug"), str):
            self.unreadable_slugs.setdefault(record_type, set()).add(data["slug"])
        claims = data.get("claims")
        ids = [claim.get("id") for claim in claims if isinstance(claim, dict)] if isinstance(claims, list) else []
        self.unreadable_slugs.setdefault("claim", set()).update(id_ for id_ in ids if isinstance(id_, str))

    @cached_property
    def emergency_phrases(self) -> EmergencyPhrases:
        """Phrases of the catalog of emergencies, built once for all rules. Only after everything is read."""
        words = self.editorial.emergency_words if self.editorial else {}
        phrases = ((emergency.slug, emergency.phrases) for emergency in self.emergencies)
        return build_emergency_phrases(phrases, words, vocabulary.CALL_TIERS)

    @cached_property
    def ancestors(self) -> dict[str, dict[str, dict[str, int]]]:
        """Record type -> slug -> ancestor -> depth; each record is its own ancestor at depth 0."""
        broader: dict[str, dict[str, list[str]]] = {}
        for record_type, record in self.records():
            broader.setdefault(record_type, {})[record.slug] = record.broader
        return {
            record_type: {slug: _find_depths(slug, parents) for slug in parents}
            for record_type, parents in broader.items()
        }

    def records(self) -> Iterator[tuple[str, seed.ProcedureIn | seed.ConditionIn | seed.PainGeneratorIn]]:
        """Procedures, conditions and pain generators, each with its record type."""
        yield from (("procedure", record) for record in self.procedures)
        yield from (("condition", record) for record in self.conditions)
        yield from (("pain_generator", record) for record in self.pain_generators)

    def claims(self) -> Iterator[tuple[str, str, seed.AnyClaimIn]]:
        """Every claim with the type and slug of its record, sorted by id within a record: file order has no meaning."""
        for record_type, record in self.records():
            yield from ((record_type, record.slug, claim) for claim in sorted(record.claims, key=_claim_id))
        for page in self.guide:
            yield from (("guide_page", page.slug, claim) for claim in sorted(page.claims, key=_claim_id))
        for emergency in self.emergencies:
            yield from (("emergency", emergency.slug, claim) for claim in sorted(emergency.claims, key=_claim_id))

    def find_line(self, file: str, pointer: str) -> int:
        """Line that a JSON pointer refers to in a file of the seed. Raises OSError if the file cannot be read."""
        lines = self._lines.get(file)
        if lines is None:
            # A file with one problem often has thousands: it is read once.
            lines = self._lines[file] = index_lines((self.root / file).read_text(encoding="utf-8"))
        return find_line(lines, pointer)
