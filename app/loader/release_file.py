"""Writing the next file of the history."""

import json
from pathlib import Path

from pydantic import ValidationError

from app.domain.patterns import message_of
from app.loader.content import State
from app.seed.schema import ReleaseFile


def write_release(root: Path, state: State, *, version: str, date: str, title: str) -> Path:
    """The file of a new release: what changed since the last, field by field.

    ValueError when nothing changed, or when version, date or title are not what such a file may hold: nothing is written.
    """
    if not state.pending:
        msg = f"nothing changed since {state.version}: there is no release to write"
        raise ValueError(msg)
    try:
        made = ReleaseFile(
            version=version,
            date=date,
            title=title,
            content_hash=state.content.content_hash,
            changes=state.pending,
        )
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"{first['loc'][0]} {first['input']!r}: {message_of(first)}"
        raise ValueError(msg) from None
    last = state.releases[-1] if state.releases else None
    if last is not None and made.order <= last.order:
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
        "content_hash": state.content.content_hash,
    }
    lines = [
        json.dumps(change.model_dump(exclude_defaults=True), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        for change in state.pending
    ]
    # One change a line: a diff of the history can be read.
    text = (
        json.dumps(head, indent=1, ensure_ascii=False)[:-2] + ',\n "changes": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"
    )
    # Whole or not at all, whoever stops it: a half written history would refuse every load.
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return path


def next_version(state: State) -> str:
    """The version that follows: content grows by minor steps."""
    if not state.releases:
        return "1.0.0"
    major, minor, _ = state.releases[-1].order
    return f"{major}.{minor + 1}.0"
