"""自我介绍 and 名录: members' own words, listed, searched, hidden when they leave and erased when they ask; 目标 too."""

from __future__ import annotations

from bot.core.effects import Award, CancelTimer, Lane, Note, Say, SetTimer, Template
from bot.core.events import MessageReceived, TimerFired
from bot.core.segments import Mention
from bot.core.text import clean, fold
from bot.plays.welcome import blanks
from bot.plays.welcome.people import Welcome, journey, known_journey, name_of, present, short
from bot.plays.welcome.state import Slot, Words

INTRO, GOAL = "intro/", "goal/"
LIST, FORGET = "名录", "删除我的介绍"
_KEPT_CHARS = 800
_PAGE = 10
_FOUND = 5


def introduce(turn: Welcome, event: MessageReceived, text: str) -> None:
    """Keeps `text` as the member's introduction; says what is missing when it is none yet."""
    intro = turn.params.self_intro
    if intro is None:
        return
    to = event.member if event.is_private else None
    kept = clean(text).strip()[:_KEPT_CHARS]
    is_short = len("".join(kept.split())) < intro.min_chars
    if is_short or blanks.is_unfilled(kept):
        data = {"template": intro.template, "prefix": intro.prefix, "min_chars": intro.min_chars, "is_empty": not kept}
        turn.do(Say(words=Template("welcome/intro_how", data), to=to, reply_to=event.message_id))
        turn.because(introduction="too short" if is_short else "blanks left", chars=len(kept))
        return
    here = known_journey(turn, event)
    is_first = not here.is_introduced
    name = name_of(event, turn.ctx) or here.name
    turn.put(INTRO + event.member, Slot(words=Words(name=name, text=kept, at=event.at)))
    turn.put(event.member, Slot(journey=here.model_copy(update={"is_introduced": True, "has_spoken": True})))
    if is_first:
        turn.do(Note(what="self_intro", key=event.member, member=event.member, data={"chars": len(kept)}))
        if intro.points:
            turn.do(
                Award(member=event.member, points=intro.points, reason=intro.prefix, key="self_intro", source="welcome")
            )
    data = {"name": name, "is_first": is_first, "points": intro.points if is_first else 0, "list": LIST}
    turn.do(Say(words=Template("welcome/intro_thanks", data), to=to, reply_to=event.message_id))


def forget(turn: Welcome, event: MessageReceived) -> None:
    had = turn.slot(INTRO + event.member) is not None
    turn.put(INTRO + event.member, None)
    to = event.member if event.is_private else None
    words = Template("welcome/intro_forgotten", {"had": had})
    turn.do(Say(words=words, to=to, reply_to=event.message_id))


def show(turn: Welcome, event: MessageReceived, wanted: str) -> None:
    """Lists a page (`名录 2`), or searches names and words (`名录 设计`)."""
    everyone = [slot.words for slot in turn.slots(INTRO).values() if slot.words and not slot.words.is_hidden]
    everyone.sort(key=lambda words: (words.at, words.name), reverse=True)
    needle = fold(wanted)
    is_page = needle.isdecimal() and len(needle) <= 3
    if needle and not is_page:
        found = [words for words in everyone if needle in fold(words.name) or needle in fold(words.text)]
        rows, pages, page = found[:_FOUND], 1, 1
    else:
        found = everyone
        pages = max(1, -(-len(found) // _PAGE))
        page = min(max(1, int(needle)), pages) if is_page else 1
        rows = found[(page - 1) * _PAGE : page * _PAGE]
    data = {
        "rows": [
            {"name": words.name, "text": _line(words.text, 120 if needle and not is_page else 36)} for words in rows
        ],
        "found": len(found),
        "total": len(everyone),
        "page": page,
        "pages": pages,
        "wanted": "" if is_page else short(wanted),
        "list": LIST,
        "prefix": turn.params.self_intro.prefix if turn.params.self_intro else "",
    }
    turn.do(Say(words=Template("welcome/directory", data), to=event.member if event.is_private else None))


def set_goal(turn: Welcome, event: MessageReceived, text: str) -> None:
    """`我的目标 每天读十页` records it and plans the day on which it is quoted; without text it shows it."""
    goal = turn.params.goal
    if goal is None:
        return
    to = event.member if event.is_private else None
    kept = _line(clean(text).strip(), 200)
    slot: Slot | None = turn.slot(GOAL + event.member)
    if kept:
        at = turn.ctx.now + goal.quote_after
        turn.put(GOAL + event.member, Slot(words=Words(name=name_of(event, turn.ctx), text=kept, at=event.at)))
        turn.do(SetTimer(name=f"goal/{event.member}", at=turn.ctx.after_quiet(at)))
        turn.do(Note(what="goal", key=event.message_id, member=event.member, data={"chars": len(kept)}))
    data = {
        "is_set": bool(kept),
        "text": kept or (slot.words.text if slot and slot.words else ""),
        "days": goal.quote_after.days,
        "command": goal.command,
    }
    turn.do(Say(words=Template("welcome/goal", data), to=to, reply_to=event.message_id))


def quote_goal(turn: Welcome, event: TimerFired) -> None:
    uid = event.name.removeprefix("goal/")
    slot: Slot | None = turn.slot(GOAL + uid)
    here = present(turn, [uid])
    if slot is None or slot.words is None or slot.words.is_hidden or not here:
        return
    at = turn.ctx.after_quiet(turn.ctx.now)
    if at > turn.ctx.now:
        turn.do(SetTimer(name=event.name, at=at))
        return
    days = (turn.ctx.day(turn.ctx.now) - turn.ctx.day(slot.words.at)).days
    data = {"member": Mention(uid, here[0][1]), "text": slot.words.text, "days": days}
    turn.do(Say(words=Template("welcome/goal_quote", data), lane=Lane.NOTICE))


def forget_goal(turn: Welcome, uid: str) -> None:
    turn.put(GOAL + uid, None)
    turn.do(CancelTimer(name=f"goal/{uid}"))


def has_introduction(turn: Welcome, uid: str) -> bool:
    here = journey(turn, uid)
    return here is not None and here.is_introduced


def _line(text: str, at_most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= at_most else flat[: at_most - 1] + "…"
