"""A checked state of the content: a release, or a development version after it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.gc_pause import gc_paused
from app.read_model.graph import ContentGraph, build_graph
from app.seed.checks import check
from app.seed.diff import canonicalize, compute_changes, hash_content, replay_history
from app.seed.reader import Bundle, SeedInvalid, read_seed
from app.seed.schema import ContentChange, ReleaseFile


@dataclass
class CheckedContent:
    """What is about to be served."""

    version: str
    date: str
    revision: str
    development: bool
    bundle: Bundle
    graph: ContentGraph
    releases: list[ReleaseFile]
    # Changes since the last release; empty when the content is that release.
    pending: list[ContentChange]

    def build_release_facts(self) -> dict[str, Any]:
        """What the release says of itself."""
        counts = {
            "procedures": len(self.bundle.procedures),
            "conditions": len(self.bundle.conditions),
            "pain_generators": len(self.bundle.pain_generators),
            "risks": len(self.bundle.risks),
            "sources": len(self.bundle.sources),
            "claims": len(self.graph.claims),
            "guide_pages": len(self.bundle.guide),
        }
        return {
            "version": self.version,
            "date": self.date,
            "revision": self.revision,
            "development": self.development,
            "content_hash": self.bundle.content_hash,
            "counts": counts,
        }


def load_content(root: Path, *, each: Callable[[str], None] = lambda _: None) -> CheckedContent:
    """Read and check the seed below `root`. SeedRefused holds every finding."""
    with gc_paused():
        content, findings = read_seed(root, on_file=each)
        findings += check(content)
        if findings:
            raise SeedInvalid(findings)
        return from_bundle(content)


def from_bundle(content: Bundle) -> CheckedContent:
    """The state that a checked bundle is in: its last release, or a development version after it."""
    history = replay_history(content.releases)
    now = {entity: canonicalize(value) for entity, value in content.entities.items()}
    pending = compute_changes(history.state, now)
    last = content.releases[-1] if content.releases else None
    if last is not None and not pending:
        version, date, development = last.version, last.date, False
    else:
        base = last.version if last else "0.0.0"
        version, date, development = f"{base}+dev.{content.content_hash[:8]}", last.date if last else "1970-01-01", True
    past = orjson.dumps(
        [[release.version, release.date, release.title, release.content_hash] for release in content.releases]
    )
    revision = hashlib.sha256(content.content_hash.encode() + past).hexdigest()[:16]
    index = build_graph(content, version, history, {change.entity for change in pending})
    return CheckedContent(version, date, revision, development, content, index, content.releases, pending)


__all__ = ["CheckedContent", "hash_content", "load_content", "from_bundle"]
