"""Quality regressions: values that are worse than in the committed baseline."""

import json
from pathlib import Path
from typing import Any

from app.loader.content import CheckedContent
from app.read_model.quality import compute_quality
from app.text.readability import FORMULAS

SOURCE_SHARES = ("with_identifier", "with_year", "with_authors", "with_locator", "from_published")
HIGHER_IS_BETTER = ("claims", "with_figures", *SOURCE_SHARES)
LOWER_IS_BETTER = ("commercial", "claims_resting_on_education_or_policy_alone")


def compute_baseline_values(content: CheckedContent) -> dict[str, Any]:
    """Compute the values that the baseline records: overall numbers, the size of each gap, reading grades."""
    quality, _ = compute_quality(content.graph)
    values = quality["overall"] | quality["overall"]["sources"]
    # Without claims a share counts as 0, which is never better than the baseline.
    overall = {name: values[name] or 0 for name in (*HIGHER_IS_BETTER, *LOWER_IS_BETTER)}
    gaps = {name: len(records) for name, records in quality["gaps"].items()}
    grade = {name: value or 0.0 for name, value in quality["overall"]["reading_grade"].items()}
    return overall | gaps | {name: grade[name] for name in FORMULAS}


def find_quality_regressions(content: CheckedContent, baseline: Path) -> list[str]:
    """Find values that are worse than the baseline, one message each. Raises ValueError if the baseline is not JSON."""
    current = compute_baseline_values(content)
    if not baseline.exists():
        return [f"no baseline: write {json.dumps(current)} to {baseline.name}"]
    expected = json.loads(baseline.read_text(encoding="utf-8"))
    return [
        f"{name}: {current[name]} now, {value} in the baseline"
        for name, value in expected.items()
        if name in current and (current[name] < value if name in HIGHER_IS_BETTER else current[name] > value)
    ]
