"""Members: who they are over their ids and groups, what they did, what operators know and do about them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query
from bot.console.page import Area, Done, Download
from bot.console.ports.accounts import Refused
from bot.console.ports.members import Member, People, Score, Window

area = Area("members", icon="members", order=50, section="people")
V = TypeVar("V", bound=BaseModel)
_ONE = "/members/{member}"


def _is_day(text: str) -> str:
    if text and date.fromisoformat(text).isoformat() != text:
        raise ValueError("not a day")
    return text


Day = Annotated[str, Field(max_length=10), AfterValidator(_is_day)]


class PeopleQuery(Query):
    q: str = Field(default="", max_length=100)
    group: str = Field(default="", max_length=200)
    tag: str = Field(default="", max_length=60)
    tier: str = Field(default="", max_length=20)
    follow: bool = False
    before: str = Field(default="", max_length=20, pattern=r"^\d*$")


class ScoreQuery(Query):
    group: str = Field(default="", max_length=200)
    window: Window = "month"


class TagChange(Query):
    group: str = Field(min_length=1, max_length=200)
    tag: str = Field(min_length=1, max_length=30, pattern=r"^[^\s:,，、&!！]+$")
    change: Literal["on", "off"] = "on"


class NewNote(Query):
    """`follow_on`: a day on which somebody should look again, "" none."""

    group: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=2000)
    follow_on: Day = ""


class Merge(Query):
    """`other` is the same person; `keeps`: whose history goes on, this person's or the other's."""

    other: str = Field(min_length=1, max_length=200)
    because: str = Field(min_length=1, max_length=200)
    keeps: Literal["this", "other"] = "this"


class Split(Query):
    newer: str = Field(min_length=1, max_length=200)


class Erasure(Query):
    """`typed`: the person's id, typed by whoever erases them."""

    typed: str = Field(min_length=1, max_length=200)


@area.view("/members", needs=Action.MEMBERS_SEE, template="members/index.html", part="members/rows.html")
async def index(call: Call, query: PeopleQuery) -> People:
    """People whom the caller sees in some group, the newest first."""
    return await call.ports.members.people(
        call.scope(Action.MEMBERS_SEE), is_all=call.me.access.is_unbounded(Action.MEMBERS_SEE), q=query.q,
        group=query.group, tag=query.tag, tier=query.tier, follow=query.follow, before=query.before,
    )  # fmt: skip


@area.view(_ONE, needs=Action.MEMBERS_SEE, template="members/member.html")
async def member(call: Call) -> Member:
    """One person: profile, standing, points, streaks, cases, notes; of the groups that the caller sees."""
    uid = call.params["member"]
    found = _there(await call.ports.members.member(uid, call.scope(Action.MEMBERS_SEE)))
    groups = tuple(
        each.model_copy(update={"may_edit": call.may(Action.MEMBERS_EDIT, group=each.group)}) for each in found.groups
    )
    sees_cases = call.scope(Action.MODERATION_SEE)
    return found.model_copy(
        update={
            "groups": groups,
            "offences": tuple(each for each in found.offences if sees_cases(each.group)),
            "may_edit": any(each.may_edit for each in groups),
            "may_merge": await _everywhere(call, Action.MEMBERS_EDIT, uid),
            "may_export": any(call.may(Action.MEMBERS_EXPORT, group=each.group) for each in groups),
            "may_erase": await _everywhere(call, Action.MEMBERS_ERASE, uid),
        }
    )


@area.view(_ONE + "/score", needs=Action.MEMBERS_SEE, template="members/score.html")
async def score(call: Call, query: ScoreQuery) -> Score:
    """Every event behind the person's score in one group: the lines add up to the days, the days to the sum."""
    found = _there(
        await call.ports.members.score(call.params["member"], call.scope(Action.MEMBERS_SEE), query.group, query.window)
    )
    if call.may(Action.MESSAGES_SEE, group=found.group):
        return found
    # What was said is for who may read along; what it was worth is for all who see the member.
    days = tuple(
        day.model_copy(update={"lines": tuple(line.model_copy(update={"text": ""}) for line in day.lines)})
        for day in found.days
    )
    return found.model_copy(update={"days": days})


@area.act(_ONE + "/tags", needs=Action.MEMBERS_EDIT, form="member")
async def set_tag(call: Call, body: TagChange) -> Done:
    """Puts a tag on the person in one group, or takes it off."""
    uid = await _in(call, Action.MEMBERS_EDIT, body.group)
    if not await call.ports.members.set_tag(uid, body.group, body.tag, body.change == "on", call.me.actor):
        raise Refused("tag_unchanged")
    return Done(said=f"tag_{body.change}", to=_page(call))


@area.act(_ONE + "/notes", needs=Action.MEMBERS_EDIT, form="member")
async def add_note(call: Call, body: NewNote) -> Done:
    """Keeps a note about the person, for operators' eyes."""
    uid = await _in(call, Action.MEMBERS_EDIT, body.group)
    if not await call.ports.members.add_note(uid, body.group, body.text, body.follow_on, call.me.actor):
        raise NotHere
    return Done(said="note_added", to=_page(call))


@area.act(_ONE + "/notes/{note:int}/done", needs=Action.MEMBERS_EDIT)
async def settle_note(call: Call) -> Done:
    """Marks a follow-up as done."""
    note = int(call.params["note"])
    group = await call.ports.members.note_place(call.params["member"], note)
    if group is None:
        raise NotHere
    call.require(Action.MEMBERS_EDIT, group=group)
    if not await call.ports.members.settle_note(note, call.me.actor):
        raise Refused("already_decided")
    return Done(said="note_done", to=_page(call))


@area.act(_ONE + "/merge", needs=Action.MEMBERS_EDIT, form="member")
async def merge(call: Call, body: Merge) -> Done:
    """Declares another id to be this person; it can be taken back."""
    uid = call.params["member"]
    for each in (uid, body.other):
        if not await _everywhere(call, Action.MEMBERS_EDIT, each):
            raise NotHere
    older, newer = (uid, body.other) if body.keeps == "this" else (body.other, uid)
    await call.ports.members.merge(older, newer, body.because, call.me.actor)
    return Done(said="merged", to=f"/members/{older}")


@area.act(_ONE + "/split", needs=Action.MEMBERS_EDIT, form="member")
async def split(call: Call, body: Split) -> Done:
    """Takes a merge back: each id has what is its own."""
    for each in (call.params["member"], body.newer):
        if not await _everywhere(call, Action.MEMBERS_EDIT, each):
            raise NotHere
    await call.ports.members.split(body.newer, call.me.actor)
    return Done(said="split", to=_page(call))


@area.file(_ONE + "/export", needs=Action.MEMBERS_EXPORT)
async def export(call: Call) -> Download:
    """All that is stored about the person in the groups within bounds, as JSON."""
    uid, sees = call.params["member"], call.scope(Action.MEMBERS_EXPORT)
    if not any(sees(group) for group in await call.ports.members.where(uid)):
        raise NotHere
    content = await call.ports.members.export(uid, sees)
    return Download(name=f"{uid}.json", media_type="application/json", content=content)


@area.act(_ONE + "/erase", needs=Action.MEMBERS_ERASE, form="member")
async def erase(call: Call, body: Erasure) -> Done:
    """Takes the person out of the database, for good; their id has to be typed."""
    uid = call.params["member"]
    if not await _everywhere(call, Action.MEMBERS_ERASE, uid):
        raise NotHere
    if body.typed != uid:
        raise Refused("typed_wrong")
    await call.ports.members.erase(uid, call.me.actor)
    return Done(said="erased", to="/members")


async def _in(call: Call, action: Action, group: str) -> str:
    """The member's uid, where they were seen in this group and the caller may do this there."""
    call.require(action, group=group)
    uid = call.params["member"]
    if group not in await call.ports.members.where(uid):
        raise NotHere
    return uid


async def _everywhere(call: Call, action: Action, uid: str) -> bool:
    """Whether the caller may do this in every group where the person was seen."""
    groups = await call.ports.members.where(uid)
    return bool(groups) and all(call.may(action, group=each) for each in groups)


def _page(call: Call) -> str:
    return f"/members/{call.params['member']}"


def _there(found: V | None) -> V:
    if found is None:
        raise NotHere
    return found
