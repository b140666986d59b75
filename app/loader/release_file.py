"""Release file: the next file of the history in seed_data/releases."""

import json
from pathlib import Path

from pydantic import ValidationError

from app.domain.patterns import validation_message
from app.loader.content import CheckedContent
from app.seed.schema import ReleaseFile


def write_release(root: Path, content: CheckedContent, *, version: str, date: str, title: str) -> Path:
    """Write the file of a new release: the changes since the last release, field by field. Returns its path.

    Raises ValueError, and writes nothing, if nothing changed or version, date or title are invalid.
    """
    if not content.unreleased_changes:
        msg = f"no changes since {content.version}: nothing to release"
        raise ValueError(msg)
    try:
        release = ReleaseFile(
            version=version,
            date=date,
            title=title,
            content_hash=content.bundle.content_hash,
            changes=content.unreleased_changes,
        )
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"{first['loc'][0]} {first['input']!r}: {validation_message(first)}"
        raise ValueError(msg) from None
    last = content.releases[-1] if content.releases else None
    if last is not None and release.version_key <= last.version_key:
        msg = f"version {version} is not later than {last.version}"
        raise ValueError(msg)
    if last is not None and date < last.date:
        msg = f"date {date} is before {last.date}, the date of {last.version}"
        raise ValueError(msg)
    path = root / "releases" / f"{version}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {
        "$schema": "../schema/release.json",
        "version": version,
        "date": date,
        "title": title,
        "content_hash": content.bundle.content_hash,
    }
    lines = [
        json.dumps(change.model_dump(exclude_defaults=True), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        for change in content.unreleased_changes
    ]
    # One change per line, so that diffs of the history stay readable.
    text = (
        json.dumps(head, indent=1, ensure_ascii=False)[:-2] + ',\n "changes": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"
    )
    # Replaced atomically: a truncated history would make every load fail.
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return path


def suggest_next_version(content: CheckedContent) -> str:
    """Suggest the next minor version, or 1.0.0 for the first release."""
    if not content.releases:
        return "1.0.0"
    major, minor, _ = content.releases[-1].version_key
    return f"{major}.{minor + 1}.0"
