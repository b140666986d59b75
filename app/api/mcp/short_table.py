"""Table of a comparison that fits a short answer: once a harm does not fit, nothing more is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from app.api.mcp.serialization import HARM_BLOCKS, CitedSources, measure, measure_sources
from app.domain.json import Json

# The part of the room, as 1 in so many, that is kept for the sources of the claims.
_SHARE_OF_SOURCES: Final = 4


class ShortTable:
    """Rows of a comparison with the values that fit, and the sources of their claims.

    The serious harms and the positions against stand beside the table in any case, as `safety` of each procedure.
    """

    def __init__(
        self, rows: Sequence[Json], claims: Mapping[str, Json], sources: CitedSources, max_characters: int
    ) -> None:
        # Rows in which something is known, and the names of the others.
        self.rows: list[Json] = []
        self.unknown: list[str] = []
        self.citations: list[Json] = []
        self._claims = claims
        self._sources = sources
        # (name of the row, cell of the answer, values to write).
        self._cells: list[tuple[str, Json, list[Json]]] = []
        for row in rows:
            if any(cell["values"] for cell in row["cells"]):
                cells = [self._add_cell(row["name"], cell) for cell in row["cells"]]
                self.rows.append({**row, "cells": cells})
            else:
                self.unknown.append(row["name"])
        self._room = max_characters - measure(self.rows) - measure(self.unknown)

    def _add_cell(self, row_name: str, cell: Json) -> Json:
        # Values of the same words are one.
        claims_by_label: dict[str, list[str]] = {}
        for value in cell["values"]:
            claims_by_label.setdefault(value["label"], []).extend(value["claims"])
        values = [{"text": label, "claims": claims} for label, claims in claims_by_label.items()]
        short = {"status": cell["status"], "values": [], "more": len(values)}
        self._cells.append((row_name, short, values))
        return short

    def fill(self) -> None:
        """Write the first values of every cell, then the second ones and so on, until a harm does not fit."""
        room_of_sources = self._room // _SHARE_OF_SOURCES
        self._room -= room_of_sources
        full: set[int] = set()
        # The sort is stable: harms come first among the first values of the cells, then among the second ones.
        for row_name, short, value in _take_in_turn(sorted(self._cells, key=lambda cell: cell[0] not in HARM_BLOCKS)):
            if id(short) not in full and self._take(measure(value)):
                short["values"].append(value)
                short["more"] -= 1
            elif row_name in HARM_BLOCKS:
                break
            else:
                full.add(id(short))
        self._room += room_of_sources
        self._cite()

    def _cite(self) -> None:
        """Add the sources of the claims while they fit."""
        written = _take_in_turn((name, short, short["values"]) for name, short, _ in self._cells)
        for claim_id in dict.fromkeys(claim_id for _, _, value in written for claim_id in value["claims"]):
            added = CitedSources()
            refs = (citation["source"] for citation in self._claims[claim_id]["citations"])
            citation = {"claim": claim_id, "sources": added.add(refs)}
            if self._take(measure(citation) + measure_sources(added, beside=self._sources)):
                self.citations.append(citation)
                self._sources.by_slug |= added.by_slug

    def _take(self, size: int) -> bool:
        """Take room. Returns whether there is as much."""
        if size > self._room:
            return False
        self._room -= size
        return True


def _take_in_turn(cells: Iterable[tuple[str, Json, list[Json]]]) -> Iterator[tuple[str, Json, Json]]:
    """First values of every cell, then second ones, and so on."""
    columns = [[(row_name, short, value) for value in values] for row_name, short, values in cells]
    for layer in zip_longest(*columns):
        yield from (entry for entry in layer if entry is not None)
