"""Special titles (专属头衔) and cards (群名片) that a play puts on a member, without ever taking one from a person's hand.

A title that somebody else gave stays, and the play is told so; what the play gave itself it may change and take back. A
card is the member's own name: it is decorated only, and a member who changes it afterwards is left alone. Where the right
is missing nothing is tried; `missing` says what could not be done, so that it can be said and done later.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator

from bot.core.effects import Effect, Lane, Note, SetCard, SetTitle
from bot.core.play import Capability, Frozen, Member
from bot.core.turn import Turn

TITLE_BYTES, CARD_BYTES = 18, 60
"""The longest that QQ takes: six Chinese characters, twenty Chinese characters."""
_PATIENCE = timedelta(hours=20)
NAME = "{name}"
TITLED = "title/"
"""What stands before a uid in the key of its title's effect."""


class Mark(Frozen):
    """What a play has put on a member. `was`: the own title before this one; `bare`: the card before; `pattern`: what made
    the card; `kept`: the title of a person's hand that was left alone."""

    title: str = ""
    was: str = ""
    card: str = ""
    bare: str = ""
    pattern: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Marking:
    """`missing`: capabilities that it would have needed. `is_waiting`: the member's title isn't known yet."""

    mark: Mark
    effects: tuple[Effect, ...] = ()
    missing: frozenset[Capability] = frozenset()
    is_waiting: bool = False


def marking(
    mark: Mark, member: Member, title: str, card: str, caps: Set[Capability], now: datetime, *, title_key: str
) -> Marking:
    """What brings `member` to that title and card, "" for none. Asked again with nothing changed it does nothing.

    `title_key`: the effect's key, so that `refused` can be told.
    """
    found = _title(mark, member, title, caps, now, title_key)
    then = _card(found.mark, member, card, caps, now)
    return replace(then, effects=found.effects + then.effects, missing=found.missing | then.missing,
                   is_waiting=found.is_waiting)  # fmt: skip


def dress(turn: Turn[Any, Any], member: Member, mark: Mark, title: str, card: str = "") -> Marking:
    """Does what `marking` says. A title that stayed is noted once, a missing right stands in the trace."""
    ctx = turn.ctx
    found = marking(mark, member, title, card, ctx.caps, ctx.now, title_key=f"{TITLED}{member.uid}")
    turn.do(*found.effects)
    if found.mark.kept and found.mark.kept != mark.kept:
        fact = {"kept": found.mark.kept, "wanted": title}
        turn.do(Note(what="title_kept", key=f"{member.uid}|{title}", member=member.uid, data=fact))
    if found.missing:
        turn.because(lacking=sorted(each.value for each in found.missing))
    return found


def refused(mark: Mark) -> Mark:
    """After the network did not take the title: the member has the one before."""
    return mark.model_copy(update={"title": mark.was})


def _title(mark: Mark, member: Member, wanted: str, caps: Set[Capability], now: datetime, key: str) -> Marking:
    has = member.title
    if wanted == mark.title:
        return Marking(mark)
    if not wanted and has not in (None, mark.title):
        # Somebody has given another one since: it is theirs.
        return Marking(mark.model_copy(update={"title": ""}))
    if Capability.SET_TITLE not in caps:
        return Marking(mark, missing=frozenset({Capability.SET_TITLE}))
    if wanted:
        if has is None:
            return Marking(mark, is_waiting=True)
        if has not in ("", mark.title, mark.was, wanted):
            return Marking(mark.model_copy(update={"kept": has}))
    after = mark.model_copy(update={"title": wanted, "was": mark.title, "kept": ""})
    if has == wanted:
        return Marking(after)
    change = SetTitle(
        member=member.uid, title=wanted, key=key, lane=Lane.CAMPAIGN, on_unknown="resend", expires_at=now + _PATIENCE
    )
    return Marking(after, (change,))


def _card(mark: Mark, member: Member, pattern: str, caps: Set[Capability], now: datetime) -> Marking:
    if pattern == mark.pattern:
        return Marking(mark)
    is_ours = bool(mark.card) and member.name == mark.card
    bare = mark.bare if is_ours else member.name
    wanted = pattern.replace(NAME, bare) if pattern else bare
    after = mark.model_copy(
        update={"pattern": pattern, "card": wanted if pattern else "", "bare": bare if pattern else ""}
    )
    if wanted == member.name or (not pattern and not is_ours):
        return Marking(after)
    if Capability.SET_CARD not in caps:
        return Marking(mark, missing=frozenset({Capability.SET_CARD}))
    if len(wanted.encode()) > CARD_BYTES:
        return Marking(after.model_copy(update={"card": "", "bare": ""}))
    change = SetCard(
        member=member.uid, card=wanted, lane=Lane.CAMPAIGN, on_unknown="resend", expires_at=now + _PATIENCE
    )
    return Marking(after, (change,))


def _short_enough(title: str) -> str:
    if len(title.encode()) > TITLE_BYTES:
        raise ValueError(
            f"头衔最多 6 个汉字({TITLE_BYTES} 个字节) · a title has at most {TITLE_BYTES} bytes, six Chinese characters"
        )
    return title


def _has_name(card: str) -> str:
    if card and card.count(NAME) != 1:
        raise ValueError(f"群名片里要有一处 {NAME},如 {NAME}·黄金 · a card holds {NAME} once")
    if len(card.replace(NAME, "").encode()) > CARD_BYTES // 2:
        raise ValueError("群名片加的字最多 10 个汉字 · what is added to a card has at most ten Chinese characters")
    return card


Title = Annotated[str, AfterValidator(_short_enough)]
Card = Annotated[str, AfterValidator(_has_name)]
