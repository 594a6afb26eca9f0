"""Groups: the list with health, stage and trend; one group with its feed, plays, members and settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, TypeVar

from pydantic import BaseModel, Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query, View
from bot.console.page import Area, Push
from bot.console.ports.groups import Found, Group, GroupRow, GroupSettings, Members

area = Area("groups", icon="groups", order=20)
V = TypeVar("V", bound=BaseModel)

_PAGE = 60
_WORST_FIRST = {"bad": 0, "warn": 1, "good": 2, "idle": 3}


class GroupsQuery(Query):
    q: str = Field(default="", max_length=100)
    stage: Literal["", "new", "growing", "steady", "fading", "silent"] = ""
    health: Literal["", "good", "warn", "bad", "idle"] = ""
    sort: Literal["health", "active", "size", "name"] = "health"
    page: int = Field(default=1, ge=1, le=10_000)


class GroupsView(View):
    groups: tuple[GroupRow, ...]
    total: int
    page: int
    pages: int
    q: str
    stage: str
    health: str
    sort: str


class MessagesQuery(Query):
    q: str = Field(default="", max_length=100)
    before: str = Field(default="", max_length=20)
    around: str = Field(default="", max_length=20)


class MembersQuery(Query):
    q: str = Field(default="", max_length=100)
    page: int = Field(default=1, ge=1, le=10_000)


class FeedQuery(Query):
    after: str = Field(default="", max_length=40, pattern=r"^[0-9.]*$")


@area.view("/groups", needs=Action.GROUPS_SEE, template="groups/index.html", part="groups/list.html")
async def index(call: Call, query: GroupsQuery) -> GroupsView:
    """Every group that the caller sees, those with trouble first."""
    found = [each for each in await call.ports.groups.groups(call.scope(Action.GROUPS_SEE)) if _is_meant(each, query)]
    match query.sort:
        case "active":
            found.sort(key=lambda each: -each.active)
        case "size":
            found.sort(key=lambda each: -each.size)
        case "name":
            found.sort(key=lambda each: each.name)
        case "health":
            found.sort(key=lambda each: (_WORST_FIRST[each.health], -each.waiting, -each.active))
    pages = max(1, -(-len(found) // _PAGE))
    page = min(query.page, pages)
    return GroupsView(
        groups=tuple(found[(page - 1) * _PAGE : page * _PAGE]), total=len(found), page=page, pages=pages, q=query.q,
        stage=query.stage, health=query.health, sort=query.sort,
    )  # fmt: skip


@area.view("/groups/{group}", needs=Action.GROUPS_SEE, template="groups/group.html")
async def group(call: Call) -> Group:
    """One group; without the right to read messages its feed is empty."""
    found = _there(await call.ports.groups.group(call.params["group"]))
    if not call.may(Action.MESSAGES_SEE, group=found.uid):
        return found.model_copy(update={"feed": ()})
    return found


@area.stream("/groups/{group}/live", needs=Action.MESSAGES_SEE)
async def live(call: Call, query: FeedQuery) -> AsyncIterator[Push | None]:
    """What is said, as it is said; a client that is too far behind is told how much it missed."""
    uid = call.params["group"]
    cursor = call.request.headers.get("last-event-id", "") or query.after
    if not cursor:
        cursor = _there(await call.ports.groups.feed(uid, "")).cursor
    with call.hub.listening(call.stream_owner, uid) as listener:
        yield None
        while not listener.is_closing:
            feed = _there(await call.ports.groups.feed(uid, cursor))
            cursor = feed.cursor
            if feed.said or feed.skipped:
                yield Push("feed", feed, "groups/feed_news.html", id=cursor)
            if not await listener.changed():
                yield None


@area.view(
    "/groups/{group}/messages", needs=Action.MESSAGES_SEE, template="groups/messages.html",
    part="groups/messages_rows.html",
)  # fmt: skip
async def messages(call: Call, query: MessagesQuery) -> Found:
    """Search in what was said, and what was said around one message."""
    return _there(
        await call.ports.groups.messages(
            call.params["group"], containing=query.q, before=query.before, around=query.around
        )
    )


@area.view("/search", needs=Action.MESSAGES_SEE, template="groups/search.html", part="groups/messages_rows.html")
async def search(call: Call, query: MessagesQuery) -> Found:
    """Search in what was said in every group that the caller sees."""
    return await call.ports.groups.search(query.q, call.scope(Action.MESSAGES_SEE), before=query.before)


@area.view("/groups/{group}/members", needs=Action.MEMBERS_SEE, template="groups/members.html")
async def members(call: Call, query: MembersQuery) -> Members:
    return _there(await call.ports.groups.members(call.params["group"], containing=query.q, page=query.page))


@area.view("/groups/{group}/settings", needs=Action.PLAYBOOKS_SEE, template="groups/settings.html")
async def settings(call: Call) -> GroupSettings:
    """What is in force in the group, and which layer says so: base, playbook, tag or the group itself."""
    uid = call.params["group"]
    found = _there(await call.ports.groups.settings(uid))
    seen = tuple(each for each in found.playbooks if call.may(Action.PLAYBOOKS_SEE, group=uid, playbook=each.playbook))
    return found.model_copy(update={"playbooks": seen})


def _there(found: V | None) -> V:
    if found is None:
        raise NotHere
    return found


def _is_meant(row: GroupRow, query: GroupsQuery) -> bool:
    is_named = not query.q or query.q.casefold() in row.name.casefold() or query.q in row.uid
    return is_named and query.stage in ("", row.stage) and query.health in ("", row.health)
