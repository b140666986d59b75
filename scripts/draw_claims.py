"""Draw claims at random for an audit against their sources: `python scripts/draw_claims.py SEED`."""

import random
import sys
from pathlib import Path

from app.read_model.quality import JUDGED_KINDS
from app.seed.reader import read_seed

SEED_DATA = Path(__file__).parents[1] / "seed_data"
SAMPLE_SIZE = 60
AUDITED_KINDS = JUDGED_KINDS | {"safety_warning"}


def draw_claims(seed: int, directory: Path = SEED_DATA) -> list[str]:
    """Draw a sample of the claims of effect, relief, harm, contraindication, bleeding, position or warning.

    Returns a line a claim: id, statement, sources with locators. The same seed draws the same of the same content.
    """
    bundle, _ = read_seed(directory)
    records = [*bundle.procedures, *bundle.conditions, *bundle.pain_generators]
    claims = sorted(
        (claim for record in records for claim in record.claims if claim.kind in AUDITED_KINDS),
        key=lambda claim: claim.id,
    )
    return [
        "\t".join(
            [
                claim.id,
                claim.statement,
                *(f"{citation.source}: {citation.locator or '-'}" for citation in claim.citations),
            ]
        )
        for claim in random.Random(seed).sample(claims, SAMPLE_SIZE)  # noqa: S311 - a sample, not a secret
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(draw_claims(int(sys.argv[1]))) + "\n")
