"""群规: acknowledged by a word, per version; a new version asks everybody again."""

from __future__ import annotations

from datetime import timedelta

from bot.core.effects import Lane, Note, Say, SetTimer, Template
from bot.core.events import MessageReceived, TimerFired
from bot.plays.welcome.people import Welcome, journey, known_journey, name_of, people, present
from bot.plays.welcome.state import Slot

NEW, DUE, THANKS = "rules-new", "rules-due", "rules-thanks"
_BURST = timedelta(minutes=1)
_THANKS_PER_BURST = 3
"""Answers within a minute; when many acknowledge at once the rest is thanked in one message."""


def refresh(turn: Welcome) -> None:
    """Notices that the operator raised the version, whatever event comes first."""
    ack, known = turn.params.rules_ack, turn.state.rules_version
    if ack is None or ack.version == known:
        return
    turn.change(rules_version=ack.version)
    if 0 < known < ack.version:
        turn.because(rules=f"{known} -> {ack.version}")
        turn.do(SetTimer(name=NEW, at=turn.ctx.after_quiet(turn.ctx.now + _BURST)))


def announce(turn: Welcome) -> None:
    ack, ctx = turn.params.rules_ack, turn.ctx
    if ack is None:
        return
    data = {"keyword": ack.keyword, "version": ack.version, "text": ack.text}
    turn.do(Say(words=Template("welcome/rules_new", data), lane=Lane.NOTICE))
    if ack.remind_after:
        turn.do(SetTimer(name=DUE, at=ctx.after_quiet(ctx.now + ack.remind_after)))


def remind_all(turn: Welcome, event: TimerFired) -> None:
    """Reminds whoever has not acknowledged the new version, bounded mentions, `remind_times` at most."""
    ack, ctx = turn.params.rules_ack, turn.ctx
    if ack is None or ack.remind_after is None:
        return
    quiet_end = ctx.after_quiet(ctx.now)
    if quiet_end > ctx.now:
        turn.do(SetTimer(name=DUE, at=quiet_end, data=event.data))
        return
    left = _unread(turn)
    turn.because(unread=len(left))
    if not left:
        return
    data = {**people(left, turn.params.mention_at_most), "keyword": ack.keyword, "version": ack.version}
    turn.do(Say(words=Template("welcome/rules_remind", data), lane=Lane.NOTICE))
    nth = event.data.get("nth", "1")
    if nth.isdecimal() and int(nth) < ack.remind_times:
        turn.do(SetTimer(name=DUE, at=ctx.after_quiet(ctx.now + ack.remind_after), data={"nth": str(int(nth) + 1)}))


def acknowledge(turn: Welcome, event: MessageReceived) -> None:
    ack, ctx = turn.params.rules_ack, turn.ctx
    if ack is None:
        return
    here = known_journey(turn, event)
    is_new = here.acked_version < ack.version
    turn.because(acked=here.acked_version, version=ack.version)
    if is_new:
        turn.put(event.member, Slot(journey=here.model_copy(update={"acked_version": ack.version})))
        data = {"version": ack.version}
        turn.do(Note(what="rules_ack", key=f"v{ack.version}/{event.member}", member=event.member, data=data))
    if event.is_private:
        turn.do(Say(words=_thanks(turn, event, is_new), to=event.member))
        return
    recent = tuple(at for at in turn.state.thanked_at if ctx.now - at < _BURST)
    if len(recent) < _THANKS_PER_BURST:
        turn.change(thanked_at=(*recent, ctx.now))
        turn.do(Say(words=_thanks(turn, event, is_new), reply_to=event.message_id))
    elif is_new:
        if turn.state.unthanked == 0:
            turn.do(SetTimer(name=THANKS, at=ctx.now + _BURST))
        turn.change(thanked_at=recent, unthanked=turn.state.unthanked + 1)


def thank_the_rest(turn: Welcome) -> None:
    count = turn.state.unthanked
    turn.change(unthanked=0)
    if count:
        turn.do(Say(words=Template("welcome/rules_thanks_many", {"count": count})))


def show(turn: Welcome, event: MessageReceived) -> None:
    ack = turn.params.rules_ack
    if ack is None:
        return
    here = journey(turn, event.member)
    data = {
        "text": ack.text,
        "version": ack.version,
        "keyword": ack.keyword,
        "is_acked": here is not None and here.acked_version >= ack.version,
    }
    turn.do(Say(words=Template("welcome/rules", data), to=event.member if event.is_private else None))


def list_unread(turn: Welcome, event: MessageReceived) -> None:
    """For operators: who has not acknowledged. Names only, nobody is mentioned."""
    ack = turn.params.rules_ack
    if ack is None:
        return
    left = _unread(turn)
    data = {**people(left, 0), "names": [name for _, name in left[:30]], "total": len(turn.ctx.roster)}
    words = Template("welcome/rules_unread", data | {"version": ack.version})
    turn.do(Say(words=words, to=event.member if event.is_private else None))


def _unread(turn: Welcome) -> list[tuple[str, str]]:
    ack = turn.params.rules_ack
    if ack is None:
        return []
    everyone = present(turn, sorted(turn.ctx.roster))
    return [
        (uid, name)
        for uid, name in everyone
        if not turn.ctx.roster[uid].is_operator
        and ((here := journey(turn, uid)) is None or here.acked_version < ack.version)
    ]


def _thanks(turn: Welcome, event: MessageReceived, is_new: bool) -> Template:
    intro = turn.params.self_intro
    here = journey(turn, event.member)
    wants_intro = intro is not None and not (here and here.is_introduced)
    return Template(
        "welcome/rules_thanks",
        {
            "name": name_of(event, turn.ctx),
            "is_new": is_new,
            "intro": intro.prefix if intro and wants_intro else "",
        },
    )
