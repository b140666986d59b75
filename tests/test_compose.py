"""Compose file: valid against the Compose schema of check-jsonschema, and consistent with settings, templates and metrics."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT
from ruamel.yaml import YAML

from app.monitoring.metrics import Metrics
from app.settings import Settings

OPERATIONS = ROOT / "docs/operations"


def load_yaml(file: Path) -> Any:
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


COMPOSE: dict[str, Any] = load_yaml(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]


def test_the_compose_file_is_valid_against_the_compose_schema() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_services_run_with_limits_without_capabilities_on_a_read_only_file_system(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert (service["mem_limit"], service["pids_limit"]) == ("1g", 256)
    assert "USER 10001" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["api-1", "api-2"])
def test_the_api_has_no_write_role_and_does_not_load(name: str) -> None:
    assert "KB_WRITE_DATABASE_URL" not in SERVICES[name]["environment"]
    assert SERVICES[name]["command"] == ["procedure-kb", "serve", "--no-load"]


def test_only_nginx_and_prometheus_publish_ports_and_only_on_loopback() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert set(ports) == {"nginx", "prometheus"}
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published)


def test_only_the_api_is_in_the_network_of_the_databases_and_in_that_of_nginx() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}

    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert {name for name, joined in networks.items() if joined == {"front", "back"}} == {"api-1", "api-2"}
    assert networks["db"] == networks["replica"] == networks["migrate"] == {"back"}
    assert networks["nginx"] == networks["prometheus"] == {"front"}


def test_images_have_exact_tags() -> None:
    images = [service["image"] for service in SERVICES.values() if "build" not in service]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    assert images
    assert all(re.search(r":v?\d+\.\d+", image) for image in images), images


def test_every_setting_in_the_compose_file_exists() -> None:
    for service in ("api-1", "api-2", "migrate"):
        for name, value in SERVICES[service]["environment"].items():
            assert name.removeprefix("KB_").lower() in Settings.model_fields, name
            if name == "KB_DATABASE_URL":
                Settings(database_url=re.sub(r"\$\{[^}]*\}", "secret", value))


def test_every_mounted_file_exists() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).is_file(), source


def test_nginx_gets_every_variable_of_its_template() -> None:
    template = (OPERATIONS / "nginx/kb.conf.template").read_text(encoding="utf-8")
    variables = set(re.findall(r"\$\{(KB_NGINX_[A-Z]+)\}", template))

    assert variables == {name for name in SERVICES["nginx"]["environment"] if name.startswith("KB_NGINX_")}


def list_metric_names() -> set[str]:
    text = asyncio.run(Metrics().render()).decode()
    return set(re.findall(r"^# HELP (kb_[a-z_]+)", text, re.MULTILINE)) | {"kb_response_seconds_bucket"}


def test_dashboard_and_alerts_query_only_existing_metrics() -> None:
    dashboard = json.loads((OPERATIONS / "grafana/procedure-kb.json").read_text(encoding="utf-8"))
    alerts = load_yaml(OPERATIONS / "prometheus/alerts.yml")
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expressions += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]

    for expression in expressions:
        assert set(re.findall(r"\bkb_[a-z_]+", expression)) <= list_metric_names(), expression


def test_every_alert_names_a_remedy_and_existing_documents() -> None:
    for rule in load_yaml(OPERATIONS / "prometheus/alerts.yml")["groups"][0]["rules"]:
        assert rule["annotations"]["remedy"]
        for document in re.findall(r"docs/operations/\w+\.md", rule["annotations"]["remedy"]):
            assert (ROOT / document).is_file(), document
