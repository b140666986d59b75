"""Build of the WordPress plugin: `python integrations/wordpress/build.py [DIRECTORY]` writes `procedure-kb.zip` there (default: `dist/`).

The style sheet is that of the embed script, with selectors for a page instead of a shadow root. The same files give the same bytes.
"""

import re
import sys
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PLUGIN_DIR: Final = Path(__file__).resolve().parent / "procedure-kb"
# The earliest date that a zip file can state.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_SHEET: Final = re.compile(r"const SHEET = `(.*?)`;", re.DOTALL)
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
# Of the blocks beside each other on a page, the first has the notice and the general emergency box; on paper all have them.
_PAGE_RULES: Final = """\
@media screen { .kb-embed ~ .kb-embed .once { display: none !important; } }
.kb-embed { margin-block: 1.5em; }
.kb-embed .subtitle { padding: 0; }
.kb-embed .stale { margin: 0; padding: .4em .8em; color: var(--_soft); font-size: .87em; }
"""


def scope_selector(selector: str) -> str:
    """Scope a selector of the embed's style sheet to blocks; empty for those of frame pages."""
    if selector.startswith(":host"):
        return re.sub(r":host(?:\(\[([^\]]*)\]\))?", lambda match: f".kb-embed{_rename(match.group(1))}", selector)
    if selector.startswith((".frame", "body.frame")):
        return ""
    return f".kb-embed {selector}"


def _rename(attribute: str | None) -> str:
    if not attribute:
        return ""
    return f"[{'data-' if attribute.startswith('theme') else ''}{attribute}]"


def scope_rule(match: re.Match[str]) -> str:
    """Scope the selectors of one rule."""
    selectors = [scope_selector(" ".join(selector.split())) for selector in match.group(1).strip().split(",")]
    kept = ", ".join(selector for selector in selectors if selector)
    return f"{kept} {{{match.group(2)}}}\n" if kept else ""


def build_style_sheet(script: str) -> str:
    """Build the style sheet of the plugin from the embed script."""
    match = _SHEET.search(script)
    if not match:
        raise SystemExit("the embed script has no style sheet")
    return _RULE.sub(scope_rule, match.group(1)) + _PAGE_RULES


def build(directory: Path) -> Path:
    """Write the zip and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {path.relative_to(PLUGIN_DIR): path.read_bytes() for path in PLUGIN_DIR.rglob("*") if path.is_file()}
    script = (ROOT / "app/web/static/kb.js").read_text(encoding="utf-8")
    files[Path("style.css")] = build_style_sheet(script).encode()
    files[Path("LICENSE")] = (ROOT / "LICENSE").read_bytes()
    path = directory / "procedure-kb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"procedure-kb/{name.as_posix()}", _DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return path


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
