"""The list of attacks on a console like ours, row by row: each names the tests that fail when its guard is taken away."""

from __future__ import annotations

import ast
import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from bot.console import forms
from bot.console.answers import _file
from bot.console.assets import FOLDER
from bot.console.openapi import API
from bot.console.page import Download, Open
from bot.console.site import load_areas
from bot.usecases.aside import Commands
from bot.usecases.passwords import Passwords
from storage.database import Database
from tests.console.scene import GROUP, HOST, PASSWORD, ROOT, Scene
from tests.console.test_routes import path_of
from tests.console.test_streams import opened

EVIL = "https://evil.example"
SCRIPT = "<script>alert(1)</script>"

ROWS: Mapping[str, tuple[str, ...]] = {
    "stored XSS: nick, card, group name, message, file name": (
        "console/test_attacks.py::test_names_and_messages_are_text",
        "console/test_attack_list.py::test_names_of_groups_cards_and_files_are_text",
    ),
    "stored XSS: quiz text, chain, playbook": (
        "console/test_attacks.py::test_what_members_put_into_plays_is_text",
        "console/pages/test_playbooks.py::test_stored_text_is_shown_as_text",
    ),
    "stored XSS: chart labels": ("console/test_attack_list.py::test_charts_write_no_html",),
    "CSV and XLSX cells": (
        "console/pages/test_chains.py::test_the_table_is_a_file_and_runs_no_formula",
        "console/pages/test_insight.py::test_a_report_is_made_shown_and_kept",
        "insight/reports/test_reports.py::test_the_workbook",
    ),
    "template injection": ("console/test_attack_list.py::test_templates_in_a_playbook_reach_nothing",),
    "CSRF, also by htmx": (
        "console/test_routes.py::test_every_act_needs_the_token_and_our_own_page",
        "console/test_attack_list.py::test_a_script_of_another_page_has_no_token_either",
    ),
    "session fixation, reuse": (
        "console/test_sign_in.py::test_sessions_are_not_fixed_and_end",
        "console/test_sign_in.py::test_a_new_password_ends_all_other_sessions",
        "console/test_sign_in.py::test_idle_and_old_sessions_end",
    ),
    "cookie from a database dump": ("console/test_sign_in.py::test_a_stolen_hash_opens_nothing",),
    "login brute force, argon2 flood": (
        "console/test_sign_in.py::test_a_guesser_waits_longer_and_longer",
        "console/test_sign_in.py::test_a_flood_of_passwords_is_turned_away",
    ),
    "IDOR across groups and roles": (
        "console/test_routes.py::test_every_route_for_every_role",
        "console/test_routes.py::test_every_route_outside_the_bounds",
        "console/test_attacks.py::test_a_coach_of_one_group_decides_nothing_elsewhere",
        "console/pages/test_insight.py::test_who_may_not_see_members_reads_no_names",
    ),
    "path traversal": (
        "console/test_assets.py::test_a_file_is_served_for_a_year_and_nothing_beside_it",
        "console/pages/test_playbooks.py::test_a_name_that_leads_elsewhere_is_no_name",
        "console/test_attack_list.py::test_no_path_leads_to_a_file",
    ),
    "size, zip bombs, YAML bombs": (
        "console/test_attacks.py::test_bodies_without_end_are_cut",
        "console/test_attack_list.py::test_nothing_that_is_packed_is_unpacked",
        "console/test_attack_list.py::test_yaml_bombs_are_findings",
    ),
    "SQL through sort, filter, search": (
        "console/test_attacks.py::test_like_patterns_mean_themselves",
        "console/test_attack_list.py::test_what_is_sorted_by_is_a_word_of_ours",
    ),
    "open redirect": ("console/test_sign_in.py::test_nobody_is_sent_elsewhere",),
    "Host header, DNS rebinding": ("console/test_attacks.py::test_a_foreign_host_is_refused",),
    "CORS, streams across origins": ("console/test_attack_list.py::test_other_origins_read_nothing",),
    "clickjacking": (
        "console/test_attacks.py::test_every_answer_carries_the_headers",
        "console/pages/test_insight.py::test_a_report_is_made_shown_and_kept",
    ),
    "header injection in file names": ("console/test_attack_list.py::test_a_file_name_ends_no_header",),
    "SSRF": ("engine/images/test_reading.py",),
    "ReDoS in search": ("console/test_attack_list.py::test_patterns_in_a_search_are_words",),
    "secrets in logs, errors, pages, exports": (
        "console/test_attacks.py::test_secrets_stay_out_of_pages_and_errors",
        "console/test_attack_list.py::test_secrets_stay_out_of_the_log",
        "console/test_attack_list.py::test_a_command_is_given_no_token",
    ),
    "SSE exhaustion": ("console/test_streams.py::test_streams_are_few",),
    "timing of user names": ("console/test_attack_list.py::test_a_name_that_is_not_there_costs_as_much",),
    "slow request bodies": ("console/test_attack_list.py::test_a_body_that_never_comes_is_given_up",),
}


def test_every_row_names_tests_that_are_there() -> None:
    for row, tests in ROWS.items():
        for each in tests:
            file, _, name = each.partition("::")
            path = Path(__file__).parents[1] / file
            assert path.is_file(), (row, each)
            names = {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if hasattr(node, "name")}
            assert not name or name in names, (row, each)


async def test_names_of_groups_cards_and_files_are_text(scene: Scene) -> None:
    """A group's name, a member's card and a file's name on every page that has them."""
    world = scene.app.world
    assert world is not None
    world.found("sim:坏群", f"群{SCRIPT}", bot_role="admin")
    world.settle("sim:坏群", "sim:甲", f"甲{SCRIPT}")
    scene.says(f"文件 {SCRIPT}.pdf", "甲", "sim:坏群")
    browser = await scene.signed_in()

    async def is_known() -> bool:
        listed = (await browser.get(f"{API}/groups/sim:坏群/messages")).json()
        return bool(listed.get("said"))

    await scene.until(is_known)
    for path in (
        "/", "/groups", "/groups/sim:坏群", "/groups/sim:坏群/members", "/groups/sim:坏群/messages", "/search?q=文件",
        "/insight/groups", "/insight/groups/sim:坏群", "/insight/groups/sim:坏群/tiers", "/playbooks/new?name=a&like=camp.yaml",
        "/insight/groups/sim:坏群/leaders?window=all", "/insight/reports?group=sim:坏群",
    ):  # fmt: skip
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert SCRIPT not in answer.text, path


def test_charts_write_no_html() -> None:
    """Labels come from cells of a table by textContent; tips are drawn on the canvas, which knows no tags."""
    script = (FOLDER / "insight.js").read_text("utf-8")
    assert script.count("tooltip: {") == script.count('renderMode: "richText"') + script.count("...common(c).tooltip")
    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script


async def test_templates_in_a_playbook_reach_nothing(scene: Scene) -> None:
    """Operators write templates; what would leave the sandbox is a finding with its line, not a page."""
    browser = await scene.signed_in("operator")
    for words in (
        "{{ ''.__class__.__mro__ }}", "{% for x in range(10**9) %}x{% endfor %}", "{{ config }}", "{% include '/etc/passwd' %}",
        "{{ 'a' * 10**9 }}", "{{ self._TemplateReference__context }}",
    ):  # fmt: skip
        text = (
            f'playbook: posts\ngroups: ["{GROUP}"]\nplays:\n  公告:\n    kind: campaign\n    metric: campaign.replies_per_post\n'
            f'    posts:\n      - {{name: 早, cron: "0 9 * * *", text: {json.dumps(words)}}}\n'
        )
        found = (await browser.submit(f"{API}/playbooks/posts.yaml/check", source=text)).json()
        assert not found["is_sound"], words
        assert 8 in [each["line"] for each in found["findings"] if each["severity"] == "error"], words


async def test_a_script_of_another_page_has_no_token_either(scene: Scene) -> None:
    """htmx's header makes no request ours: every act still wants the token and our origin."""
    signed_in = await scene.signed_in("owner")
    acts = [
        route for area in load_areas() for route in area.routes
        if route.kind == "act" and route.needs is not Open.PUBLIC
    ]  # fmt: skip
    for number, route in enumerate(acts):
        browser = scene.browser(address=f"10.1.{number // 250}.{number % 250}")
        browser.cookies.set("qunops", signed_in.secret, domain="localhost.local")
        for own in (
            {"origin": HOST, "sec-fetch-site": "same-origin"},
            {"origin": EVIL, "sec-fetch-site": "cross-site"},
        ):
            answer = await browser.post(path_of(route), headers={**own, "hx-request": "true"})
            assert answer.status_code == 403, route.name


async def test_no_path_leads_to_a_file(scene: Scene) -> None:
    """Reports, replays and versions are known by ids of ours, never by names of files."""
    browser = await scene.signed_in("owner")
    for path in (
        "/insight/reports/..%2f..%2fetc%2fpasswd/file", "/insight/reports/%2e%2e/page", "/insight/reports/x/file?form=../../x",
        "/playbooks/replays/..%2f..%2fx", "/playbooks/camp.yaml/versions/..%2f1", "/playbooks/..%2f..%2fconfig.yaml",
    ):  # fmt: skip
        assert (await browser.get(path)).status_code in (404, 409, 422), path


async def test_nothing_that_is_packed_is_unpacked(scene: Scene) -> None:
    """A small body that grows to a gigabyte stays small: encodings and archives are not taken."""
    browser = await scene.signed_in("owner")
    bomb = gzip.compress(b"name=" + b"a" * 10_000_000)
    own = {"origin": HOST, "sec-fetch-site": "same-origin", "content-encoding": "gzip"}
    for kind in ("application/x-www-form-urlencoded", "application/json", "application/zip", "multipart/form-data"):
        answer = await browser.post("/settings/users", content=bomb, headers={**own, "content-type": kind})
        assert answer.status_code in (400, 403, 415), kind


async def test_yaml_bombs_are_findings(scene: Scene) -> None:
    """Depth, aliases, size: a finding for the editor, and the bot goes on."""
    browser = await scene.signed_in("operator")
    aliases = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for bomb in ("[" * 100_000, "{a: " * 40_000, aliases, "- " * 90_000, "a: !!python/object/apply:os.system [ls]\n"):
        found = await browser.submit(f"{API}/playbooks/camp.yaml/check", source=bomb)
        assert found.status_code == 200, bomb[:20]
        assert not found.json()["is_sound"], bomb[:20]
        assert found.json()["findings"], bomb[:20]
    assert (await browser.submit(f"{API}/playbooks/camp.yaml/check", source="a" * 200_001)).status_code == 422
    assert (await browser.get("/")).status_code == 200


async def test_what_is_sorted_by_is_a_word_of_ours(scene: Scene) -> None:
    """No column name comes from outside: an unknown one is refused before anything is asked."""
    browser = await scene.signed_in("viewer")
    injected = "name; DROP TABLE message --"
    for path in (
        f"/groups?sort={injected}", f"/groups?health={injected}", f"/insight/groups/{GROUP}/leaders?board={injected}",
        f"/insight/groups/{GROUP}/retention?by={injected}", f"/insight/groups/{GROUP}/tiers?day={injected}", f"/insight?days={injected}",
    ):  # fmt: skip
        assert (await browser.get(path)).status_code == 422, path
    assert (await browser.get(f"/insight/groups/{GROUP}/funnel", params={"playbook": injected})).status_code == 200


async def test_other_origins_read_nothing(scene: Scene) -> None:
    """No answer allows another origin anything, not to a question beforehand either; streams are no exception."""
    browser = await scene.signed_in("owner")
    for path in ("/", f"{API}/groups", f"{API}/today/live", "/insight"):
        asked = await browser.options(path, headers={"origin": EVIL, "access-control-request-method": "GET"})
        assert asked.status_code in (404, 405), path
        assert not [name for name in asked.headers if name.startswith("access-control")], path
    async with opened(scene, browser, "/today/live", origin=EVIL) as stream:
        assert stream.headers["cross-origin-resource-policy"] == "same-origin"
        assert not [name for name in stream.headers if name.startswith("access-control")]


def test_a_file_name_ends_no_header() -> None:
    """Line ends, quotes and slashes of a name are encoded or gone."""
    for name in ('a"\r\nset-cookie: x=1.csv', "../../etc/passwd", "群\n名.xlsx", 'x"; filename="y.exe', "a\x00b"):
        answer = _file(Download(name=name, media_type="text/csv", content=b""))
        header = answer.headers["content-disposition"]
        assert not set(header) & set("\r\n\x00"), name
        plain = header.partition('filename="')[2].partition('"')[0]
        assert not set(plain) & set('/\\";'), name
        assert header.count('"') == 2, name


async def test_patterns_in_a_search_are_words(scene: Scene) -> None:
    """A search knows words only: what would keep a pattern busy for years finds nothing, or itself."""
    scene.says("正则 (a+)+$ 真难")
    browser = await scene.signed_in("viewer")

    async def found(words: str) -> int:
        answer = await browser.get(f"{API}/groups/{GROUP}/messages", params={"q": words})
        assert answer.status_code == 200
        return len(answer.json()["said"])

    await scene.until(lambda: found("正则"))
    assert await found("(a+)+$") == 1
    assert await found("(x+x+)+y") == 0
    assert await found("a" * 99) == 0


async def test_secrets_stay_out_of_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Passwords, cookies, tokens and set-up codes are in no line, at any level."""
    caplog.set_level(logging.DEBUG)
    name = await scene.user("owner")
    browser = scene.browser()
    await browser.submit("/sign-in", name=name, password="not the password")
    await browser.submit("/sign-in", name=name, password=PASSWORD)
    secret = browser.secret
    assert secret
    made = await browser.submit("/account/tokens", name="看板")
    token = made.text.partition('class="secret"')[2].partition(">")[2].partition("<")[0].strip()
    assert token.startswith("qo_")
    await browser.submit("/settings/users", name="x!", password="another secret", role="viewer")
    scene.app.backstage.today = None  # type: ignore[misc, assignment]
    assert (await browser.get("/")).status_code == 500
    for word in ("not the password", PASSWORD, secret, token, "another secret", "AAAA-BBBB-CCCC"):
        assert word not in caplog.text, word


def test_a_command_is_given_no_token(tmp_path: Path) -> None:
    """What works beside the bot gets the database's address by its environment, and none of the networks' tokens."""
    with Database("sqlite://") as database:
        found = Commands(database, tmp_path, ROOT / "templates").environment(tmp_path / "settings.json")
    assert {found[name] for name in ("QUNOPS_ONEBOT_TOKEN", "QUNOPS_WECHAT_TOKEN", "QUNOPS_WECHAT_ENDPOINT")} == {""}
    assert found["QUNOPS_DATABASE"].startswith("sqlite")


async def test_a_name_that_is_not_there_costs_as_much() -> None:
    """An unknown name is hashed like a known one, with the same cost: the time tells nobody who has an account."""

    class Counting(PasswordHasher):
        costs: list[str]

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            self.costs.append(str(hash).split("$")[3])
            return super().verify(hash, password)

    hasher = Counting()
    hasher.costs = []
    passwords = Passwords(hasher)
    known = await passwords.hash("right horse")
    assert await passwords.is_right(known, "wrong") == (False, False)
    assert await passwords.is_right(None, "wrong") == (False, False)
    assert len(hasher.costs) == 2
    assert hasher.costs[0] == hasher.costs[1]


async def test_a_body_that_never_comes_is_given_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte and then nothing: the request ends by itself, whoever sent it."""
    monkeypatch.setattr(forms, "_BODY_TIMEOUT_S", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        yield b"n"
        await asyncio.Event().wait()

    headers = {"origin": HOST, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
    answer = await scene.browser().post("/sign-in", content=dripping(), headers=headers)
    assert answer.status_code == 408
