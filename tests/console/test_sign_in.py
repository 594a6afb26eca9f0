"""The way in: set-up, sign-in, sessions, and those who have no business here."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.console.guard import local_path
from bot.console.ports.accounts import Refused, Visitor
from bot.usecases.accounts import IDLE, LONGEST_SESSION
from bot.usecases.passwords import Backoff, Passwords
from bot.usecases.secret import hash_of, set_up_code
from tests.console.scene import PASSWORD, Browser, Scene

CODE = "AAAA-BBBB-CCCC"


async def sign_in(browser: Browser, name: str = "the-owner", password: str = PASSWORD, **more: str) -> int:
    return (await browser.submit("/sign-in", name=name, password=password, **more)).status_code


async def test_the_first_owner_needs_the_code_of_the_terminal(scene: Scene) -> None:
    """Until there is a user everything leads to the set-up; the code works once; then there is only the sign-in."""
    browser = scene.browser()
    assert (await browser.get("/")).headers["location"] == "/set-up"
    assert (await browser.get("/set-up")).status_code == 200
    wrong = await browser.submit("/set-up", code="AAAA-BBBB-CCCD", name="boss", password=PASSWORD)
    assert wrong.status_code == 422
    assert "设置码不对" in wrong.text
    assert PASSWORD not in wrong.text
    made = await browser.submit("/set-up", code=" aaaa bbbb cccc ", name="boss", password=PASSWORD)
    assert made.status_code == 303
    assert made.headers["location"] == "/?said=welcome"
    assert "账号建好了" in (await browser.get("/?said=welcome")).text
    again = await scene.browser().submit("/set-up", code=CODE, name="thief", password=PASSWORD)
    assert again.status_code in (303, 422)
    assert [user.name for user in await scene.accounts.users()] == ["boss"]
    assert (await scene.browser().get("/set-up")).headers["location"] == "/sign-in"


async def test_two_who_set_up_at_once_make_one_owner(scene: Scene) -> None:
    visitor = Visitor(address="127.0.0.1")
    tries = [scene.accounts.set_up(CODE, name, PASSWORD, visitor) for name in ("one", "two")]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, Refused) for each in found) == 1
    assert len(await scene.accounts.users()) == 1


async def test_the_cookie_and_the_database(scene: Scene) -> None:
    """HttpOnly, SameSite=Lax; Secure and __Host- under TLS; the database knows the hash alone."""
    await scene.user()
    browser = scene.browser()
    answer = await browser.submit("/sign-in", name="the-owner", password=PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("qunops=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    with scene.app.database.reading() as connection:
        rows = connection.execute(text("SELECT * FROM console_session")).all()
        dump = str([rows, connection.execute(text("SELECT * FROM console_user")).all()])
    assert browser.secret not in dump
    assert hash_of(browser.secret) in dump
    assert PASSWORD not in dump
    secure = scene.browser()
    secure.base_url = "https://localhost"  # type: ignore[assignment]
    headers = {"origin": "https://localhost"}
    answer = await secure.post("/sign-in", data={"name": "the-owner", "password": PASSWORD}, headers=headers)
    assert answer.headers["set-cookie"].startswith("__Host-qunops=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_a_stolen_hash_opens_nothing(scene: Scene) -> None:
    browser = await scene.signed_in()
    assert (await browser.get("/account")).status_code == 200
    thief = scene.browser()
    thief.cookies.set("qunops", hash_of(browser.secret), domain="localhost.local")
    assert (await thief.get("/account")).status_code == 303


async def test_sessions_are_not_fixed_and_end(scene: Scene) -> None:
    """A cookie given beforehand is never taken over; each sign-in makes a new one and ends the old; so does signing out."""
    await scene.user()
    browser = scene.browser()
    browser.cookies.set("qunops", "x" * 43, domain="localhost.local")
    await sign_in(browser)
    first = next(cookie.value for cookie in browser.cookies.jar if cookie.value != "x" * 43)
    assert first
    clean = scene.browser()
    clean.cookies.set("qunops", str(first), domain="localhost.local")
    assert (await clean.get("/account")).status_code == 200
    secret = clean.secret
    assert await sign_in(clean) == 303
    old = scene.browser()
    old.cookies.set("qunops", secret, domain="localhost.local")
    assert (await old.get("/account")).status_code == 303, "the session before the sign-in is over"
    other = await scene.signed_in("viewer")
    kept = other.secret
    left = await other.submit("/sign-out")
    assert left.headers["location"] == "/sign-in"
    thief = scene.browser()
    thief.cookies.set("qunops", kept, domain="localhost.local")
    assert (await thief.get("/account")).status_code == 303


async def test_a_new_password_ends_all_other_sessions(scene: Scene) -> None:
    browser = await scene.signed_in("owner")
    elsewhere = scene.browser()
    await sign_in(elsewhere)
    assert (await elsewhere.get("/account")).status_code == 200
    wrong = await browser.submit("/account/password", old_password="not this", new_password="another one")
    assert wrong.status_code == 422
    assert "现在的密码不对" in wrong.text
    assert (
        await browser.submit("/account/password", old_password=PASSWORD, new_password="another one")
    ).status_code == 303
    assert (await elsewhere.get("/account")).status_code == 303
    assert (await browser.get("/account")).status_code == 200
    assert await sign_in(scene.browser(), password="another one") == 303


async def test_idle_and_old_sessions_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve hours without a request, seven days in any case."""
    browser = await scene.signed_in()
    secret, start = browser.secret, scene.app.clock.now()

    async def is_in(after: timedelta) -> bool:
        monkeypatch.setattr(scene.accounts, "_now", lambda: start + after)
        return await scene.accounts.identify(secret) is not None

    assert await is_in(IDLE - timedelta(minutes=1))
    assert await is_in(2 * IDLE - timedelta(minutes=2)), "a request keeps it alive"
    assert not await is_in(4 * IDLE)
    span = timedelta()
    assert await is_in(span)
    while span < LONGEST_SESSION - IDLE:
        span += IDLE - timedelta(minutes=1)
        assert await is_in(span)
    assert not await is_in(LONGEST_SESSION + timedelta(seconds=1))


async def test_a_guesser_waits_longer_and_longer(scene: Scene) -> None:
    """The same words for a wrong name and a wrong password; after three tries the address is held back, then the name."""
    await scene.user()
    guesser = scene.browser(address="203.0.113.9")
    answers = [
        await guesser.submit("/sign-in", name=name, password="wrong") for name in ("nobody", "the-owner", "nobody")
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert all("账号或密码不对" in answer.text for answer in answers)
    held = await guesser.submit("/sign-in", name="the-owner", password=PASSWORD)
    assert held.status_code == 429
    assert int(held.headers.get("retry-after", "1")) >= 1
    assert await sign_in(scene.browser(address="203.0.113.10")) == 303, "others are not locked out"


def test_delays_double_and_are_forgotten() -> None:
    now = [0.0]
    backoff = Backoff(60.0, lambda: now[0])
    waits = []
    for _ in range(10):
        backoff.failed("a")
        waits.append(backoff.wait_s("a"))
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff.wait_s("b") == 0
    now[0] = 5000
    backoff.failed("a")
    assert backoff.wait_s("a") == 0, "an hour later it begins anew"
    backoff.failed("a")
    backoff.succeeded("a")
    backoff.failed("a")
    assert backoff.wait_s("a") == 0


async def test_a_flood_of_passwords_is_turned_away() -> None:
    """Two at a time, eight wait, the rest is refused before it costs anything."""
    passwords = Passwords()
    tries = [passwords.is_right(None, "x") for _ in range(40)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    refused = [each for each in found if isinstance(each, Refused)]
    assert len(refused) == 30
    assert [each for each in found if not isinstance(each, Refused)] == [(False, False)] * 10


def test_set_up_codes_are_long_and_readable() -> None:
    codes = {set_up_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(len(code) == 14 and not set("01IOL") & set(code) for code in codes)


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/a\nb", "evil",
     "/a\r\nset-cookie:x=1", "///evil.example", "http:evil", "\t//evil.example", "/\t/evil.example"],
)  # fmt: skip
async def test_nobody_is_sent_elsewhere(scene: Scene, wanted: str) -> None:
    """`next` leads to a path of this site or home."""
    assert local_path(wanted) == "/"
    await scene.user()
    answer = await scene.browser().submit("/sign-in", name="the-owner", password=PASSWORD, next=wanted)
    assert answer.headers["location"] == "/"
    assert local_path("/groups?q=a%20b") == "/groups?q=a%20b"


async def test_after_signing_in_one_is_where_one_wanted_to_go(scene: Scene) -> None:
    await scene.user()
    browser = scene.browser()
    asked = await browser.get("/groups?q=早起")
    page = await browser.get(asked.headers["location"])
    assert 'name="next" value="/groups?q=' in page.text
    answer = await browser.submit("/sign-in", name="the-owner", password=PASSWORD, next="/groups?q=a")
    assert answer.headers["location"] == "/groups?q=a"


async def test_the_last_owner_stays(scene: Scene) -> None:
    """Nobody can lock everybody out; a disabled user is out at once."""
    browser = await scene.signed_in("owner")
    answer = await browser.submit("/settings/users/the-owner/grants", role="viewer")
    assert answer.status_code == 422
    assert "至少要留一个" in answer.text
    assert (await browser.submit("/settings/users/the-owner/disable")).status_code == 422
    other = await scene.signed_in("operator")
    assert (await other.get("/")).status_code == 200
    assert (await browser.submit("/settings/users/the-operator/disable")).status_code == 303
    assert (await other.get("/")).status_code == 303
    assert await sign_in(scene.browser(), "the-operator") == 422


async def test_what_was_done_is_written_down(scene: Scene) -> None:
    browser = await scene.signed_in("owner")
    await browser.submit("/settings/users", name="小林", password=PASSWORD, role="coach", groups="qq:1, qq:2")
    page = await browser.get("/settings/audit")
    assert "user.add" in page.text
    entry = next(each for each in await scene.accounts.audit() if each.target == "小林")
    assert entry.actor == "console:the-owner"
    assert '"qq:2"' in entry.detail
    assert PASSWORD not in entry.detail


async def test_languages(scene: Scene) -> None:
    """Chinese first; the switch is kept with the user and, before signing in, in a cookie."""
    browser = scene.browser()
    await scene.user()
    assert "登录" in (await browser.get("/sign-in")).text
    await browser.submit("/language", language="en", next="/sign-in")
    assert "Sign in" in (await browser.get("/sign-in")).text
    inside = await scene.signed_in("viewer")
    await inside.submit("/language", language="en", next="/")
    assert 'lang="en"' in (await inside.get("/")).text
    assert (await inside.submit("/language", language="xx", next="/")).status_code == 422
