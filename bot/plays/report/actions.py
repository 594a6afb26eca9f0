"""行动项: what operators agree to do, by number, until it is done."""

from __future__ import annotations

import re

from bot.core.effects import Note, Say, Template
from bot.core.events import MessageReceived
from bot.core.play import Command, CommandSpec
from bot.core.turn import Turn
from bot.plays.report.params import Params
from bot.plays.report.state import Slot, State

PREFIX = "action/"
NEW, DONE, LIST = "行动", "行动完成", "行动项"
SPECS = (
    CommandSpec(name=NEW, rest="optional", for_operators=True, help="行动 要做的事:记下来,带到下一期报告"),
    CommandSpec(name=DONE, rest="optional", for_operators=True, help="行动完成 编号:做完一项"),
    CommandSpec(name=LIST, for_operators=True, help="看还没做完的行动项"),
)
_LONGEST = 120
_MOST_OPEN = 30
_SHOWN = 40
_NUMBER = re.compile(r"\d{1,4}")


def obey(turn: Turn[Params, State], event: MessageReceived, command: Command) -> None:
    rest = " ".join(command.rest.split())
    match command.name:
        case "行动" if rest:
            _add(turn, event, rest[:_LONGEST])
        case "行动完成" if rest:
            _finish(turn, event, rest)
        case _:
            _show(turn, event)


def _add(turn: Turn[Params, State], event: MessageReceived, text: str) -> None:
    if len(_open(turn)) >= _MOST_OPEN:
        _say(turn, event, "too_many", most=_MOST_OPEN)
        return
    number = turn.state.actions + 1
    turn.change(actions=number)
    slot = Slot(number=number, text=text, by=event.member, on=turn.ctx.day(event.at))
    turn.put(f"{PREFIX}{number}", slot)
    turn.do(Note(what="action", key=f"a{number}", data={"number": number, "text": text, "by": event.member}))
    _say(turn, event, "noted", number=number, text=text)


def _finish(turn: Turn[Params, State], event: MessageReceived, rest: str) -> None:
    numbers = list(dict.fromkeys(int(each) for each in _NUMBER.findall(rest)))
    waiting = {slot.number: slot for slot in _open(turn)}
    done = [waiting[number] for number in numbers if number in waiting]
    for slot in done:
        turn.put(f"{PREFIX}{slot.number}", slot.model_copy(update={"done": turn.ctx.day(event.at)}))
        turn.do(Note(what="action_done", key=f"a{slot.number}", data={"number": slot.number, "by": event.member}))
    unknown = "、".join(str(number) for number in numbers if number not in waiting)
    if not numbers:
        unknown = rest[:_SHOWN]
    _say(
        turn,
        event,
        "finished",
        done=[slot.text for slot in done],
        unknown=unknown[:_SHOWN],
        left=len(waiting) - len(done),
    )


def _show(turn: Turn[Params, State], event: MessageReceived) -> None:
    _say(turn, event, "list", items=[{"number": slot.number, "text": slot.text} for slot in _open(turn)])


def _open(turn: Turn[Params, State]) -> list[Slot]:
    slots = [slot for slot in turn.slots(PREFIX).values() if slot.done is None]
    return sorted(slots, key=lambda slot: slot.number)


def _say(turn: Turn[Params, State], event: MessageReceived, name: str, **data: object) -> None:
    to = event.member if event.is_private else None
    words = Template(f"report/{name}", data)
    turn.do(Say(words=words, to=to, reply_to=None if event.is_private else event.message_id))
