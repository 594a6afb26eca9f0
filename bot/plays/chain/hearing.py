"""Which messages may concern a chain: cheap, because every message of every group passes here."""

from __future__ import annotations

import re

from bot.core.events import (
    EffectSettled,
    Event,
    MessageEdited,
    MessageRecalled,
    MessageReceived,
    OperatorOrdered,
    TimerFired,
)
from bot.core.jielong import parse_reply
from bot.core.play import NOTHING, Needs
from bot.plays.chain.params import Params

_SHORT = 40
_BEGINS_REPLY = frozenset("+＋➕我加報报参算取退不-－减截结接停删移重@＠")
_D = "[0-9０-９]"
_NUMBERED = re.compile(
    rf"(?:^|\n|<br ?/?>) *(?:@\S+\s+)*(?:{_D}{{1,3}}(?:[、)）】\].．。:：,，]| +\S|\ufe0f?\u20e3)"
    rf"|[(（\[【] *{_D}{{1,3}} *[)）\]】]|[①-⑳㉑-㉟㊱-㊿⑴-⒇⒈-⒛❶-❿🔟])",
    re.IGNORECASE,
)
_NAMED = re.compile("接龙|接龍|group note", re.IGNORECASE)


def hears(params: Params, event: MessageReceived) -> bool:
    text = event.text
    if event.is_private:
        return params.type == "form" and bool(text)
    if len(text) <= _SHORT and "\n" not in text:
        first = text.lstrip()[:1]
        if first in _BEGINS_REPLY and parse_reply(text) is not None:
            return True
    if _NUMBERED.search(text):
        return True
    return _NAMED.search(text) is not None and ("#" in text or "＃" in text)


def needs(params: Params, event: Event) -> Needs:
    """All chains of the run for what members say (closed ones are archived, so that stays small)."""
    match event:
        case MessageReceived() | MessageRecalled():
            return Needs(slots="all", roster=True)
        case MessageEdited():
            return Needs(slots="all", roster=True) if _NAMED.search(event.text) else NOTHING
        case OperatorOrdered():
            return Needs(slots="all", roster=True)
        case TimerFired() if event.name != "open":
            what, _, chain = event.name.partition(":")
            return Needs(slots=(f"c{chain}/*",), roster=what == "remind")
        case EffectSettled():
            return Needs(slots=(f"c{event.key.split(':')[1]}/h",)) if event.key.startswith("post:") else NOTHING
        case _:
            return Needs(slots="all")
