"""Lay out and run the recipes of docs/clients.md: `python recipe.py NAME DIRECTORY`, with the server's address in KB_URL."""

import os
import re
import subprocess
import sys
from pathlib import Path

DOC = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
WRITTEN = "http://127.0.0.1:8000"


def main() -> None:
    name, place = sys.argv[1], Path(sys.argv[2])
    text = DOC.read_text(encoding="utf-8").replace(WRITTEN, os.environ["KB_URL"])
    section = next(part for part in text.split("\n## ") if f"<!-- run: {name} -->" in part)
    for file, code in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", section, flags=re.DOTALL):
        (place / file).write_text(code, encoding="utf-8")
    commands = re.findall(r"<!-- run: \S+ -->\n```sh\n(.*?)```", section, flags=re.DOTALL)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands[0]],
        cwd=place,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout[-2000:], end="")
    assert done.returncode == 0, name
    # The look-up that the service exists for, as the recipe's program prints it.
    assert "adiofrequency ablation" in done.stdout, name


if __name__ == "__main__":
    main()
