"""A stage for one group of plays in virtual time: the real runner and the real templates, a dictionary as the store.

stage = Stage("checkin", {"commands": ["打卡"]}, now="2026-03-02 07:31")
stage.members("小明", "小红", op="老陈")
stage.says("小明", "打卡")
assert stage.bot() == ["…"]
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.deeds import reached, total
from bot.core.effects import (
    Announce,
    AskOperator,
    Award,
    CancelTimer,
    CloseQuestion,
    Drawing,
    Effect,
    Finish,
    Note,
    Outward,
    Say,
    SetTimer,
    StartPlay,
    Tag,
)
from bot.core.events import (
    EffectSettled,
    Event,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MessageRecalled,
    MessageReceived,
    OperatorDecided,
    OperatorOrdered,
    PlayStarted,
    PointsEarned,
    TimerFired,
)
from bot.core.play import ALL_CAPABILITIES, MOST_RECENT, NOTHING, Capability, Member, Needs, Recent, Score, Step
from bot.core.points import MOST_ENTRIES, Entry, held_since
from bot.core.segments import Image, Mention, Segment, Text
from bot.engine import runner
from bot.engine.clock import to_ms
from bot.engine.render import Renderer, readable
from bot.playbook.model import ActivePlay, Header, plan_of
from bot.plays import all_plays

CHAT = "sim:群"
ACCOUNT = "sim:bot"
_TEMPLATES = Path(__file__).parent.parent / "templates"


class Stage:
    """One group with one or more plays. Times are text in the group's zone: `2026-03-02 07:31`."""

    def __init__(
        self,
        kind: str | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        plays: Mapping[str, tuple[str, Mapping[str, Any]]] | None = None,
        now: str = "2026-03-02 08:00",
        zone: str = "Asia/Shanghai",
        caps: frozenset[Capability] = ALL_CAPABILITIES,
        assets: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> None:
        self.zone = ZoneInfo(zone)
        self.now = self._time(now)
        self.caps = caps
        self.renderer = Renderer(_TEMPLATES)
        self.header = Header(playbook="测试", title="测试营", zone=self.zone, **(header or {}))
        wanted = plays if plays is not None else {kind or "": (kind or "", params or {})}
        kinds = all_plays()
        actives = [
            ActivePlay(
                name=name,
                play=kinds[of],
                params=kinds[of].Params.model_validate(values),
                version="1",
                header=self.header,
                assets=assets or {},
            )
            for name, (of, values) in wanted.items()
        ]
        self.plan = plan_of(CHAT, actives)
        self.roster: dict[str, Member] = {}
        self.states: dict[str, Any] = {}
        self.slots: dict[str, dict[str, Any]] = {active.ref: {} for active in actives}
        self.finished: set[str] = set()
        self.timers: dict[tuple[str, str], tuple[datetime, Mapping[str, str]]] = {}
        self.ledger: dict[tuple[str, str], Award] = {}
        self.entries: dict[str, list[Entry]] = {}
        """Member → ledger entries, newest first; the cause of each stands in `causes`."""
        self.causes: dict[str, str] = {}
        self.notes: dict[tuple[str, str, str], Note] = {}
        self.tags: dict[str, set[str]] = {}
        self.questions: dict[tuple[str, str], AskOperator] = {}
        self.scores: dict[tuple[str, str], tuple[Score, ...]] = {}
        self.deeds: dict[str, dict[str, dict[str, int]]] = {}
        """Deed → name of the member → day → how often."""
        self.heard: list[Recent] = []
        self.lines: list[str] = []
        self.effects: list[Effect] = []
        self.drawings: list[Drawing] = []
        self.failures: list[runner.StepFailed] = []
        self.refused = ""
        self._count = 0
        self._started = False

    # -- setting the scene ------------------------------------------------------------------------------------------

    def members(self, *names: str, op: str | None = None, joined: str = "2026-01-01 00:00") -> Stage:
        """Members by name (their uid is `sim:<name>`); `op` is an operator and the group's owner."""
        for name in names:
            self.roster[f"sim:{name}"] = Member(uid=f"sim:{name}", name=name, joined_at=self._time(joined))
        if op:
            labels = frozenset({"role:operator", "role:owner"})
            self.roster[f"sim:{op}"] = Member(uid=f"sim:{op}", name=op, role="owner", labels=labels)
        return self

    def start(self) -> Stage:
        """Runs every play's `start`. Called by the first event if the test did not."""
        if not self._started:
            self._started = True
            for active in self.plan.plays.values():
                facts = self._facts(active, NOTHING, None)
                self._apply(
                    active,
                    runner.begin(active, runner.context(active, self.now, CHAT, facts, self.plan)),
                    "start",
                )
        return self

    # -- what happens -----------------------------------------------------------------------------------------------

    def says(
        self,
        name: str,
        text: str,
        *,
        private: bool = False,
        reply_to: str | None = None,
        image: bool = False,
        **more: Any,
    ) -> str:
        """`name` sends `text`; returns the message id."""
        self._count += 1
        message_id = str(more.pop("message_id", f"m{self._count}"))
        parts: tuple[Segment, ...] = (Text(text),) if text else ()
        if image:
            parts += (Image(url="https://example.com/a.png", name="a.png"),)
        uid = f"sim:{name}"
        at = more.pop("at", None)
        event = MessageReceived(
            id=message_id,
            account=ACCOUNT,
            chat=CHAT,
            member=uid,
            at=self._time(at) if at else self.now,
            message_id=message_id,
            text=text,
            segments=parts,
            kind="image" if image and not text else "text",
            name=name,
            role=self.roster[uid].role if uid in self.roster else "member",
            reply_to=reply_to,
            is_private=private,
            **more,
        )
        self.lines.append(f"{name}{'(私聊)' if private else ''}: {text}{'[图片]' if image else ''}")
        self.happens(event)
        return message_id

    def joins(self, *names: str, by: str = "") -> None:
        for name in names:
            self._count += 1
            self.roster[f"sim:{name}"] = Member(uid=f"sim:{name}", name=name, joined_at=self.now)
            self.lines.append(f"→ {name} 进群")
            self.happens(
                MemberJoined(
                    id=f"j{self._count}",
                    account=ACCOUNT,
                    chat=CHAT,
                    member=f"sim:{name}",
                    at=self.now,
                    name=name,
                    by=by,
                )
            )

    def leaves(self, name: str, *, kicked_by: str = "") -> None:
        self._count += 1
        self.roster.pop(f"sim:{name}", None)
        self.lines.append(f"← {name} 退群")
        self.happens(
            MemberLeft(
                id=f"l{self._count}",
                account=ACCOUNT,
                chat=CHAT,
                member=f"sim:{name}",
                at=self.now,
                by=kicked_by,
                was_kicked=bool(kicked_by),
            )
        )

    def requests(self, name: str, comment: str = "") -> str:
        self._count += 1
        flag = f"f{self._count}"
        self.lines.append(f"? {name} 申请进群: {comment}")
        self.happens(
            JoinRequested(
                id=flag,
                account=ACCOUNT,
                chat=CHAT,
                member=f"sim:{name}",
                at=self.now,
                flag=flag,
                comment=comment,
                name=name,
            )
        )
        return flag

    def recalls(self, name: str, message_id: str) -> None:
        self._count += 1
        self.happens(
            MessageRecalled(
                id=f"r{self._count}",
                account=ACCOUNT,
                chat=CHAT,
                member=f"sim:{name}",
                at=self.now,
                message_id=message_id,
                by=f"sim:{name}",
            )
        )

    def decides(self, name: str, key: str, choice: str, text: str = "") -> None:
        """The operator `name` answers the open question `key`."""
        (found,) = [pair for pair in self.questions if pair[1] == key]
        del self.questions[found]
        self._count += 1
        self.happens(
            OperatorDecided(
                id=f"d{self._count}",
                account=ACCOUNT,
                chat=CHAT,
                member=f"sim:{name}",
                at=self.now,
                play=found[0],
                key=key,
                choice=choice,
                text=text,
            )
        )

    def orders(self, ref: str, order: str, about: str = "", key: str = "", **data: str) -> str:
        """Somebody at the console orders something of the play `ref`: why it is not done, or "". The same `key` is the
        same press of a button."""
        self._count += 1
        self.happens(
            OperatorOrdered(
                id=f"order:{key or self._count}", account=ACCOUNT, chat=CHAT, member="console:老陈", at=self.now,
                play=f"测试/{ref}", order=order, about=about, data=data,
            )
        )  # fmt: skip
        return self.refused

    def passes(self, span: str | timedelta) -> None:
        """Lets time pass, firing every timer on its way, in order."""
        from bot.core.units import parse_duration

        self.start()
        self.until(self.now + (parse_duration(span) if isinstance(span, str) else span))

    def until(self, when: str | datetime) -> None:
        self.start()
        end = self._time(when) if isinstance(when, str) else when
        while due := sorted((at, key) for key, (at, _) in self.timers.items() if at <= end):
            at, (ref, name) = due[0]
            _, data = self.timers.pop((ref, name))
            self.now = max(self.now, at)
            self.fires(ref, name, at, data)
        self.now = end

    def fires(self, ref: str, name: str, at: datetime | None = None, data: Mapping[str, str] | None = None) -> None:
        """Fires one timer or schedule of the play `ref` (its name alone is enough when unique)."""
        ref = ref if "/" in ref else f"测试/{ref}"
        when = at or self.now
        self.happens(
            TimerFired(
                id=f"{ref}/{CHAT}#{name}@{when.isoformat()}",
                account=ACCOUNT,
                chat=CHAT,
                at=when,
                play=ref,
                name=name,
                data=data or {},
            )
        )

    def happens(self, event: Event) -> None:
        """Any event at all, through the real runner."""
        self.start()
        for heard in runner.hearers(self.plan, event):
            ref = heard.active.ref
            if ref in self.finished:
                continue
            member = self.roster.get(event.member)
            member = self._tagged(member) if member is not None else None
            facts = self._facts(heard.active, heard.needs, member, event)
            ctx = runner.context(heard.active, self.now, CHAT, facts, self.plan, heard.command)
            self._apply(heard.active, runner.advance(heard.active, self.states[ref], event, ctx), event.id)
        if isinstance(event, MessageReceived) and not event.is_private:
            self.heard.append(Recent(event.member, event.at, event.text, event.message_id))

    # -- what came of it --------------------------------------------------------------------------------------------

    def take(self) -> list[str]:
        """What was said since the last `take`: members' lines and the bot's, as chat."""
        lines, self.lines = self.lines, []
        return lines

    def bot(self) -> list[str]:
        """Only the bot's lines since the last `take` or `bot`, without the prefix."""
        return [line.removeprefix("bot: ") for line in self.take() if line.startswith("bot")]

    def took(self, kind: type[Any]) -> list[Any]:
        """Effects of one type since the last call, in order; they count as claimed."""
        found = [effect for effect in self.effects if isinstance(effect, kind)]
        self.effects = [effect for effect in self.effects if not isinstance(effect, kind)]
        return found

    def points(self, name: str) -> int:
        return sum(award.points for award in self.ledger.values() if award.member == f"sim:{name}")

    def slot(self, name: str, play: str | None = None) -> Any:
        ref = f"测试/{play}" if play else next(iter(self.plan.plays))
        return self.slots[ref].get(f"sim:{name}")

    # -- inside -----------------------------------------------------------------------------------------------------

    def _time(self, text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=self.zone).astimezone(UTC)

    def _facts(
        self, active: ActivePlay, needs: Needs, member: Member | None, event: Event | None = None
    ) -> runner.Facts:
        own = self.slots[active.ref]
        if needs.slots == "all":
            slots = dict(own)
        else:
            slots = {key: own[key] for key in needs.slots if key in own}
            for prefix in (key[:-1] for key in needs.slots if key.endswith("*")):
                slots |= {key: value for key, value in own.items() if key.startswith(prefix)}
        balances: dict[str, int] = (
            dict.fromkeys(self.roster, 0) if needs.balances == "all" else dict.fromkeys(needs.balances, 0)
        )
        for award in self.ledger.values():
            if award.member in balances or needs.balances == "all":
                balances[award.member] = balances.get(award.member, 0) + award.points
        return runner.Facts(
            chat_name="测试群",
            group_size=len(self.roster),
            account=ACCOUNT,
            caps=self.caps,
            member=member,
            slots=slots,
            roster={uid: self._tagged(each) for uid, each in self.roster.items()} if needs.roster else {},
            balances=balances,
            scores={key: self._ranking(key) for key in needs.scores},
            deeds={
                (deed, n): {
                    f"sim:{name}": day
                    for name, course in self.deeds.get(deed, {}).items()
                    if (day := reached(deed, course, n))
                }
                for deed, n in needs.deeds
            },
            done={
                deed: total(deed, self.deeds.get(deed, {}).get(event.member.removeprefix("sim:"), {}))
                for deed in needs.done
                if event
            },
            own={
                key: next((s.total for s in self._ranking(key) if event and s.member == event.member), 0.0)
                for key in needs.own
            },
            recent=tuple(self.heard[-needs.said :])
            if needs.said
            else self._recent(event.at, needs.recent_s)
            if event is not None and needs.recent_s
            else (),
            entries={uid: tuple(self.entries.get(uid, ())[:MOST_ENTRIES]) for uid in needs.entries},
            earned=self._earned(event.member, needs.earned_by) if event is not None and needs.earned_by else (),
            lapsing={until: self._lapsing(until) for until in needs.lapsing},
            claims={
                key: "测试群" for key in needs.claims if event and ("person", f"{event.member}|{key}") in self.ledger
            },
        )

    def _tagged(self, member: Member) -> Member:
        tags = self.tags.get(member.uid, set())
        return replace(member, labels=member.labels | {label for tag in tags for label in (tag, f"tag:{tag}")})

    def _ranking(self, key: tuple[str, str]) -> tuple[Score, ...]:
        """What the test put down; else what awards gave, for what is earned."""
        if key in self.scores or key[0] != "earned":
            return self.scores.get(key, ())
        sums: dict[str, int] = {}
        for award in self.ledger.values():
            if award.account == "issue":
                sums[award.member] = sums.get(award.member, 0) + award.points
        ranked = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(Score(member=uid, name=uid, total=points) for uid, points in ranked if points > 0)

    def _earned(self, uid: str, message_id: str) -> tuple[Entry, ...]:
        mine = self.entries.get(uid, [])
        undone = {award.undoes for award in self.ledger.values()}
        return tuple(e for e in mine if self.causes[e.id] == message_id and e.points > 0 and e.id not in undone)

    def _lapsing(self, until: datetime) -> dict[str, int]:
        held = {
            uid: held_since(
                ((to_ms(e.at), e.points, e.account) for e in reversed(mine)), to_ms(until)
            )
            for uid, mine in self.entries.items()
        }  # fmt: skip
        return {uid: points for uid, points in held.items() if points}

    def award(self, ref: str, award: Award, cause: str) -> None:
        key = ("person" if award.once == "person" else ref, f"{award.member}|{award.key}")
        balance = sum(each.points for each in self.ledger.values() if each.member == award.member) + award.points
        if key in self.ledger or balance < 0:
            return
        self.ledger[key] = award
        entry = Entry(
            id="|".join(key), at=self.now, points=award.points, balance=balance, account=award.account,
            source=award.source or ref.split("/")[1], reason=award.reason,
        )  # fmt: skip
        self.entries.setdefault(award.member, []).insert(0, entry)
        self.causes[entry.id] = cause
        if award.points > 0 and award.account == "issue":
            self._count += 1
            self.happens(
                PointsEarned(
                    id=f"p{self._count}", account=ACCOUNT, chat=CHAT, at=self.now, member=award.member,
                    points=award.points, source=entry.source,
                )
            )  # fmt: skip

    def _recent(self, at: datetime, seconds: int) -> tuple[Recent, ...]:
        since = at - timedelta(seconds=seconds)
        return tuple(sorted((r for r in self.heard if since <= r.at <= at), key=lambda r: r.at)[-MOST_RECENT:])

    def _apply(self, active: ActivePlay, outcome: Step[Any] | runner.StepFailed, cause: str) -> None:
        ref = active.ref
        self.refused = outcome.refused if isinstance(outcome, Step) else ""
        if isinstance(outcome, runner.StepFailed):
            self.failures.append(outcome)
            raise AssertionError(outcome.detail)
        model = active.play.State
        assert isinstance(outcome.state, model), (
            f"{ref}: step returned {type(outcome.state).__name__}, not {model.__name__}"
        )
        self.states[ref] = model.model_validate_json(outcome.state.model_dump_json())
        for key, slot in outcome.slots.items():
            if slot is None:
                self.slots[ref].pop(key, None)
            else:
                assert active.play.Slot is not None
                self.slots[ref][key] = active.play.Slot.model_validate_json(slot.model_dump_json())
        json.dumps(dict(outcome.why), ensure_ascii=False, default=str)
        for effect in outcome.effects:
            self._do(active, effect, cause)

    def _do(self, active: ActivePlay, effect: Effect, cause: str) -> None:
        ref = active.ref
        common = {
            "title": active.header.title,
            "vars": dict(active.header.vars),
            "group": {"name": "测试群", "size": len(self.roster)},
            **active.header.vars,
        }
        if isinstance(effect, Say) and effect.drawing is not None:
            self.drawings.append(effect.drawing)
        match effect:
            case SetTimer():
                assert effect.at >= self.now, f"{ref}: timer {effect.name} in the past: {effect.at} < {self.now}"
                self.timers[(ref, effect.name)] = (effect.at, effect.data)
            case CancelTimer():
                self.timers.pop((ref, effect.name), None)
            case Award():
                self.award(ref, effect, cause)
            case Note():
                self.notes.setdefault((ref, effect.what, effect.key), effect)
            case Tag():
                tags = self.tags.setdefault(effect.member, set())
                (tags.add if effect.on else tags.discard)(effect.tag)
            case AskOperator():
                if (ref, effect.key) not in self.questions:
                    self.questions[(ref, effect.key)] = effect
                    self.lines.append(
                        f"bot(问运营): {readable(self.renderer.text(effect.words, common))} [{'/'.join(effect.choices)}]"
                    )
            case CloseQuestion():
                self.questions.pop((ref, effect.key), None)
            case Finish():
                self.finished.add(ref)
            case StartPlay():
                target = effect.play if "/" in effect.play else f"{active.header.playbook}/{effect.play}"
                self._count += 1
                self.happens(
                    PlayStarted(
                        id=f"s{self._count}",
                        account=ACCOUNT,
                        chat=CHAT,
                        at=self.now,
                        play=target,
                        data=effect.data,
                    )
                )
            case Say():
                text = readable(self.renderer.text(effect.words, common))
                front = "".join(f"@{self.roster[uid].name if uid in self.roster else uid} " for uid in effect.mention)
                front = ("@全体成员 " if effect.mention_all else "") + front
                where = f"(私聊 {effect.to.removeprefix('sim:')})" if effect.to else ""
                self.lines.append(f"bot{where}: {front}{text}")
            case Announce():
                self.lines.append(f"bot(公告): {readable(self.renderer.text(effect.words, common))}")
            case _:
                self.effects.append(effect)
        if isinstance(effect, Outward) and effect.key and EffectSettled in active.play.listens:
            self._count += 1
            self.happens(
                EffectSettled(
                    id=f"e{self._count}",
                    account=ACCOUNT,
                    chat=CHAT,
                    at=self.now,
                    play=ref,
                    key=effect.key,
                    outcome="done",
                    message_id=f"b{self._count}",
                )
            )


def mention(name: str) -> Mention:
    return Mention(f"sim:{name}", name)
