"""The stage of the rules tests: a group with the sample lexicon."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.core.events import EffectSettled, MessageEdited, MessageReceived, Outcome
from bot.core.segments import Mention, Segment, Text
from bot.plays.rules.state import Case, Record
from tests.stage import ACCOUNT, CHAT, Stage

ADS = (Path(__file__).parent.parent.parent.parent / "playbooks/lexicon/ads.txt").read_text(encoding="utf-8")
WORDS = {"id": "广告", "match": {"words": "ads.txt"}}
LINKS = {"id": "外链", "match": {"link": {"allow": ["qq.com"]}}}


def scene(*rules: dict[str, Any], mode: str = "enforce", now: str = "2026-03-02 12:00", **more: Any) -> Stage:
    """小明, 小红 and 小刚 with the operator 老陈; `caps` go to the stage, everything else to the play."""
    stage_args = {key: more.pop(key) for key in ("caps", "header") if key in more}
    params = {"mode": mode, "rules": list(rules) or [WORDS, LINKS], **more}
    stage = Stage("rules", params, assets={"ads.txt": ADS}, now=now, **stage_args)
    return stage.members("小明", "小红", "小刚", op="老陈")


def case(stage: Stage, number: int) -> Case:
    found = stage.slots["测试/rules"][f"case:{number}"].case
    assert isinstance(found, Case)
    return found


def record(stage: Stage, name: str) -> Record:
    slot = stage.slots["测试/rules"].get(f"sim:{name}")
    return slot.record if slot is not None and slot.record is not None else Record()


def edits(stage: Stage, name: str, message_id: str, text: str) -> None:
    stage.happens(
        MessageEdited(
            id=f"edit-{message_id}-{text}",
            account=ACCOUNT,
            chat=CHAT,
            at=stage.now,
            member=f"sim:{name}",
            message_id=message_id,
            text=text,
        )
    )


def settles(stage: Stage, key: str, outcome: Outcome, error: str = "") -> None:
    stage.happens(
        EffectSettled(
            id=f"settled-{key}-{outcome}",
            account=ACCOUNT,
            chat=CHAT,
            at=stage.now,
            play="测试/rules",
            key=key,
            outcome=outcome,
            error=error,
        )
    )


def after(stage: Stage, **span: float) -> None:
    stage.until(stage.now + timedelta(**span))


def sends(stage: Stage, name: str, *segments: Segment) -> None:
    """`name` sends a message made of `segments`."""
    text = "".join(
        part.text if isinstance(part, Text) else f"@{part.name}" if isinstance(part, Mention) else ""
        for part in segments
    )
    message_id = f"s{len(stage.heard)}"
    stage.happens(
        MessageReceived(
            id=message_id,
            account=ACCOUNT,
            chat=CHAT,
            member=f"sim:{name}",
            at=stage.now,
            message_id=message_id,
            text=text,
            segments=segments,
            name=name,
        )
    )
