"""Write the table of ICD-10-CM codes and titles that the service has, from the package `simple-icd-10-cm`.

The codes of a category follow it, a line each: what comes after its three characters, the title, and the name of the seventh
characters that a code takes. Those stand at the end: each with what it adds to a title. Another file has the words of the notes.
"""

import re
from collections import defaultdict
from pathlib import Path

import simple_icd_10_cm

DIRECTORY = Path(__file__).parents[1] / "app/domain/code_tables"
TABLE, WORDS = DIRECTORY / "icd-10-cm.txt", DIRECTORY / "icd-10-cm-words.txt"


def main() -> None:
    """Write both files."""
    write_table()
    WORDS.write_text("\n".join(sorted(find_words_of_notes())) + "\n", encoding="utf-8")


def find_words_of_notes() -> set[str]:
    """Words of four letters or more in what the codes include and exclude, in lower case."""
    notes = (
        note
        for code in simple_icd_10_cm.get_all_codes(True)
        for get_notes in (
            simple_icd_10_cm.get_inclusion_term,
            simple_icd_10_cm.get_excludes1,
            simple_icd_10_cm.get_excludes2,
        )
        for note in get_notes(code)
    )
    return {word for note in notes for word in re.findall(r"[a-z]{4,}", note.lower())}


def write_table() -> None:
    """Write the table of codes and titles."""
    titles = {
        code: " ".join(simple_icd_10_cm.get_description(code).split())
        for code in simple_icd_10_cm.get_all_codes(True)
        if simple_icd_10_cm.is_category_or_subcategory(code)
    }
    endings: dict[str, list[str]] = defaultdict(list)
    for code, title in list(titles.items()):
        base = code[:7].rstrip("X.")
        if len(code) == 8 and title.startswith(f"{titles[base]}, "):
            endings[base].append(f"{code[7]} {title.removeprefix(f'{titles[base]}, ')}")
            del titles[code]
    names = {row: str(n) for n, row in enumerate(sorted({tuple(row) for row in endings.values()}))}
    blocks: dict[str, list[str]] = defaultdict(list)
    for code, title in sorted(titles.items()):
        fields = [code[3:], title, *([names[tuple(endings[code])]] if code in endings else [])]
        blocks[code[:3]].append("\t".join(fields))
    sections = [category + "\n".join(lines) for category, lines in blocks.items()]
    sections.append("\n".join("\t".join([name, *row]) for row, name in names.items()))
    TABLE.write_text("\n\n".join(sections) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
