"""A drop of quality against the committed baseline is a finding."""

import json
from pathlib import Path
from typing import Any

from app.loader.content import State
from app.read_model.quality import quality
from app.read_model.readability import FORMULAS

# Higher is better for the first, lower for the second.
RISING = ("claims", "better_than_patient_education", "with_figures")
FALLING = ("commercial",)


def figures(state: State) -> dict[str, Any]:
    """What the baseline holds: overall figures and the number of each gap."""
    whole, _ = quality(state.index)
    # A share of no claims is nought here: it cannot be better than a baseline.
    overall = {name: whole["overall"][name] or 0 for name in (*RISING, *FALLING)}
    gaps = {name: len(found) for name, found in whole["gaps"].items()}
    grade = {name: value or 0.0 for name, value in whole["overall"]["reading_grade"].items()}
    return overall | gaps | {name: grade[name] for name in FORMULAS}


def quality_drops(state: State, baseline: Path) -> list[str]:
    """A sentence for each figure that is worse than the baseline."""
    now = figures(state)
    if not baseline.exists():
        return [f"there is no baseline: write {json.dumps(now)} to {baseline.name}"]
    before = json.loads(baseline.read_text(encoding="utf-8"))
    return [
        f"{name}: {now[name]} now, {value} in the baseline"
        for name, value in before.items()
        if name in now and (now[name] < value if name in RISING else now[name] > value)
    ]
