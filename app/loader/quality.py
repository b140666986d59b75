"""A drop of quality against the committed baseline is a finding."""

import json
from pathlib import Path
from typing import Any

from app.documents.quality import quality_document
from app.loader.state import State

# Higher is better for the first, lower for the second.
RISING = ("claims", "better_than_patient_education", "with_figures")
FALLING = ("commercial",)


def figures(state: State) -> dict[str, Any]:
    """What the baseline holds: overall figures and the number of each gap."""
    whole = quality_document(state.index)
    overall = {name: whole["overall"][name] for name in (*RISING, *FALLING)}
    return overall | {name: len(found) for name, found in whole["gaps"].items()}


def quality_drops(state: State, baseline: Path) -> list[str]:
    """A sentence for each figure that is worse than the baseline; empty without a baseline."""
    if not baseline.exists():
        return []
    before, now = json.loads(baseline.read_text(encoding="utf-8")), figures(state)
    return [
        f"{name}: {now[name]} now, {value} in the baseline"
        for name, value in before.items()
        if name in now and (now[name] < value if name in RISING else now[name] > value)
    ]
