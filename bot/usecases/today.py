"""Today: what runs, what fires next, what waits for a person, what went wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.console.ports.today import Connection, Firing, Running, Sight, TaskPlace, Today, Unsent, Waiting, Wrong
from bot.engine.clock import from_ms, to_ms
from bot.engine.codec import plain
from bot.engine.live import LiveEngine
from bot.playbook.load import Loaded
from bot.transports.wechat import WeChat
from storage import overview, reads
from storage.database import Database

_WAITING, _UNSENT, _NEXT, _WRONG = 50, 20, 12, 12
_LOOKED_AT = 1000
_RECENT_MS = 7 * 86_400_000
_ABOUT = {
    ("rules", "kick"): "kick", ("rules", "appeal"): "appeal", ("rules", "brake"): "brake",
    ("rules", "watched"): "brake", ("rules", "name"): "name", ("rules", "refused"): "refused",
    ("welcome", "bye"): "bye", ("welcome", "unanswered"): "unanswered", ("welcome", "join"): "join",
}  # fmt: skip
_OWN = {"@relay": "relay", "@invite": "invitation"}
"""Questions of the engine itself."""
_BY_KIND = {"welcome": "join", "campaign": "content", "checkin": "review", "quiz": "quiz"}
_PHASES = {
    "down": "offline", "connecting": "connecting", "waiting_scan": "scan", "online": "online",
    "logged_out": "logged_out",
}  # fmt: skip


class TodayDesk:
    """Answers `bot.console.ports.today.TodayPort`."""

    def __init__(
        self, database: Database, engine: LiveEngine, loaded: Callable[[], Loaded], now: Callable[[], datetime],
        quota: int, wechat: WeChat | None,
    ) -> None:  # fmt: skip
        self._database, self._engine, self._loaded, self._now = database, engine, loaded, now
        self._quota, self._wechat = quota, wechat

    async def today(self, sight: Sight) -> Today:
        now, sees = self._now(), sight.sees
        # Who sees everything is shown the first rows; for all others more is read, to find what is theirs.
        most = _LOOKED_AT if not sight.is_all else 0
        async with self._database.session() as session:
            kinds = await (overview.kinds(session) if sight.is_all else overview.running(session))
            waiting = await overview.waiting(session, limit=most or _LOOKED_AT)
            texts = await overview.relayed(session)
            failed = await reads.outbox(session, status="failed", limit=most or _UNSENT)
            firings = await overview.next_firings(session, limit=most or _NEXT)
            dead = await reads.dead_events(session)
            accounts = await overview.accounts(session)
            health = await reads.health(session)
            chats = [] if sight.is_all else [row.uid for row in await reads.chats(session)]
        open_questions = [row for row in waiting if sees(row.chat, _playbook(row.ref))]
        unsent = [row for row in failed if sees(row.chat, None)]
        oldest = health.oldest_ready_at
        running = Counter[str]()
        for row in kinds:
            if sight.is_all or sees(row.chat, _playbook(row.ref)):
                running[row.kind] += row.n if sight.is_all else 1
        many = health.outbox_dead + health.outbox_unknown if sight.is_all else len(unsent)
        return Today(
            at=now,
            groups=health.chats if sight.is_all else sum(sees(chat, None) for chat in chats),
            running=tuple(Running(kind=kind, count=count) for kind, count in running.most_common()),
            connections=tuple(self._connections(accounts)) if sight.is_all else (),
            waiting=tuple(waiting_of(row, texts.get(row.id, [])) for row in open_questions[:_WAITING]),
            waiting_more=max(0, len(open_questions) - _WAITING),
            unsent=tuple(_unsent(row) for row in unsent[:_UNSENT]),
            unsent_more=max(0, many - _UNSENT),
            next=tuple(_firing(row) for row in firings if sees(row.chat, _playbook(row.ref)))[:_NEXT],
            wrong=tuple(self._wrong(dead, now, sight))[:_WRONG],
            outbox_waiting=health.outbox_waiting + health.outbox_sending,
            outbox_age_s=max(0.0, (to_ms(now) - oldest) / 1000) if oldest is not None else 0.0,
            heard_at=from_ms(health.newest_message_at) if health.newest_message_at is not None else None,
        )

    async def task(self, task_id: int) -> TaskPlace | None:
        async with self._database.session() as session:
            row = await overview.task(session, task_id)
        if row is None:
            return None
        return TaskPlace(group=row.chat, playbook=_playbook(row.ref), choices=tuple(json.loads(row.choices)))

    async def decide(self, task_id: int, choice: str, text: str, actor: str) -> bool:
        try:
            await self._engine.call(lambda kernel: kernel.decide(task_id, choice, actor, self._now(), text))
        except LookupError:
            return False
        return True

    async def unsent_place(self, row_id: int) -> str | None:
        async with self._database.session() as session:
            return await overview.unsent(session, row_id)

    async def resend(self, row_id: int, actor: str) -> bool:
        return await self._engine.call(lambda kernel: kernel.resend(row_id, self._now(), actor))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _connections(self, accounts: Any) -> list[Connection]:
        online: Mapping[str, str] = self._engine.online
        found = {}
        for row in accounts:
            is_online = row.uid in online
            left = self._engine.quota_left(row.uid)
            found[row.uid] = Connection(
                account=row.uid, name=row.name, platform=row.platform, app=online.get(row.uid, ""),
                state="online" if is_online else "offline",
                since=from_ms(row.gone_since) if row.gone_since is not None and not is_online else None,
                quota_left=left, quota=self._quota if left is not None else None,
            )  # fmt: skip
        for place, state in self._wechat.states().items() if self._wechat is not None else ():
            known = found.pop(state.account, None)
            if known is None or state.phase != "online":
                found[place] = Connection(
                    account=state.account or place, name=known.name if known else "", platform="wechat", app=place,
                    state=_PHASES[state.phase],
                    since=state.since, reason=state.reason, qr=state.qr,
                )  # fmt: skip
            else:
                found[place] = known
        return list(found.values())

    def _wrong(self, dead: Any, now: datetime, sight: Sight) -> list[Wrong]:
        lag = self._engine.writing.lag
        found = []
        if lag.is_refused:
            found.append(Wrong(what="database", at=now, group="", text=lag.refusal))
        for playbook in self._loaded().playbooks:
            errors = [problem for problem in playbook.problems if problem.is_error]
            if errors and (sight.is_all or any(sight.sees(each, playbook.id) for each in playbook.selectors)):
                first = errors[0]
                place = f"{first.place.path}:{first.place.line}"
                found.append(
                    Wrong(
                        what="playbook",
                        at=None,
                        group="",
                        text=f"{place} {first.message.zh}",
                        detail=f"{len(errors)} · {first.code}",
                    )
                )
        for row in dead:
            is_recent = row.at > to_ms(now) - _RECENT_MS
            if is_recent and (sight.is_all if row.chat is None else sight.sees(row.chat, _playbook(row.ref) or None)):
                found.append(
                    Wrong(what="step", at=from_ms(row.at), group=row.chat or "", text=f"{row.ref} {row.error}".strip())
                )
        return found


def _playbook(ref: str) -> str:
    return ref.partition("/")[0]


def about(kind: str, key: str) -> str:
    """What kind of question it is, by the play that asks and the beginning of its key."""
    first = key.replace("/", ":").partition(":")[0]
    if first.startswith("@"):
        return _OWN.get(first, "other")
    return _ABOUT.get((kind, first)) or _BY_KIND.get(kind, "other")


def waiting_of(row: Any, relayed: Sequence[Any] = ()) -> Waiting:
    """An open question as its card shows it."""
    return Waiting(
        id=row.id, about=about(row.kind, row.key), group=row.chat, group_name=row.chat_name or row.chat, play=row.ref,
        member=row.member or "", member_name=row.member_name, text=row.text,
        relayed=tuple(plain(each.kind, each.body) for each in relayed), choices=tuple(json.loads(row.choices)),
        asked_at=from_ms(row.created_at), expires_at=from_ms(row.expires_at) if row.expires_at is not None else None,
    )  # fmt: skip


def _unsent(row: Any) -> Unsent:
    return Unsent(
        id=row.id, status=row.status, group=row.chat, group_name=row.chat_name or row.chat,
        text=plain(row.kind, row.body), error=row.error, at=from_ms(row.created_at),
    )  # fmt: skip


def _firing(row: Any) -> Firing:
    return Firing(
        at=from_ms(row.at), name=row.name, play=row.ref, kind=row.kind, group=row.chat,
        group_name=row.chat_name or row.chat,
    )  # fmt: skip
