"""Checked content: the seed as a release, or as a development version after the last release."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.gc_pause import gc_paused
from app.read_model.graph import ContentGraph, build_graph
from app.seed.bundle import Bundle
from app.seed.checks import check
from app.seed.diff import canonicalize, compute_changes, replay_history
from app.seed.problems import SeedInvalid
from app.seed.reader import read_seed
from app.seed.schema import ContentChange, ReleaseFile


@dataclass
class CheckedContent:
    """Content that passed every check, with what a load needs to know about it."""

    version: str
    date: str
    revision: str
    development: bool
    bundle: Bundle
    graph: ContentGraph
    releases: list[ReleaseFile]
    # Changes since the last release; empty if the content is that release.
    unreleased_changes: list[ContentChange]

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> "CheckedContent":
        """Determine version, revision and unreleased changes of a bundle without errors."""
        history = replay_history(bundle.releases)
        entities = {entity: canonicalize(value) for entity, value in bundle.entities.items()}
        unreleased_changes = compute_changes(history.state, entities)
        last = bundle.releases[-1] if bundle.releases else None
        version = last.version if last else "0.0.0"
        development = bool(unreleased_changes) or last is None
        if development:
            version = f"{version}+dev.{bundle.content_hash[:8]}"
        releases = [[release.version, release.date, release.title, release.content_hash] for release in bundle.releases]
        revision = hashlib.sha256(bundle.content_hash.encode() + orjson.dumps(releases)).hexdigest()[:16]
        return cls(
            version=version,
            date=last.date if last else "1970-01-01",
            revision=revision,
            development=development,
            bundle=bundle,
            graph=build_graph(bundle, version, history, {change.entity for change in unreleased_changes}),
            releases=bundle.releases,
            unreleased_changes=unreleased_changes,
        )

    def build_release_facts(self) -> dict[str, Any]:
        """Build the JSON of the release: version, date, revision, content hash and record counts."""
        counts = {
            "procedures": len(self.bundle.procedures),
            "conditions": len(self.bundle.conditions),
            "pain_generators": len(self.bundle.pain_generators),
            "risks": len(self.bundle.risks),
            "sources": len(self.bundle.sources),
            "claims": len(self.graph.claims),
            "guide_pages": len(self.bundle.guide),
            "emergencies": len(self.bundle.emergencies),
        }
        return {
            "version": self.version,
            "date": self.date,
            "revision": self.revision,
            "development": self.development,
            "content_hash": self.bundle.content_hash,
            "counts": counts,
        }


def load_content(root: Path, *, progress: Callable[[str], None] = lambda _: None) -> CheckedContent:
    """Read and check the seed below `root`. Raises SeedInvalid with every problem."""
    with gc_paused():
        bundle, problems = read_seed(root, on_file=progress)
        problems += check(bundle)
        if problems:
            raise SeedInvalid(problems)
        return CheckedContent.from_bundle(bundle)
