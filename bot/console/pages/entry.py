"""The way in and out: first set-up, sign-in, sign-out, language."""

from __future__ import annotations

from pydantic import Field

from bot.console.answers import SIGN_IN, Session
from bot.console.call import Call
from bot.console.guard import local_path
from bot.console.page import Area, Done, Open, Query, View
from bot.console.words import Language

area = Area("entry")


class Next(Query):
    next: str = ""


class EntryView(View):
    next: str = "/"


class SignIn(Query):
    name: str = Field(min_length=1, max_length=40)
    password: str = Field(min_length=1, max_length=1000)
    next: str = ""


class SetUp(Query):
    code: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=40)
    password: str = Field(min_length=8, max_length=256)


class Speak(Query):
    language: Language
    next: str = ""


@area.view(SIGN_IN, needs=Open.PUBLIC, template="entry/sign_in.html", has_twin=False)
async def sign_in_page(call: Call, query: Next) -> EntryView | Done:
    if call.identity is not None:
        return Done(to=local_path(query.next))
    if await call.ports.accounts.needs_set_up():
        return Done(to="/set-up")
    return EntryView(next=local_path(query.next))


@area.act(SIGN_IN, needs=Open.PUBLIC, form="sign_in_page", limit=8192, has_twin=False)
async def sign_in(call: Call, body: SignIn) -> Session:
    secret = await call.ports.accounts.sign_in(body.name, body.password, call.visitor, replaces=call.secret)
    return Session(to=local_path(body.next), secret_cookie=secret)


@area.view("/set-up", needs=Open.PUBLIC, template="entry/set_up.html", has_twin=False)
async def set_up_page(call: Call) -> EntryView | Done:
    if not await call.ports.accounts.needs_set_up():
        return Done(to=SIGN_IN)
    return EntryView()


@area.act("/set-up", needs=Open.PUBLIC, form="set_up_page", limit=8192, has_twin=False)
async def set_up(call: Call, body: SetUp) -> Session:
    secret = await call.ports.accounts.set_up(body.code, body.name, body.password, call.visitor)
    return Session(to="/", said="welcome", secret_cookie=secret)


@area.act("/sign-out", needs=Open.SIGNED_IN, limit=8192, has_twin=False)
async def sign_out(call: Call) -> Session:
    await call.ports.accounts.sign_out(call.me)
    return Session(to=SIGN_IN, secret_cookie="")


@area.act("/language", needs=Open.PUBLIC, limit=8192, has_twin=False)
async def speak(call: Call, body: Speak) -> Session:
    """Kept with the user, and in a cookie for the page before sign-in."""
    if call.identity is not None:
        await call.ports.accounts.set_language(call.identity, body.language)
    return Session(to=local_path(body.next), language=body.language)
