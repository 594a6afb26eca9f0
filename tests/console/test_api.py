"""The JSON twin: its document, its tokens, and answers of the very models that the document names."""

from __future__ import annotations

import json
import re

import httpx

from bot.console.access import Bounds
from bot.console.openapi import API, document
from bot.console.ports.today import Today
from bot.console.site import load_areas
from tests.console.scene import GROUP, OTHER, Scene

ROUTES = [route for area in load_areas() for route in area.routes]


async def bearer(scene: Scene, bounds: Bounds | None = None, **kind: object) -> dict[str, str]:
    """The header of a new token of a new owner."""
    name = await scene.user("owner", f"owner-{len(kind)}{id(bounds)}")
    secret = await scene.accounts.add_token(name, "test", bounds or Bounds(), "test", **kind)  # type: ignore[arg-type]
    return {"authorization": f"Bearer {secret}"}


def test_the_document_names_every_twin_and_every_model() -> None:
    """Each route with its method; each reference leads somewhere; each path parameter is declared."""
    found = document(ROUTES)
    json.dumps(found)
    for route in ROUTES:
        path = API + re.sub(r"{(\w+):\w+}", r"{\1}", route.path)
        assert (path in found["paths"] and route.method.lower() in found["paths"][path]) == route.has_twin, route.name
    for path, methods in found["paths"].items():
        for operation in methods.values():
            declared = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path)), path
    for reference in re.findall(r"#/components/schemas/([\w-]+)", json.dumps(found)):
        assert reference in found["components"]["schemas"], reference


async def test_a_token_reads_and_acts_within_its_bounds(scene: Scene) -> None:
    """No cookie, no CSRF: a token is enough, for what it was made for and no more."""
    browser = scene.browser()
    headers = await bearer(scene, Bounds(groups=(GROUP,), actions=("*.see",)))
    answer = await browser.get(f"{API}/", headers=headers)
    assert answer.status_code == 200
    assert Today.model_validate_json(answer.content).groups == 1
    listed = (await browser.get(f"{API}/groups", headers=headers)).json()
    assert [each["uid"] for each in listed["groups"]] == [GROUP]
    assert (await browser.get(f"{API}/groups/{OTHER}", headers=headers)).status_code == 404
    assert (await browser.post(f"{API}/today/tasks/1", headers=headers, json={"choice": "x"})).status_code == 403
    assert (await browser.get(f"{API}/settings/users", headers=headers)).status_code == 403
    assert (await browser.get("/", headers=headers)).status_code == 303, "a token opens no pages"
    whole = await bearer(scene)
    refused = await browser.post(f"{API}/today/tasks/999", headers=whole, json={"choice": "x"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "already_decided")


async def test_tokens_end(scene: Scene) -> None:
    """Revoked, or of a user who was disabled: 401 at once. A token makes no tokens."""
    browser = scene.browser()
    name = await scene.user("owner", "boss")
    await scene.user("owner", "other")
    secret = await scene.accounts.add_token(name, "test", Bounds(), "test", days=1)
    headers = {"authorization": f"Bearer {secret}"}

    async def status() -> int:
        return (await browser.get(f"{API}/groups", headers=headers)).status_code

    assert await status() == 200
    made = await browser.post(f"{API}/account/tokens", headers=headers, json={"name": "child"})
    assert made.status_code == 404
    await scene.accounts.set_disabled(name, True, "test")
    assert await status() == 401
    await scene.accounts.set_disabled(name, False, "test")
    assert await status() == 200
    (token,) = [each for each in await scene.accounts.tokens() if each.name == "test"]
    await scene.accounts.revoke_token(token.id, "test")
    assert await status() == 401
    assert (await browser.get(f"{API}/groups", headers={"authorization": "Bearer qo_wrong"})).status_code == 401


async def test_bad_input_is_named_field_by_field(scene: Scene) -> None:
    headers = await bearer(scene)
    browser = scene.browser()

    async def post(**how: object) -> httpx.Response:
        return await browser.post(f"{API}/settings/users", headers=headers, **how)  # type: ignore[arg-type]

    answer = await post(json={"name": "", "password": "short", "role": "king"})
    assert answer.status_code == 422
    assert set(answer.json()["error"]["fields"]) == {"name", "password", "role"}
    for body, status in ((b"{", 400), (b"[1]", 400), (b"[" * 100_000, 400), (b'{"a": "' + b"x" * 300_000 + b'"}', 413)):
        answer = await browser.post(
            f"{API}/settings/users", content=body, headers=headers | {"content-type": "application/json"}
        )
        assert answer.status_code == status, body[:20]
    answer = await browser.post(f"{API}/settings/users", content=b"x", headers=headers | {"content-type": "text/xml"})
    assert answer.status_code == 415
    assert (await browser.get(f"{API}/groups?page=0", headers=headers)).status_code == 422
    assert (await browser.get(f"{API}/nowhere", headers=headers)).json()["error"]["code"] == "not_found"


async def test_the_document_is_served(scene: Scene) -> None:
    headers = await bearer(scene)
    answer = await scene.browser().get(f"{API}/openapi.json", headers=headers)
    assert answer.json()["openapi"].startswith("3.1")
    browser = await scene.signed_in("viewer")
    page = await browser.get("/api")
    assert "/api/v1/groups/{group}" in page.text
