"""Today: what waits, what failed, what went wrong, who is connected."""

from __future__ import annotations

import pytest

from bot.console.access import Bounds
from bot.console.openapi import API
from bot.transports.wechat.state import State
from bot.usecases.today import about
from storage import tables as t
from tests.console.scene import GROUP, OTHER, Scene
from tests.storage.rows import add


class Gateway:
    """A WeChat connection that waits for its scan."""

    def __init__(self, scene: Scene) -> None:
        self._state = State(phase="waiting_scan", since=scene.app.clock.now(), qr="https://login.example/l/abc==")

    def states(self) -> dict[str, State]:
        return {"127.0.0.1:8788": self._state}


async def unsent(scene: Scene, group: str, status: str) -> int:
    """A send that ended so; its id."""
    chat = scene.app.kernel.directory.rooms[group].id

    def work(kernel: object) -> int:
        return scene.app.kernel.in_transaction(
            lambda connection: add(
                connection, t.outbox, account_id=1, chat_id=chat, idem=f"{group}{status}", cause="c", kind="message",
                body='{"seg":[["Text","周报 <b>来了"]]}', lane=2, on_unknown="never", status=status, not_before=1,
                created_at=1,
            )
        )  # fmt: skip

    return await scene.app.engine.call(work)


async def test_the_code_to_scan_is_drawn(scene: Scene) -> None:
    """As SVG in the page, as text in JSON; only for who sees everything."""
    scene.app.backstage.wechat = Gateway(scene)  # type: ignore[assignment]
    browser = await scene.signed_in()
    page = (await browser.get("/")).text
    assert "等扫码" in page
    assert 'class="qrline"' in page
    connections = (await browser.get(f"{API}/")).json()["connections"]
    assert {each["state"] for each in connections} == {"online", "scan"}
    assert next(each["qr"] for each in connections if each["qr"]).endswith("abc==")
    bounded = await scene.signed_in("operator", bounds=Bounds(groups=(GROUP,)))
    assert (await bounded.get(f"{API}/")).json()["connections"] == []


async def test_what_failed_is_sent_again_once(scene: Scene) -> None:
    """By who may, in their own groups; the audit log knows who."""
    row, elsewhere = await unsent(scene, GROUP, "unknown"), await unsent(scene, OTHER, "dead")
    coach = await scene.signed_in("coach")
    assert "再发一次" not in (await coach.get("/")).text
    assert (await coach.submit(f"/today/unsent/{row}/resend")).status_code == 403
    operator = await scene.signed_in("operator", bounds=Bounds(groups=(GROUP,)))
    page = (await operator.get("/")).text
    assert "不知道是否送达" in page
    assert "周报 &lt;b&gt;来了" in page
    assert (await operator.submit(f"/today/unsent/{elsewhere}/resend")).status_code == 404
    assert (await operator.submit("/today/unsent/99999/resend")).status_code == 404
    assert (await operator.submit(f"/today/unsent/{row}/resend")).status_code == 303
    assert (await operator.submit(f"/today/unsent/{row}/resend")).status_code in (404, 409)
    (entry,) = [each for each in await scene.accounts.audit() if each.action == "outbox.resend"]
    assert entry.actor == "console:the-operator"


async def test_a_broken_playbook_is_told(scene: Scene) -> None:
    """Where the mistake is and what it is."""
    broken = "playbook: bad\ngroups: [sim:早起营]\nplays:\n  打卡: {kind: chekin}\n"
    (scene.app.settings.playbooks / "bad.yaml").write_text(broken, "utf-8")
    await scene.app.reload()
    browser = await scene.signed_in()
    found = [each for each in (await browser.get(f"{API}/")).json()["wrong"] if each["what"] == "playbook"]
    assert [each["text"].split()[0] for each in found] == ["bad.yaml:4"]
    stranger = await scene.signed_in("viewer", bounds=Bounds(groups=(OTHER,)))
    assert (await stranger.get(f"{API}/")).json()["wrong"] == []


@pytest.mark.parametrize(
    ("kind", "key", "what"),
    [
        ("rules", "kick:3:qq:1", "kick"), ("rules", "appeal:3:qq:1", "appeal"), ("rules", "watched:3:广告", "brake"),
        ("welcome", "bye/3", "bye"), ("welcome", "unanswered/qq:1", "unanswered"), ("welcome", "anything", "join"),
        ("campaign", "missing/3", "content"), ("quiz", "fair-3", "quiz"), ("checkin", "review", "review"),
        ("invitation", "@invite:x", "invitation"), ("checkin", "@relay:5", "relay"), ("new", "x", "other"),
    ],
)  # fmt: skip
def test_kinds_of_questions(kind: str, key: str, what: str) -> None:
    assert about(kind, key) == what
