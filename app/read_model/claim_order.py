"""Order of claims: independent before commercial, then the newest. The kind of source has no rank."""

from collections.abc import Mapping

from app.seed import schema as seed


def is_commercial(claim: seed.AnyClaimIn, sources: Mapping[str, seed.SourceIn]) -> bool:
    """Whether a claim rests on the words of makers or practices alone."""
    return claim.commercial or all(sources[citation.source].commercial for citation in claim.citations)


def get_newest_source(claim: seed.AnyClaimIn, sources: Mapping[str, seed.SourceIn]) -> seed.SourceIn:
    """Newest source of a claim, an independent one before a commercial one."""
    if len(claim.citations) == 1:
        return sources[claim.citations[0].source]
    return min(
        (sources[citation.source] for citation in claim.citations),
        key=lambda source: (source.commercial, -(source.year or 0), source.slug),
    )


def rank_claim(claim: seed.AnyClaimIn, sources: Mapping[str, seed.SourceIn]) -> tuple[bool, int, str]:
    """Sort key of claims: independent before commercial, then the newest, then by id. The kind of source has no rank."""
    return is_commercial(claim, sources), -(get_newest_source(claim, sources).year or 0), claim.id
