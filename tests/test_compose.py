"""The Compose file against the Compose schema (as check-jsonschema ships it), and what it promises."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from app.monitoring.metrics import Metrics
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
OPERATIONS = ROOT / "docs/operations"


def yaml_of(file: Path) -> Any:
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


COMPOSE: dict[str, Any] = yaml_of(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]


def test_the_compose_file_fits_the_compose_schema() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["migrate", "api-1", "api-2", "nginx", "prometheus"])
def test_services_run_without_rights_on_a_read_only_file_system(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert "USER 10001" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["api-1", "api-2"])
def test_the_api_holds_no_writing_role_and_does_not_load(name: str) -> None:
    assert "KB_WRITE_DATABASE_URL" not in SERVICES[name]["environment"]
    assert SERVICES[name]["command"] == ["procedure-kb", "serve", "--no-load"]


def test_only_nginx_and_prometheus_have_ports_outside_and_only_on_this_machine() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert set(ports) == {"nginx", "prometheus"}
    assert all(port.startswith("127.0.0.1:") for given in ports.values() for port in given)


def test_every_setting_in_the_file_is_one() -> None:
    for service in ("api-1", "api-2", "migrate"):
        for name, value in SERVICES[service]["environment"].items():
            assert name.removeprefix("KB_").lower() in Settings.model_fields, name
            if name == "KB_DATABASE_URL":
                Settings(database_url=re.sub(r"\$\{[^}]*\}", "secret", value))


def test_every_file_that_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).is_file(), source


def test_nginx_is_given_every_value_that_its_template_names() -> None:
    template = (OPERATIONS / "nginx/kb.conf.template").read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{(KB_NGINX_[A-Z]+)\}", template))

    assert named == {name for name in SERVICES["nginx"]["environment"] if name.startswith("KB_NGINX_")}


def metric_names() -> set[str]:
    source = (ROOT / "app/main.py").read_text(encoding="utf-8") + Metrics().text()
    return set(re.findall(r"\bkb_[a-z_]+", source)) | {"kb_response_seconds_bucket"}


def test_dashboard_and_alerts_ask_only_for_metrics_that_there_are() -> None:
    dashboard = json.loads((OPERATIONS / "grafana/procedure-kb.json").read_text(encoding="utf-8"))
    alerts = yaml_of(OPERATIONS / "prometheus/alerts.yml")
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]

    for expression in asked:
        assert set(re.findall(r"\bkb_[a-z_]+", expression)) <= metric_names(), expression


def test_every_alert_says_what_to_do() -> None:
    for rule in yaml_of(OPERATIONS / "prometheus/alerts.yml")["groups"][0]["rules"]:
        assert rule["annotations"]["remedy"]
        for document in re.findall(r"docs/operations/\w+\.md", rule["annotations"]["remedy"]):
            assert (ROOT / document).is_file(), document
