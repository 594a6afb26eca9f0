"""试聊: a simulated group with the playbooks as they are, in which one person is every member and lets time pass."""

from __future__ import annotations

from pydantic import Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query, View
from bot.console.page import Area, Done
from bot.console.ports.playbooks import BookRow
from bot.console.ports.tryout import Room, RoomRow, Span

area = Area("tryout", icon="tryout", order=35)


class Lobby(View):
    rooms: tuple[RoomRow, ...]
    books: tuple[BookRow, ...]


class Opening(Query):
    book: str = Field(min_length=1, max_length=200)


class Saying(Query):
    who: str = Field(default="", max_length=60)
    text: str = Field(min_length=1, max_length=2_000)
    private: bool = False


class Somebody(Query):
    name: str = Field(min_length=1, max_length=60)


class Passing(Query):
    span: Span


@area.view("/tryout", needs=Action.TRYOUT_USE, template="tryout/index.html")
async def index(call: Call) -> Lobby:
    return Lobby(rooms=call.ports.tryout.rooms(call.me.actor), books=await _books(call))


@area.act("/tryout/open", needs=Action.TRYOUT_USE, form="index")
async def open_room(call: Call, body: Opening) -> Done:
    """A group of its own in which one playbook runs; nothing that happens there reaches a network."""
    chosen = next((each for each in await _books(call) if each.book == body.book), None)
    if chosen is None:
        raise NotHere
    room = await call.ports.tryout.open((chosen.path,), call.me.actor)
    return Done(to=f"/tryout/{room}")


@area.view("/tryout/{room}", needs=Action.TRYOUT_USE, template="tryout/room.html")
async def room(call: Call) -> Room:
    return _there(await call.ports.tryout.room(call.params["room"], call.me.actor))


@area.act("/tryout/{room}/say", needs=Action.TRYOUT_USE, template="tryout/room.html")
async def say(call: Call, body: Saying) -> Room:
    return _there(
        await call.ports.tryout.say(
            call.params["room"], call.me.actor, body.who, body.text, is_private=body.private
        )
    )  # fmt: skip


@area.act("/tryout/{room}/join", needs=Action.TRYOUT_USE, template="tryout/room.html")
async def join(call: Call, body: Somebody) -> Room:
    return _there(await call.ports.tryout.join(call.params["room"], call.me.actor, body.name))


@area.act("/tryout/{room}/leave", needs=Action.TRYOUT_USE, template="tryout/room.html")
async def leave(call: Call, body: Somebody) -> Room:
    return _there(await call.ports.tryout.leave(call.params["room"], call.me.actor, body.name))


@area.act("/tryout/{room}/pass", needs=Action.TRYOUT_USE, template="tryout/room.html")
async def pass_time(call: Call, body: Passing) -> Room:
    return _there(await call.ports.tryout.pass_time(call.params["room"], call.me.actor, body.span))


@area.act("/tryout/{room}/close", needs=Action.TRYOUT_USE)
async def close(call: Call) -> Done:
    await call.ports.tryout.close(call.params["room"], call.me.actor)
    return Done(to="/tryout")


async def _books(call: Call) -> tuple[BookRow, ...]:
    """What can be tried: every sound playbook that the caller may try."""
    return tuple(
        each
        for each in await call.ports.playbooks.books()
        if each.plays and not each.errors and call.may(Action.TRYOUT_USE, playbook=each.id)
    )


def _there(found: Room | None) -> Room:
    if found is None:
        raise NotHere
    return found
