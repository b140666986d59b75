"""Rules for codes of other organizations. Pure."""

from collections.abc import Collection, Iterable, Iterator

from app.domain.code_systems import CODE_SYSTEMS, parse_code
from app.domain.code_table import find_title, has_narrower_codes, is_valid_code
from app.domain.operator_codes import OperatorCode
from app.domain.record_types import get_label
from app.seed import schema as seed
from app.seed.problems import did_you_mean

# JSON pointer inside the file, and the message.
CodeError = tuple[str, str]


def find_code_errors(system: seed.CodeSystemIn) -> Iterator[CodeError]:
    """Every code that is not in its table, has not its form, or leads to a record that it cannot mean."""
    row = CODE_SYSTEMS.get(system.slug)
    if row is None or not row.is_free:
        yield "/slug", f"{system.slug!r} is not a code system that the content may hold"
        return
    seen = set[str]()
    for n, code in enumerate(system.codes):
        if parse_code(row, code.id) != code.id:
            yield f"/codes/{n}/id", f"{code.id!r} has not the form of a code of {row.title}, such as {row.example}"
        elif system.slug == "icd-10-cm":
            yield from ((f"/codes/{n}{pointer}", message) for pointer, message in _find_icd_errors(code))
        if code.id in seen:
            yield f"/codes/{n}/id", f"{code.id} is listed twice"
        seen.add(code.id)
        for m, record in enumerate(code.records):
            if record.type not in row.record_types:
                message = f"a code of {row.title} does not stand for a {record.type.replace('_', ' ')}"
                yield f"/codes/{n}/records/{m}/type", message
    if system.slug == "icd-10-cm":
        yield from _find_contradictions(system)


def _find_icd_errors(code: seed.CodeIn) -> Iterator[CodeError]:
    is_valid = is_valid_code(code.id)
    if code.replaced_by:
        for n, successor in enumerate(code.replaced_by):
            if not is_valid_code(successor):
                yield f"/replaced_by/{n}", f"{successor} is not in the table"
    elif not is_valid and not (code.subtree and has_narrower_codes(code.id)):
        yield "/id", f"{code.id} is not in the table"
    # A prefix with an X in place of a character has the title of the code before it; a retired code has the title that it had.
    title = find_title(code.id) or find_title(code.id.rstrip("X."))
    if title not in {None, code.title} and not code.replaced_by:
        yield "/title", f"the title of {code.id} is {title!r}"
    billable = is_valid and not has_narrower_codes(code.id)
    if code.billable is not billable and not code.replaced_by:
        yield (
            "/billable",
            f"{code.id} is {'' if billable else 'not '}billable: it has {'no ' if billable else ''}narrower codes",
        )


def _find_contradictions(system: seed.CodeSystemIn) -> Iterator[CodeError]:
    """Every code that is said to be broader than a record, though a code above it means the record or less."""
    included = {
        (code.id, record.slug)
        for code in system.codes
        for record in code.records
        if code.subtree and record.relation in {"exact", "narrower"}
    }
    for n, code in enumerate(system.codes):
        for m, record in enumerate(code.records):
            above = next(
                (code.id[:end] for end in range(3, len(code.id)) if (code.id[:end], record.slug) in included), ""
            )
            if above and record.relation == "broader":
                message = f"{code.id} cannot be broader than {record.slug!r}: {above} above it is exact or narrower"
                yield f"/codes/{n}/records/{m}/relation", message


def list_double_exact_codes(systems: list[seed.CodeSystemIn]) -> Iterator[str]:
    """Warning for each record that two codes of a system mean exactly."""
    for system in systems:
        exact: dict[tuple[str, str], list[str]] = {}
        for code in system.codes:
            for record in code.records:
                if record.relation == "exact":
                    exact.setdefault((record.type, record.slug), []).append(code.id)
        for (record_type, slug), codes in sorted(exact.items()):
            if len(codes) > 1:
                label = record_type.replace("_", " ")
                yield f"codes/{system.slug}.json: {', '.join(codes)} are all exact for the {label} {slug!r}"


def find_operator_code_errors(codes: Iterable[OperatorCode], records: Collection[tuple[str, str]]) -> Iterator[str]:
    """Message for each row of an operator's code map whose record is not among the records (type and slug)."""
    for row in codes:
        if (row.record_type, row.slug) not in records:
            slugs = [slug for record_type, slug in records if record_type == row.record_type]
            yield f"line {row.line}: unknown {get_label(row.record_type)} {row.slug!r}{did_you_mean(row.slug, slugs)}"
