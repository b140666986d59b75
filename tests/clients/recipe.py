"""Write and run a recipe of docs/clients.md: `python recipe.py NAME DIRECTORY`, with the server URL in KB_URL."""

import os
import re
import subprocess
import sys
from pathlib import Path

DOC = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
DOCUMENTED_URL = "http://127.0.0.1:8000"


def main() -> None:
    name, directory = sys.argv[1], Path(sys.argv[2])
    text = DOC.read_text(encoding="utf-8").replace(DOCUMENTED_URL, os.environ["KB_URL"])
    section = next(part for part in text.split("\n## ") if f"<!-- run: {name} -->" in part)
    for file, code in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", section, flags=re.DOTALL):
        (directory / file).write_text(code, encoding="utf-8")
    commands = re.findall(r"<!-- run: \S+ -->\n```sh\n(.*?)```", section, flags=re.DOTALL)
    completed = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands[0]],
        cwd=directory,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(completed.stdout[-2000:], end="")
    assert completed.returncode == 0, name
    # The recipe lists the procedures of a pain generator, the main query of the service.
    assert "adiofrequency ablation" in completed.stdout, name


if __name__ == "__main__":
    main()
