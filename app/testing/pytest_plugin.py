"""pytest plugin: the fixture `procedure_kb`, a fault server for the whole test run.

pytest_plugins = ["app.testing.pytest_plugin"]

def test_my_client_survives_an_overload(procedure_kb):
assert MyClient(procedure_kb.with_faults("code=503")).list_procedures() == []
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class FaultServer:
    """A running fault server."""

    # Base URL, without a slash at the end.
    url: str

    def with_faults(self, faults: str) -> str:
        """Base URL whose answers have these faults, such as `code=503` or `walk=410,delay=1`."""
        return f"{self.url}/faults/{faults}"


@pytest.fixture(scope="session")
def procedure_kb() -> Iterator[FaultServer]:
    """A fault server on a free port of this machine, stopped after the last test."""
    command = (sys.executable, "-m", "app.testing")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this interpreter
        line = process.stdout.readline() if process.stdout else ""
        if "http://" not in line:
            process.kill()
            pytest.fail(f"The fault server did not start: {line}")
        yield FaultServer(line.split()[-1])
        process.terminate()
