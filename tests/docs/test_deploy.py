"""What `deploy/` hands to a service manager has the essentials: a user of its own, a restart, a clean stop, its data kept."""

from __future__ import annotations

import re
import shlex
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml

from bot.config import load_settings
from docs.generator.commands import every
from tests.docs.pages import ROOT

DEPLOY = ROOT / "deploy"
RUN = dict(every())["run"]
OPTIONS = {option for each in RUN.params for option in (*each.opts, *each.secondary_opts)}


class Unit(RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture
def service() -> dict[str, str]:
    unit = Unit(strict=True)
    unit.read_string((DEPLOY / "qunops.service").read_text("utf-8"))
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    return dict(unit["Service"])


def test_the_unit_runs_the_bot_as_nobody_in_particular(service: dict[str, str]) -> None:
    """Not root, in its own folder, without a terminal, started again whenever it ends, stopped by a request."""
    assert service["User"] not in ("", "root")
    program, command, *options = shlex.split(service["ExecStart"])
    assert (program.rpartition("/")[2], command) == ("qunops", "run")
    assert "--no-talk" in options
    assert set(options) <= OPTIONS
    assert service["Restart"] == "always"
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) >= 15
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"


def test_the_unit_gives_little_away(service: dict[str, str]) -> None:
    """The system is read-only to it, and it can gain nothing."""
    assert (service["ProtectSystem"], service["NoNewPrivileges"], service["CapabilityBoundingSet"]) == (
        "strict", "yes", "",
    )  # fmt: skip
    assert set(service["RestrictAddressFamilies"].split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}


def instructions() -> list[tuple[str, str]]:
    joined = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_container() -> None:
    """Locked by hashes, not root at the end, data in a volume, ready by its own word, copies only what exists."""
    found = instructions()
    assert all(rest.startswith("python:3.12-slim") for what, rest in found if what == "FROM")
    installs = [rest for what, rest in found if what == "RUN" and "pip install" in rest]
    assert any("--require-hashes -r requirements.lock" in each for each in installs)
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)
    last = dict(found)
    assert last["USER"] not in ("root", "0")
    assert last["VOLUME"].endswith("/data")
    assert "/readyz" in last["HEALTHCHECK"]
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert last["CMD"] == '["qunops", "run", "--no-talk"]'
    for what, rest in found:
        if what == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source


def test_what_is_copied_is_in_the_context() -> None:
    """`.dockerignore` lets through what the container copies, and no data, settings or secrets."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {
        source.split("/")[0]
        for what, rest in instructions()
        if what == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert copied <= allowed
    assert not allowed & {"data", "config.yaml", ".git"}


def test_compose_agrees_with_the_container(tmp_path: Path) -> None:
    """It keeps the data, asks for a token, and its settings load with one, and not without."""
    (service,) = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"].values()
    folder = next(rest for what, rest in reversed(instructions()) if what == "WORKDIR")
    volumes = dict(each.removesuffix(":ro").split(":") for each in service["volumes"])
    assert volumes["data"] == f"{folder}/data"
    assert volumes["./container.yaml"] == service["environment"]["QUNOPS_CONFIG"]
    assert service["restart"] == "always"
    assert re.fullmatch(r"\$\{QUNOPS_ONEBOT_TOKEN:\?.*\}", service["environment"]["QUNOPS_ONEBOT_TOKEN"])
    assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
    settings = load_settings(DEPLOY / "container.yaml", {"QUNOPS_ONEBOT_TOKEN": "x"})
    assert settings.onebot is not None
    assert settings.onebot.token.get_secret_value() == "x"
    assert settings.http.host == "127.0.0.1"
    with pytest.raises(Exception, match="token"):
        load_settings(DEPLOY / "container.yaml", {})
