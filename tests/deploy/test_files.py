"""What `deploy/` names is there: paths, ports, settings, options, metrics, and pages to read."""

import configparser
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from mailproof.cli import COMMANDS
from mailproof.config.reading import load
from mailproof.config.settings import Delivery, Server, Settings
from mailproof.mail.purposes import PURPOSES
from mailproof.record.metrics.catalog import FAMILIES
from tests.docs.pages import LANGUAGES, ROOT, page
from tests.metric_names import labels_in, names_in, series_names, strings

DEPLOY = ROOT / "deploy"
CRITICAL = {name for name, purpose in PURPOSES.items() if purpose.critical}
OF_PROMETHEUS = {"instance", "job", "le"}


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def tree(name: str) -> Any:
    return yaml.safe_load(text(name))


def settings(environ: dict[str, str], folder: Path) -> Settings:
    """As `serve` would read them; every secret a file that is there."""
    for name, value in environ.items():
        if value.startswith("file:"):
            secret = folder / f"{name}.secret"
            url = "postgresql://mailproof:0123@db/mailproof" if "DATABASE" in name else "0" * 40
            secret.write_text(url, encoding="utf-8")
            environ[name] = f"file:{secret}"
    return load(path=None, environ=environ, cwd=folder).settings


# ---- Prometheus and Grafana ----

RULES = [rule for group in tree("prometheus/rules.yml")["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_only_for_what_is_there_and_names_its_runbook(rule: dict[str, Any]) -> None:
    assert names_in(rule["expr"]) <= series_names()
    assert rule["labels"]["severity"] in {"critical", "error", "warning"}
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    heads = re.findall(r"^### (.+)$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in {head.lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_that_names_critical_purposes_names_all_of_them(rule: dict[str, Any]) -> None:
    for listed in re.findall(r'purpose=~"([^"]+)"', rule["expr"]):
        assert set(listed.split("|")) == CRITICAL


def test_every_rule_is_tried_by_promtool() -> None:
    tried = text("prometheus/rules_test.yml")
    assert not [rule["alert"] for rule in RULES if rule["alert"] not in tried]


def test_the_dashboard_asks_only_for_what_is_there() -> None:
    expressions = list(strings(json.loads(text("grafana/mailproof.json"))))
    assert names_in(*expressions) <= series_names()
    assert len(names_in(*expressions)) >= 15


@pytest.mark.parametrize("name", ["prometheus/rules.yml", "grafana/mailproof.json"])
def test_series_are_chosen_by_labels_that_they_have(name: str) -> None:
    found = tree(name) if name.endswith("yml") else json.loads(text(name))
    families = {**FAMILIES}
    for family in FAMILIES.values():
        families |= {f"{family.name}_{part}": family for part in ("bucket", "sum", "count")}
    wrong = [
        (metric, label)
        for each in strings(found)
        for metric, label in labels_in(each)
        if label not in OF_PROMETHEUS | set(families[metric].labels)
    ]
    assert not wrong


def test_outcomes_are_never_summed_up_over_instances() -> None:
    """Every process shows the same ones: two of them are not twice as many mails."""
    shared = [family.name for family in FAMILIES.values() if not family.of_process]
    expressions = [rule["expr"] for rule in RULES]
    dashboard = json.loads(text("grafana/mailproof.json"))
    expressions += [
        each["expr"] for panel in dashboard["panels"] for each in panel.get("targets", [])
    ]
    for expression in expressions:
        for name in shared:
            if name not in expression:
                continue
            inner = expression[: expression.index(name)]
            last = re.findall(r"\b(sum|max|min|absent|count)\b", inner)
            assert last, expression
            assert last[-1] in {"max", "min", "absent"}, expression


def test_the_panels_of_the_dashboard_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(text("grafana/mailproof.json"))["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


# ---- systemd ----


def unit() -> configparser.ConfigParser:
    """Its last value for each key; `Environment` is read by `environment`."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text("mailproof.service"))
    return parser


def unit_environment() -> dict[str, str]:
    lines = re.findall(r"^Environment=(.+)$", text("mailproof.service"), re.MULTILINE)
    return dict(part.split("=", 1) for line in lines for part in shlex.split(line))


def test_the_unit_starts_a_command_with_options_that_exist() -> None:
    program, command, *options = shlex.split(unit()["Service"]["ExecStart"])
    assert Path(program).name == "mailproof"
    assert command in COMMANDS
    said = subprocess.run(
        [sys.executable, "-m", "mailproof", command, "--help"], capture_output=True, check=True
    ).stdout.decode()
    assert not [each for each in options if each.startswith("--") and each not in said]


def test_the_unit_waits_longer_than_a_stop_may_take() -> None:
    assert int(unit()["Service"]["TimeoutStopSec"]) > Delivery().drain_s


def test_the_settings_of_the_unit_are_settings(tmp_path: Path) -> None:
    (tmp_path / "mailproof.toml").write_text('[[providers]]\ntype = "resend"\n', encoding="utf-8")
    (tmp_path / "resend_api_key").write_text("re_" + "0" * 30, encoding="utf-8")
    environ = {
        name: value.replace("%S", "/var/lib").replace("%d", str(tmp_path))
        for name, value in unit_environment().items()
    }
    read = load(path=None, environ=environ, cwd=tmp_path).settings
    assert read.store_url.read() == "sqlite:////var/lib/mailproof/mailproof.db"
    assert read.providers[0].api_key.read() == "re_" + "0" * 30
    assert read.log.format == "json"


# ---- containers ----


def test_what_the_image_copies_is_there_and_pinned_by_hash() -> None:
    sources = re.findall(r"^COPY (?!--from)(\S+) ", text("Dockerfile"), re.MULTILINE)
    assert sources
    assert not [source for source in sources if not (ROOT / source).exists()]
    pinned = (ROOT / "requirements" / "image.txt").read_text(encoding="utf-8")
    entries = re.findall(r"^[a-z0-9].*?(?=^\S|\Z)", pinned, re.MULTILINE | re.DOTALL)
    assert len(entries) > 20
    assert not [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
    assert "asyncpg==" in pinned
    assert "--require-hashes" in text("Dockerfile")


def test_the_image_is_not_root_and_asks_a_path_that_is_served() -> None:
    last = text("Dockerfile").rpartition("\nFROM ")[2]
    assert re.search(r"^USER \d+$", last, re.MULTILINE)
    (path,) = re.findall(r"127\.0\.0\.1:7025(/\w+)", last)
    described = json.loads(
        (ROOT / "src" / "mailproof" / "gateway" / "openapi.json").read_text(encoding="utf-8")
    )
    assert path in described["paths"]
    command = re.findall(r"^CMD (\[.*\])$", last, re.MULTILINE)[-1]
    assert json.loads(command)[0] in COMMANDS


def test_the_settings_of_the_image_are_settings(tmp_path: Path) -> None:
    (line,) = re.findall(r"^ENV (.+)$", text("Dockerfile"), re.MULTILINE)
    environ = dict(part.split("=", 1) for part in shlex.split(line))
    read = settings({**environ, "RESEND_API_KEY": "re_" + "0" * 30}, tmp_path)
    assert (read.server.host, read.server.admin_host) == ("0.0.0.0", "127.0.0.1")
    exposed = re.findall(r"^EXPOSE (.+)$", text("Dockerfile"), re.MULTILINE)[0].split()
    assert [int(port) for port in exposed] == [read.server.port, read.server.port + 1]


def test_the_settings_of_compose_are_settings(tmp_path: Path) -> None:
    service = tree("compose.yaml")["services"]["mailproof"]
    read = settings(dict(service["environment"]), tmp_path)
    assert read.store_url.read().startswith("postgresql://")
    assert read.server.admin_token is not None
    assert not read.providers[0].accept_as_app_key
    assert service["command"][0] in COMMANDS


def test_every_secret_of_compose_is_a_file_that_the_first_lines_make() -> None:
    compose = tree("compose.yaml")
    files = {name: each["file"] for name, each in compose["secrets"].items()}
    used = {name for each in compose["services"].values() for name in each.get("secrets", [])}
    assert set(files) == used
    assert not [file for file in files.values() if f"> {file}" not in text("compose.yaml")]
    paths = re.findall(r"/run/secrets/(\w+)", text("compose.yaml"))
    assert set(paths) == used
    assert not re.search(r"(?i)password: *\S|re_[a-z0-9]{8}", text("compose.yaml"))


def test_compose_waits_for_the_database_and_gives_a_stop_its_time() -> None:
    services = tree("compose.yaml")["services"]
    assert services["mailproof"]["depends_on"]["db"]["condition"] == "service_healthy"
    assert "healthcheck" in services["db"]
    assert int(services["mailproof"]["stop_grace_period"].rstrip("s")) > Delivery().drain_s
    build = services["mailproof"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve().is_file()
    for port in services["mailproof"]["ports"]:
        host, outer, inner = port.split(":")
        assert (host, outer) == ("127.0.0.1", inner)
        assert int(inner) in {Server().port, Server().port + 1}


def test_the_proxy_shows_the_public_port_and_no_other() -> None:
    ports = re.findall(r"reverse_proxy \S+:(\d+)", text("Caddyfile"))
    assert [int(port) for port in ports] == [Server().port]
    assert len(text("Caddyfile").splitlines()) == 5


# ---- the pages ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_every_file_and_none_that_is_missing(language: str) -> None:
    named = set(re.findall(r"deploy/[\w./]+\w", page("operate", language)))
    files = {
        path.relative_to(ROOT).as_posix()
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.name != "rules_test.yml"
    }
    assert named == files
