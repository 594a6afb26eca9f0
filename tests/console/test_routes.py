"""Every route against every role, and what must hold for all of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.console.access import ACTIONS, EVERYWHERE, ROLES, Action, Bounds, Role
from bot.console.openapi import API
from bot.console.page import Area, Open, Route
from bot.console.site import load_areas
from bot.console.words import LANGUAGES, Words
from bot.plays import all_plays
from tests.console.scene import GROUP, OTHER, ROOT, Browser, Scene

EXAMPLES = {
    "group": GROUP,
    "task": "1",
    "row": "1",
    "token": "1",
    "user": "nobody",
    "playbook": "camp",
    "play": "接龙",
    "chain": "1",
    "book": "camp.yaml",
    "version": "1",
    "room": "nowhere",
    "report": "nowhere",
    "replay": "nowhere",
    "number": "1",
    "member": "sim:小明",
    "note": "1",
}
"""A value for every path parameter. A new one needs one here."""
ROUTES = [route for area in load_areas() for route in area.routes]


def path_of(route: Route, **values: str) -> str:
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: (EXAMPLES | values)[found[1]], route.path)


async def ask(browser: Browser, route: Route, path: str) -> int:
    """The status; a stream's first answer is enough."""
    if route.kind == "act":
        return (await browser.submit(path)).status_code
    return (await browser.get(path)).status_code


def test_a_route_without_an_action_does_not_load() -> None:
    """Forgetting who may use a page is a mistake at import, not a hole."""
    with pytest.raises(TypeError, match="needs"):
        Area("x").view("/x", needs=None, template="x.html")  # type: ignore[arg-type]


def test_public_routes_are_known_by_name() -> None:
    """What is open to everybody is written down here: a new one is a decision."""
    public = {route.name for route in ROUTES if route.needs is Open.PUBLIC}
    assert public == {
        "entry.sign_in_page", "entry.sign_in", "entry.set_up_page", "entry.set_up", "entry.speak",
    }  # fmt: skip


def test_names_and_paths_are_unique() -> None:
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


async def test_nobody_gets_in_without_signing_in(scene: Scene) -> None:
    """Pages lead to the sign-in, JSON answers 401, acts are refused: none of them runs."""
    await scene.user()
    for number, route in enumerate(ROUTES):
        if route.needs is Open.PUBLIC:
            continue
        # Each from an address of its own: as one caller they would be told to slow down.
        browser = scene.browser(address=f"10.0.0.{number}")
        path = path_of(route)
        if route.kind == "act":
            answer = await browser.submit(path)
            assert answer.status_code == 303, route.name
            assert answer.headers["location"].startswith("/sign-in"), route.name
        else:
            answer = await browser.get(path)
            assert answer.status_code == 303, route.name
            assert answer.headers["location"].startswith("/sign-in"), route.name
        if route.has_twin:
            twin = await (browser.submit if route.kind == "act" else browser.get)(API + path)
            assert twin.status_code in (401, 403), route.name


@pytest.mark.parametrize("role", ROLES)
async def test_every_route_for_every_role(scene: Scene, role: Role) -> None:
    """A role gets what its actions say and 403 for all else, by page and by JSON."""
    browser = await scene.signed_in(role)
    for route in ROUTES:
        if not isinstance(route.needs, Action) or route.kind == "stream":
            continue
        is_allowed = route.needs in ACTIONS[role]
        for prefix in ("", API) if route.has_twin else ("",):
            status = await ask(browser, route, prefix + path_of(route))
            assert (status != 403) == is_allowed, (role, prefix, route.name, status)
            assert status < 500, (role, prefix, route.name, status)


async def test_every_route_outside_the_bounds(scene: Scene) -> None:
    """An owner of one group finds no other group, and nothing that concerns the whole house."""
    browser = await scene.signed_in("owner", bounds=Bounds(groups=(GROUP,)))
    for route in ROUTES:
        if not isinstance(route.needs, Action) or route.kind == "stream":
            continue
        if route.needs in EVERYWHERE:
            assert await ask(browser, route, path_of(route)) == 403, route.name
        elif "{group}" in route.path:
            assert await ask(browser, route, path_of(route, group=OTHER)) == 404, route.name
            if route.has_twin:
                assert await ask(browser, route, API + path_of(route, group=OTHER)) == 404, route.name


async def test_every_act_needs_the_token_and_our_own_page(scene: Scene) -> None:
    """A form from elsewhere, or without the session's token, changes nothing: 403 before anything is looked at."""
    signed_in = await scene.signed_in("owner")
    for number, route in enumerate(ROUTES):
        if route.kind != "act" or route.needs is Open.PUBLIC:
            continue
        # Each from an address of its own: as one caller they would be told to slow down.
        browser = scene.browser(address=f"10.0.0.{number}")
        browser.cookies.set("qunops", signed_in.secret, domain="localhost.local")
        for prefix in ("", API) if route.has_twin else ("",):
            path = prefix + path_of(route)
            own = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
            assert (await browser.post(path, headers=own)).status_code == 403, path
            wrong = await browser.post(path, headers=own, data={"csrf": "0" * 64})
            assert wrong.status_code == 403, path
            foreign = await browser.submit(path, {"origin": "https://evil.example", "sec-fetch-site": "cross-site"})
            assert foreign.status_code == 403, path
            silent = await browser.post(path, headers={"x-csrf-token": "x"})
            assert silent.status_code == 403, path


def test_every_kind_of_play_has_a_name() -> None:
    """Today and a group's page call plays by it."""
    words = Words(ROOT / "templates" / "console" / "words")
    assert [kind for kind in all_plays() if not words.has(f"plays.{kind}")] == []


def test_both_languages_have_the_same_words() -> None:
    words = Words(ROOT / "templates" / "console" / "words")
    zh, en = (words.texts[language] for language in LANGUAGES)
    assert zh.keys() == en.keys()
    for key in zh:
        assert set(re.findall(r"{\w+}", zh[key])) >= set(re.findall(r"{\w+}", en[key])), key


def test_every_word_that_is_used_is_there() -> None:
    """Keys written out in templates and pages; those that are put together are covered by their tests."""
    words = Words(ROOT / "templates" / "console" / "words")
    used: dict[str, Path] = {}
    for file in (ROOT / "templates" / "console").rglob("*.html"):
        used |= dict.fromkeys(re.findall(r"\bt\(\"([\w.]+)\"[,)]", file.read_text("utf-8")), file)
        used |= dict.fromkeys(re.findall(r"\bt\('([\w.]+)'[,)]", file.read_text("utf-8")), file)
    for file in (ROOT / "bot" / "console").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name == "t" and isinstance(node.args[0].value, str):
                used[node.args[0].value] = file
            if name == "Refused":
                used[f"refused.{node.args[0].value}"] = file
    for area in load_areas():
        if area.icon:
            used[f"{area.name}.title"] = Path(area.name)
    missing = {key: str(file) for key, file in used.items() if not words.has(key)}
    assert not missing
