"""录取通知书: a number in the order of first joining, and a code that anybody can have verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.core.effects import Drawing, Lane, Note, Say, Template
from bot.core.events import MessageReceived
from bot.core.play import Capability
from bot.core.serial import code, typed
from bot.plays.welcome.params import Admission
from bot.plays.welcome.people import Welcome, journey, name_of, words
from bot.plays.welcome.state import Journey, Letter, Slot


def register(turn: Welcome, uid: str, here: Journey) -> None:
    """Writes the letter of a member who has just got a number into the registry."""
    if turn.params.admission is not None:
        _write(turn, f"code/{code(turn.ctx.seed, uid, here.number)}", uid, here)


def deliver(turn: Welcome, members: Sequence[tuple[str, str, int]]) -> None:
    """Hands the letters of (uid, name, number) out as declared."""
    admission = turn.params.admission
    if admission is None or admission.deliver == "command":
        return
    if admission.deliver == "private" and Capability.PRIVATE in turn.ctx.caps:
        for uid, name, number in members:
            turn.do(_say(turn, admission, _letter(turn, admission, uid, name, number), to=uid, lane=Lane.NOTICE))
        return
    shown = members[: max(turn.params.mention_at_most, 1)]
    if len(members) == 1:
        uid, name, number = members[0]
        turn.do(_say(turn, admission, _letter(turn, admission, uid, name, number), lane=Lane.NOTICE))
        return
    rows = [_letter(turn, admission, uid, name, number) for uid, name, number in shown]
    data = {"letters": rows, "more": len(members) - len(rows), "command": admission.command}
    turn.do(Say(words=Template("welcome/letters", data), lane=Lane.NOTICE))


def own_letter(turn: Welcome, event: MessageReceived) -> None:
    admission = turn.params.admission
    if admission is None:
        return
    here = journey(turn, event.member)
    reply_to = event.member if event.is_private else None
    if here is None or here.number == 0:
        turn.do(Say(words=Template("welcome/letter_none", {}), to=reply_to, reply_to=event.message_id))
        return
    key = f"code/{code(turn.ctx.seed, event.member, here.number)}"
    if turn.slot(key) is None:
        _write(turn, key, event.member, here)
    name = name_of(event, turn.ctx) or here.name
    turn.do(_say(turn, admission, _letter(turn, admission, event.member, name, here.number, here), to=reply_to))


def verify(turn: Welcome, event: MessageReceived, asked: str) -> None:
    """Says whose letter a code belongs to: from the registry, and only if the hash agrees."""
    admission = turn.params.admission
    wanted = typed(asked)
    slot: Slot | None = turn.slot(f"code/{wanted}")
    letter = slot.letter if slot else None
    is_true = letter is not None and code(turn.ctx.seed, letter.member, letter.number) == wanted
    data: dict[str, Any] = {"code": wanted[:20], "is_true": is_true, "name": "", "number": "", "date": ""}
    if letter is not None and is_true and admission is not None:
        data |= {
            "name": letter.name,
            "number": numbered(admission, letter.number),
            "date": f"{turn.ctx.local(letter.at):%Y-%m-%d}",
        }
    turn.because(code=wanted[:20], is_true=is_true)
    to = event.member if event.is_private else None
    turn.do(Say(words=Template("welcome/verified", data), to=to, reply_to=event.message_id))


def numbered(admission: Admission, number: int) -> str:
    return f"{admission.prefix}{number:0{admission.digits}d}"


def _write(turn: Welcome, key: str, uid: str, here: Journey) -> None:
    turn.put(key, Slot(letter=Letter(member=uid, name=here.name, number=here.number, at=here.joined_at)))
    turn.do(
        Note(
            what="admission",
            key=f"{here.number}",
            member=uid,
            data={"number": here.number, "code": key.removeprefix("code/")},
        )
    )


def _say(
    turn: Welcome, admission: Admission, letter: dict[str, Any], *, to: str | None = None, lane: Lane = Lane.ANSWER
) -> Say:
    drawing = None
    if admission.picture:
        data = {
            "name": letter["name"], "number": letter["number"], "code": letter["code"], "day": letter["date"],
            "title": turn.ctx.title or turn.ctx.chat_name, "verify": admission.verify,
        }  # fmt: skip
        drawing = Drawing("letter", data)
    return Say(words=words(admission.text, "letter", letter), to=to, lane=lane, drawing=drawing)


def _letter(
    turn: Welcome, admission: Admission, uid: str, name: str, number: int, here: Journey | None = None
) -> dict[str, Any]:
    at = here.joined_at if here else turn.ctx.now
    return {
        "name": name,
        "number": numbered(admission, number),
        "code": code(turn.ctx.seed, uid, number),
        "date": f"{turn.ctx.local(at):%Y-%m-%d}",
    }
