"""A newcomer's first words that nobody answers: the operators hear of it in time.

Answered means that anybody else spoke after them; who spoke first in an empty room is what this looks for.
"""

from __future__ import annotations

from bot.core.effects import AskOperator, CancelTimer, Lane, Say, SetTimer, Template
from bot.core.events import MessageReceived, TimerFired
from bot.core.segments import Mention
from bot.plays.welcome.people import Welcome, journey, present, words
from bot.plays.welcome.state import FirstWords, Slot

UNANSWERED = "unanswered/"
_KEPT = 20


def hear(turn: Welcome, event: MessageReceived) -> None:
    alert = turn.params.unanswered
    if alert is None or event.is_private or not event.member or event.member == turn.ctx.account:
        return
    others = [first for first in turn.state.first_words if first.member != event.member]
    if others:
        turn.change(first_words=tuple(first for first in turn.state.first_words if first.member == event.member))
        turn.do(*(CancelTimer(name=UNANSWERED + first.member) for first in others))
    here = journey(turn, event.member)
    if here is None or here.has_spoken:
        return
    turn.put(event.member, Slot(journey=here.model_copy(update={"has_spoken": True})))
    is_new = here.number > 0 and event.at - here.joined_at <= alert.within
    if not is_new or others or len(turn.state.first_words) >= _KEPT:
        return
    first = FirstWords(member=event.member, message_id=event.message_id)
    turn.change(first_words=(*turn.state.first_words, first))
    turn.do(SetTimer(name=UNANSWERED + event.member, at=turn.ctx.now + alert.after))


def alarm(turn: Welcome, event: TimerFired) -> None:
    alert, uid = turn.params.unanswered, event.name.removeprefix(UNANSWERED)
    waiting = [first for first in turn.state.first_words if first.member == uid]
    turn.change(first_words=tuple(first for first in turn.state.first_words if first.member != uid))
    here = present(turn, [uid])
    if alert is None or not waiting or not here:
        return
    name = here[0][1]
    data = {"name": name, "minutes": round(alert.after.total_seconds() / 60)}
    words_for_operators = Template("welcome/unanswered_operators", data)
    turn.do(AskOperator(key=f"unanswered/{uid}", words=words_for_operators, choices=("知道了",), member=uid))
    if alert.text and not turn.ctx.is_quiet(turn.ctx.now):
        data = {"mentions": [Mention(uid, name)], "name": name}
        turn.do(Say(words=words(alert.text, "", data), reply_to=waiting[0].message_id, lane=Lane.NOTICE))
