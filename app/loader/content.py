"""A checked state of the content: a release, or a development version after it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.gc_pause import collector_at_rest
from app.read_model.graph import Index, index_of
from app.seed.checks import check
from app.seed.diff import canonical, changes_between, hash_of, history_of
from app.seed.reader import Bundle, SeedRefused, read
from app.seed.schema import Change, ReleaseFile


@dataclass
class State:
    """What is about to be served."""

    version: str
    date: str
    revision: str
    development: bool
    content: Bundle
    index: Index
    releases: list[ReleaseFile]
    # Changes since the last release; empty when the content is that release.
    pending: list[Change]

    def facts(self) -> dict[str, Any]:
        """What the release says of itself."""
        counts = {
            "procedures": len(self.content.procedures),
            "conditions": len(self.content.conditions),
            "pain_generators": len(self.content.pain_generators),
            "risks": len(self.content.risks),
            "sources": len(self.content.sources),
            "claims": len(self.index.claims),
            "guide_pages": len(self.content.guide),
        }
        return {
            "version": self.version,
            "date": self.date,
            "revision": self.revision,
            "development": self.development,
            "content_hash": self.content.content_hash,
            "counts": counts,
        }


def read_state(root: Path, *, each: Callable[[str], None] = lambda _: None) -> State:
    """Read and check the seed below `root`. SeedRefused holds every finding."""
    with collector_at_rest():
        content, findings = read(root, each=each)
        findings += check(content)
        if findings:
            raise SeedRefused(findings)
        return state_of(content)


def state_of(content: Bundle) -> State:
    """The state that a checked bundle is in: its last release, or a development version after it."""
    history = history_of(content.releases)
    now = {entity: canonical(value) for entity, value in content.plain.items()}
    pending = changes_between(history.state, now)
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
    index = index_of(content, version, history, {change.entity for change in pending})
    return State(version, date, revision, development, content, index, content.releases, pending)


__all__ = ["State", "hash_of", "read_state", "state_of"]
