"""Moderation: what waits, cases with their evidence, rules with their numbers, from observing to acting."""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import BaseModel, Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query
from bot.console.page import Area, Done
from bot.console.ports.accounts import Refused
from bot.console.ports.moderation import Case, Cases, Judgement, Mode, Plays, Proposal, Rules, Sees, Trial
from bot.console.words import DEFAULT

area = Area("moderation", icon="moderation", order=60, section="people")
V = TypeVar("V", bound=BaseModel)
_PLAY = "/moderation/rules/{playbook}/{play}"
_CASE = "/moderation/cases/{group}/{playbook}/{play}/{number:int}"


class CasesQuery(Query):
    group: str = Field(default="", max_length=200)
    rule: str = Field(default="", max_length=40)
    state: Literal["", "observed", "reminded", "acted", "paused", "appeal", "upheld", "undone", "deleted"] = ""
    before: str = Field(default="", max_length=20, pattern=r"^\d*$")


class TrialQuery(Query):
    group: str = Field(default="", max_length=200)
    play: str = Field(default="", max_length=200)
    words: str = Field(default="", max_length=400)
    last: int = Field(default=1000, ge=10, le=5000)


class Verdict(Query):
    """`phrase`: what is harmless from now on, for `allow`; "" takes the words around the hit."""

    judgement: Judgement
    phrase: str = Field(default="", max_length=60)


class Decision(Query):
    choice: str = Field(min_length=1, max_length=40)


class Resumption(Query):
    rule: str = Field(default="", max_length=40)


class ModeChange(Query):
    """`rule` "" is the whole play."""

    rule: str = Field(default="", max_length=40)
    mode: Mode


class Publication(ModeChange):
    """`base`: the text of the playbook that the change was shown for."""

    base: str = Field(min_length=1, max_length=64)


@area.view("/moderation", needs=Action.MODERATION_SEE, template="moderation/index.html", part="moderation/rows.html")
async def index(call: Call, query: CasesQuery) -> Cases:
    """What waits for a person, and every case that the caller sees, newest first."""
    found = await call.ports.moderation.cases(
        _sees(call), group=query.group, rule=query.rule, state=query.state, before=query.before
    )
    asked = tuple(
        each.model_copy(update={"waiting": each.waiting.model_copy(update={"may_decide": _may_decide(call, each.waiting.group, each.waiting.play)})})
        for each in found.asked
    )  # fmt: skip
    return found.model_copy(update={"asked": asked})


@area.view(_CASE, needs=Action.MODERATION_SEE, template="moderation/case.html")
async def case(call: Call) -> Case:
    """One case: what was said, what it broke, what was done, what became of it."""
    group, playbook, play, number = _case(call)
    found = _there(
        await call.ports.moderation.case(
            group, playbook, play, number, with_context=call.may(Action.MESSAGES_SEE, group=group)
        )
    )
    may = call.may(Action.MODERATION_DECIDE, group=group, playbook=playbook)
    return found.model_copy(update={"may_decide": may})


@area.act(_CASE + "/judge", needs=Action.MODERATION_DECIDE)
async def judge(call: Call, body: Verdict) -> Done:
    """Undoes a case, upholds it, or undoes it and lets its words pass from now on."""
    group, playbook, play, number = _case(call)
    await call.ports.moderation.judge(group, playbook, play, number, body.judgement, body.phrase, call.me.actor)
    return Done(said=f"case_{body.judgement}", to=call.request.url.path.removeprefix("/api/v1").removesuffix("/judge"))


@area.act("/moderation/tasks/{task:int}", needs=Action.MODERATION_DECIDE)
async def decide(call: Call, body: Decision) -> Done:
    """Answers a question of a rules play: removes somebody or not, goes on after a pause."""
    task = int(call.params["task"])
    found = await call.ports.moderation.question(task)
    if found is None:
        raise Refused("already_decided")
    where, (playbook, _, play) = found.waiting.group, found.waiting.play.partition("/")
    call.require(Action.MODERATION_DECIDE, group=where, playbook=playbook)
    if body.choice not in found.waiting.choices:
        raise Refused("no_such_choice")
    if not await call.ports.today.decide(task, body.choice, "", call.me.actor):
        raise Refused("already_decided")
    to = f"/moderation/cases/{where}/{playbook}/{play}/{found.number}" if found.number else "/moderation"
    return Done(said="decided", to=to)


@area.view("/moderation/rules", needs=Action.MODERATION_SEE, template="moderation/rules.html")
async def rules(call: Call) -> Plays:
    """Every rule that the caller sees with what it did, what it would have done, and how often it was wrong."""
    return await call.ports.moderation.plays(_sees(call))


@area.view(_PLAY, needs=Action.MODERATION_SEE, template="moderation/play.html")
async def play(call: Call) -> Rules:
    """The rules of one play, the newest cases, and the way from observing to acting."""
    found = _there(await call.ports.moderation.rules(*_play(call), _sees(call)))
    return found.model_copy(update={"may_enforce": call.may(Action.MODERATION_ENFORCE, playbook=found.row.playbook)})


@area.act(_PLAY + "/propose", needs=Action.MODERATION_ENFORCE, template="moderation/proposal.html")
async def propose(call: Call, body: ModeChange) -> Proposal:
    """What would stand in the playbook, beside the numbers; nothing is changed by it."""
    found = _there(await call.ports.moderation.propose(*_play(call), body.rule, body.mode, _sees(call), call.language))
    _require_everywhere(call, found)
    return found


@area.act(_PLAY + "/publish", needs=Action.MODERATION_ENFORCE)
async def publish(call: Call, body: Publication) -> Done:
    """Writes the change into the playbook and takes it into force, in all of its groups."""
    found = _there(await call.ports.moderation.propose(*_play(call), body.rule, body.mode, _sees(call), call.language))
    _require_everywhere(call, found)
    note = call.words.get(DEFAULT, f"moderation.note_{body.mode}", rule=body.rule or found.play)
    await call.ports.playbooks.publish(found.book, found.source, body.base, note, call.me.actor)
    return Done(said="published", to=f"/moderation/rules/{found.playbook}/{found.play}")


@area.act("/moderation/resume/{group}/{playbook}/{play}", needs=Action.MODERATION_ENFORCE)
async def resume(call: Call, body: Resumption) -> Done:
    """Lets a rule act again that was watched for false alarms, or takes the brakes off."""
    where = call.params["group"]
    playbook, name = _play(call)
    await call.ports.moderation.resume(where, playbook, name, body.rule, call.me.actor)
    return Done(said="resumed", to=f"/moderation/rules/{playbook}/{name}")


@area.view("/moderation/try", needs=Action.MODERATION_SEE, template="moderation/try.html")
async def trial(call: Call, query: TrialQuery) -> Trial:
    """What words or rules would have hit among the group's last messages; nothing is done."""
    may_read = call.scope(Action.MESSAGES_SEE)
    return await call.ports.moderation.trial(
        lambda group: may_read(group) and call.may(Action.MODERATION_SEE, group=group),
        query.group, query.play, query.words, query.last,
    )  # fmt: skip


def _sees(call: Call) -> Sees:
    return lambda group, playbook: call.may(Action.MODERATION_SEE, group=group, playbook=playbook)


def _may_decide(call: Call, group: str, play: str) -> bool:
    return call.may(Action.MODERATION_DECIDE, group=group, playbook=play.partition("/")[0])


def _case(call: Call) -> tuple[str, str, str, int]:
    return call.params["group"], *_play(call), int(call.params["number"])


def _play(call: Call) -> tuple[str, str]:
    return call.params["playbook"], call.params["play"]


def _require_everywhere(call: Call, found: Proposal) -> None:
    """A playbook's text holds in all of its groups: who may not enforce in each of them finds nothing here."""
    for group in found.selectors or ("*",):
        call.require(Action.MODERATION_ENFORCE, group=group, playbook=found.playbook)


def _there(found: V | None) -> V:
    if found is None:
        raise NotHere
    return found
