"""What strangers try: text that is code, requests from elsewhere, bodies without end. Each is refused or harmless."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import PlainTextResponse

from bot.console.access import Bounds
from bot.console.guard import CSP, HEADERS, Guard
from bot.console.openapi import API
from bot.console.page import BODY_LIMIT
from tests.console.scene import GROUP, HOST, OTHER, PASSWORD, Scene

SCRIPT = "<script>alert(1)</script>"
QUOTES = "\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


async def test_every_answer_carries_the_headers(scene: Scene) -> None:
    """Pages, JSON, files, redirects and refusals alike; nothing is kept by caches but the static files."""
    browser = await scene.signed_in("viewer")
    for path in ("/", "/groups", f"{API}/groups", "/nowhere", "/settings/users", "/sign-in", "/sign-out"):
        answer = await browser.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert answer.headers["cache-control"] == "no-store", path
        assert "access-control-allow-origin" not in answer.headers, path
    assert "unsafe" not in CSP
    assert "http" not in CSP


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "a@localhost", "[::1"]
)
async def test_a_foreign_host_is_refused(scene: Scene, host: str) -> None:
    """A name that was rebound to this machine is still not ours."""
    answer = await scene.browser().get("/sign-in", headers={"host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost:6780", "127.0.0.1:6780", "192.168.1.5", "[::1]:6780"])
async def test_our_own_hosts_are_served(scene: Scene, host: str) -> None:
    await scene.user()
    assert (await scene.browser().get("/sign-in", headers={"host": host})).status_code == 200


async def test_names_and_messages_are_text(scene: Scene) -> None:
    """Whatever a member is called or says: pages show it, and no tag, attribute or template of theirs comes alive."""
    assert scene.app.world is not None
    scene.app.world.join(GROUP, "sim:evil", QUOTES)
    scene.says(SCRIPT, "小红")
    scene.says(QUOTES, "小明")
    scene.says(f"加微信 {SCRIPT}", "evil")
    browser = await scene.signed_in()

    async def shown(path: str) -> str:
        text = (await browser.get(path)).text
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        return text

    async def has(path: str, words: str) -> str:
        text = await shown(path)
        return text if words in text else ""

    await scene.until(lambda: has(f"/groups/{GROUP}/messages", "&lt;script&gt;"))
    today = await scene.until(lambda: has("/", "移出群确认"))
    assert "{{ 7*7 }}" in today
    assert "&lt;script&gt;alert(1)" in today
    for path in (
        f"/groups/{GROUP}", f"/groups/{GROUP}/members?q={QUOTES}", f"/groups/{GROUP}/messages?q={QUOTES}",
        f"/groups?q={QUOTES}", f"/nowhere/{QUOTES}", f"/sign-in?next={QUOTES}", f"/?said={QUOTES}",
        f"/groups/{GROUP}/messages?around=1", f"/groups/{GROUP}/settings",
    ):  # fmt: skip
        await shown(path)


async def test_what_members_put_into_plays_is_text(scene: Scene) -> None:
    """A line of a chain and a member's name on the boards of plays, by page and by stream."""
    (scene.app.settings.playbooks / "street.yaml").write_text(
        f'playbook: street\ntitle: 邻里\ngroups: ["{GROUP}"]\n'
        "plays: {报名: {kind: chain, metric: chain.entries, debounce: 0s}}\n",
        "utf-8",
    )
    assert await scene.app.reload() == []
    assert scene.app.world is not None
    scene.app.world.join(GROUP, "sim:坏", f"坏{QUOTES}")
    scene.says(f"#接龙\n徒步{QUOTES}\n\n1. 小明 {SCRIPT}\n2. {QUOTES}", "坏")
    browser = await scene.signed_in()

    async def has(path: str, words: str) -> str:
        text = (await browser.get(path)).text
        return text if words in text else ""

    await scene.until(lambda: has("/chains", "徒步"))
    for path in (
        "/chains", f"/chains?q={QUOTES}", f"/checkins/{GROUP}/camp/打卡", f"/checkins?q={QUOTES}",
        f"/quizzes?q={QUOTES}", f"/chains/{GROUP}/street/报名/1",
    ):  # fmt: skip
        text = (await browser.get(path)).text
        assert SCRIPT not in text, path
        assert "<img src=x" not in text, path
    assert "&lt;script&gt;" in text or "&lt;script&gt;" in await has(f"/chains/{GROUP}/street/报名/1", "小明")


async def test_like_patterns_mean_themselves(scene: Scene) -> None:
    """% and _ in a search are signs, not wildcards; quotes end nothing."""
    scene.says("进度 100% 了")
    scene.says("进度一半")
    browser = await scene.signed_in()

    async def found(words: str) -> list[str]:
        answer = await browser.get(f"{API}/groups/{GROUP}/messages", params={"q": words})
        assert answer.status_code == 200, words
        return [each["text"] for each in answer.json()["said"]]

    async def both() -> bool:
        return len(await found("进度")) == 2

    await scene.until(both)
    assert await found("%") == ["进度 100% 了"]
    assert await found("_") == []
    for words in ("' OR 1=1 --", '"', "\\", "MATCH *", "x" * 100, "进度' UNION SELECT password FROM console_user --"):
        assert await found(words) == []
    assert (await browser.get(f"/groups/{GROUP}/messages", params={"q": "x" * 101})).status_code == 422


async def test_bodies_without_end_are_cut(scene: Scene) -> None:
    """By their declared size before they are read, by what was read otherwise."""
    browser = await scene.signed_in()
    token = {"x-csrf-token": "x", "origin": HOST}
    big = await browser.post("/settings/users", content=b"a" * (BODY_LIMIT + 1), headers=token)
    assert big.status_code == 413

    async def endless() -> object:
        while True:
            yield b"a" * 65536

    form = token | {"content-type": "application/x-www-form-urlencoded"}
    assert (await browser.post("/settings/users", content=endless(), headers=form)).status_code == 413  # type: ignore[arg-type]
    assert (await browser.post("/sign-in", content=b"a" * 9000, headers=form)).status_code == 413
    many = "&".join(f"f{n}=1" for n in range(3000))
    assert (await browser.post("/settings/users", content=many.encode(), headers=form)).status_code == 400
    assert (await browser.post("/settings/users", content=b"\xff\xfe", headers=form)).status_code == 400


async def test_too_many_requests_wait() -> None:
    """One address can't keep the bot's loop busy; another is not held up, and neither is the first after a while."""
    clock = [0.0]
    app = Guard(PlainTextResponse("here\n"), frozenset(), lambda: clock[0])

    async def get(address: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=(address, 50000))
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as browser:
            return await browser.get("/sign-in")

    answers = [await get("203.0.113.7") for _ in range(200)]
    held = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(held) < 200
    assert "retry-after" in held[0].headers
    assert (await get("203.0.113.8")).status_code == 200
    clock[0] += int(held[-1].headers["retry-after"])
    assert (await get("203.0.113.7")).status_code == 200


async def test_a_coach_of_one_group_decides_nothing_elsewhere(scene: Scene) -> None:
    """IDOR: the number of another group's question is no key to it; nor are made-up choices."""
    scene.says("加微信领资料", "小红")
    owner = await scene.signed_in("owner")

    async def waiting() -> list[dict[str, object]]:
        found: list[dict[str, object]] = (await owner.get(f"{API}/")).json()["waiting"]
        return found

    questions = await scene.until(waiting)
    task = questions[0]["id"]
    stranger = await scene.signed_in("coach", "stranger", bounds=Bounds(groups=(OTHER,)))
    assert (await stranger.get(f"{API}/")).json()["waiting"] == []
    assert (await stranger.submit(f"/today/tasks/{task}", choice="踢出")).status_code == 404
    other_book = await scene.signed_in("coach", "other-book", bounds=Bounds(playbooks=("else",)))
    assert (await other_book.submit(f"/today/tasks/{task}", choice="踢出")).status_code == 404
    viewer = await scene.signed_in("viewer")
    assert (await viewer.submit(f"/today/tasks/{task}", choice="踢出")).status_code == 403
    assert "踢出" not in (await viewer.get("/")).text, "who may not decide has no buttons"
    coach = await scene.signed_in("coach", "ours", bounds=Bounds(groups=(GROUP,)))
    assert (await coach.submit(f"/today/tasks/{task}", choice="rm -rf")).status_code == 409
    assert len(await waiting()) == 1
    assert (await coach.submit(f"/today/tasks/{task}", choice="不踢")).status_code == 303
    assert (await coach.submit(f"/today/tasks/{task}", choice="不踢")).status_code == 409
    entry = next(each for each in await scene.accounts.audit() if each.action == "task.decide")
    assert (entry.actor, entry.target) == ("console:ours", str(task))


async def test_secrets_stay_out_of_pages_and_errors(scene: Scene) -> None:
    """A failed form shows what was typed again, but never a password; a defect shows nothing of itself."""
    browser = await scene.signed_in()
    answer = await browser.submit("/settings/users", name="bad name!", password="do not show me", role="viewer")
    assert answer.status_code == 422
    assert "bad name!" in answer.text
    assert "do not show me" not in answer.text
    scene.app.backstage.today = None  # type: ignore[misc, assignment]
    broken = await browser.get("/")
    assert broken.status_code == 500
    assert "NoneType" not in broken.text
    assert "Traceback" not in broken.text
    assert (await browser.get(f"{API}/")).json()["error"]["code"] == "failed"
    assert PASSWORD not in broken.text


async def test_control_port_needs_its_token(scene: Scene) -> None:
    """The local control port is not the console: a signed-in browser has no use of it."""
    browser = await scene.signed_in()
    assert (await browser.submit("/control/console/user-add", name="x", password=PASSWORD)).status_code == 404
