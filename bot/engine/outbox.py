"""What waits to be sent, in memory: order per conversation, priorities, limits. Every entry is a row already.

A conversation is a group, or one member in private. It has at most one send in flight, which keeps its order. When the
account as a whole must wait, moderation goes before answers, answers before notices, notices before campaigns.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.core.draw import share
from bot.core.effects import Lane
from bot.core.quick import quick_init
from bot.core.ratelimit import Bucket, Level, take, wait_s

_BREAKER_AFTER = 5
_BREAKER_MS = 600_000
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Conservative defaults: networks mute accounts that send much in a short time, and say so to nobody."""

    chat: Bucket = Bucket(per_s=0.5, burst=3)
    account: Bucket = Bucket(per_s=20 / 60, burst=10)
    action: Bucket = Bucket(per_s=1.0, burst=5)
    campaign: Bucket = Bucket(per_s=1 / 10, burst=1)
    """Broadcasts: one group after the other, spread out."""
    jitter_s: float = 0.8
    daily_quota: int = 3000
    campaign_share: float = 0.8
    """The part of the daily quota that notices and campaigns may use; the rest is kept for answers."""


OFF = Limits(chat=Bucket(0), account=Bucket(0), action=Bucket(0), campaign=Bucket(0), jitter_s=0.0, daily_quota=0)


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True, order=False)
class Pending:
    """One outbox row that is not settled."""

    id: int
    idem: str
    account: str
    chat: str
    to: str
    lane: int
    kind: str
    body: str
    ref: str
    effect_key: str
    on_unknown: str
    not_before: int
    expires_at: int | None
    attempts: int = 0

    @property
    def conversation(self) -> str:
        return f"{self.account}>{self.to or self.chat}"


@dataclass(slots=True)
class _Conversation:
    queue: list[tuple[int, int, Pending]] = field(default_factory=list)
    in_flight: int = 0
    paused_until: int = 0
    level: Level | None = None


@dataclass(slots=True)
class _Account:
    is_online: bool = False
    paused_until: int = 0
    level: Level | None = None
    actions: Level | None = None
    campaigns: Level | None = None
    unknowns: int = 0
    day: int = 0
    sent_today: int = 0


class Outbox:
    """The queue. Times are milliseconds since 1970."""

    def __init__(self, limits: Limits = OFF, day_of: Callable[[int], int] | None = None) -> None:
        self.limits = limits
        self._day_of = day_of or (lambda ms: (ms + 8 * 3600_000) // 86_400_000)
        self._conversations: dict[str, _Conversation] = {}
        self._accounts: dict[str, _Account] = {}
        self._wakes: list[tuple[int, str]] = []
        self._expires_at = _NEVER
        """Not later than the first expiry of what waits."""
        self.in_flight: dict[int, Pending] = {}
        self.is_paused = False
        """Nothing more is released: the bot is about to stop."""

    def __len__(self) -> int:
        return len(self.in_flight) + sum(len(c.queue) for c in self._conversations.values())

    def oldest_at(self) -> int | None:
        """Since when the longest waiting row could have gone: the outbox's age."""
        return min(
            (entry[2].not_before for c in list(self._conversations.values()) for entry in list(c.queue)), default=None
        )

    def add(self, pending: Pending) -> None:
        conversation = self._conversations.setdefault(pending.conversation, _Conversation())
        insort(conversation.queue, (pending.lane, pending.id, pending))
        heapq.heappush(self._wakes, (pending.not_before, pending.conversation))
        if pending.expires_at is not None and pending.expires_at < self._expires_at:
            self._expires_at = pending.expires_at

    def reload(self, rows: Iterable[Pending], in_flight: set[int]) -> None:
        """The queue anew from the rows; limits, pauses and who is online stay."""
        for conversation in self._conversations.values():
            conversation.queue.clear()
            conversation.in_flight = 0
        self.in_flight.clear()
        self._expires_at = _NEVER
        for pending in rows:
            if pending.id in in_flight:
                self._conversations.setdefault(pending.conversation, _Conversation()).in_flight = pending.id
                self.in_flight[pending.id] = pending
            else:
                self.add(pending)

    def remove(self, keep: Callable[[Pending], bool]) -> list[Pending]:
        """Takes out what waits and `keep` refuses; what is in flight stays."""
        gone = []
        for conversation in self._conversations.values():
            gone += [entry[2] for entry in conversation.queue if not keep(entry[2])]
            conversation.queue = [entry for entry in conversation.queue if keep(entry[2])]
        return gone

    def set_online(self, account: str, is_online: bool) -> None:
        state = self._accounts.setdefault(account, _Account())
        state.is_online = is_online
        if is_online:
            for name, conversation in self._conversations.items():
                if conversation.queue and name.startswith(f"{account}>"):
                    heapq.heappush(self._wakes, (0, name))

    def is_online(self, account: str) -> bool:
        return account in self._accounts and self._accounts[account].is_online

    def counted(self, account: str, sent_today: int, now: int) -> None:
        """What the account has sent today, read from the rows at start."""
        state = self._accounts.setdefault(account, _Account())
        state.day, state.sent_today = self._day_of(now), sent_today

    def quota_left(self, account: str, now: int) -> int | None:
        """Sends left today; None without a quota."""
        if not self.limits.daily_quota:
            return None
        state = self._accounts.get(account)
        used = state.sent_today if state and state.day == self._day_of(now) else 0
        return max(0, self.limits.daily_quota - used)

    def expired(self, now: int) -> list[Pending]:
        """Takes out what waited too long, whether anything could have been sent or not."""
        gone: list[Pending] = []
        if self._expires_at > now or self.is_paused:
            return gone
        self._expires_at = _NEVER
        for conversation in self._conversations.values():
            if not conversation.queue:
                continue
            gone += [entry[2] for entry in conversation.queue if _expiry(entry[2]) <= now]
            conversation.queue = [entry for entry in conversation.queue if _expiry(entry[2]) > now]
            self._expires_at = min([self._expires_at, *(_expiry(entry[2]) for entry in conversation.queue)])
        return sorted(gone, key=lambda pending: pending.id)

    def release(self, now: int, is_taken: Callable[[Pending], bool] = lambda pending: False) -> list[Pending]:
        """What is to be sent now; it is in flight until `settled`. What `is_taken` says yes to leaves the queue: somebody
        else sees to it."""
        ready: list[tuple[int, int, Pending, _Conversation]] = []
        seen: set[str] = set()
        if self.is_paused:
            return []
        while self._wakes and self._wakes[0][0] <= now:
            _, name = heapq.heappop(self._wakes)
            if name in seen:
                continue
            seen.add(name)
            conversation = self._conversations[name]
            if conversation.in_flight or not conversation.queue:
                continue
            if conversation.paused_until > now:
                heapq.heappush(self._wakes, (conversation.paused_until, name))
                continue
            found = next((each for each in conversation.queue if each[2].not_before <= now < _expiry(each[2])), None)
            if found is None:
                heapq.heappush(self._wakes, (min(entry[2].not_before for entry in conversation.queue), name))
                continue
            if is_taken(found[2]):
                conversation.queue.remove(found)
                seen.discard(name)
                heapq.heappush(self._wakes, (now, name))
                continue
            ready.append((*found, conversation))
        ready.sort(key=lambda entry: entry[:2])
        sends = []
        for lane, row_id, pending, conversation in ready:
            wait = self._wait_ms(pending, conversation, now)
            if wait is None:
                continue
            if wait > 0:
                heapq.heappush(self._wakes, (now + wait, pending.conversation))
                continue
            self._spend(pending, conversation, now)
            conversation.queue.remove((lane, row_id, pending))
            conversation.in_flight = row_id
            self.in_flight[row_id] = pending
            sends.append(pending)
        return sends

    def settled(self, row_id: int, now: int, *, is_unknown: bool = False, pause_ms: int = 0) -> Pending | None:
        """The send is over, however it ended: its conversation goes on (after `pause_ms`)."""
        pending = self.in_flight.pop(row_id, None)
        if pending is None:
            return None
        conversation = self._conversations[pending.conversation]
        conversation.in_flight = 0
        conversation.paused_until = max(conversation.paused_until, now + pause_ms)
        account = self._accounts.setdefault(pending.account, _Account(is_online=True))
        account.unknowns = account.unknowns + 1 if is_unknown else 0
        if account.unknowns >= _BREAKER_AFTER:
            account.paused_until, account.unknowns = now + _BREAKER_MS, 0
        if conversation.queue:
            heapq.heappush(self._wakes, (now, pending.conversation))
        return pending

    def paused_until(self, account: str) -> int:
        """Until when the breaker holds the account back, 0 if it does not."""
        state = self._accounts.get(account)
        return state.paused_until if state else 0

    def next_wake(self) -> int | None:
        """When `release` or `expired` may have something again."""
        wake = min(self._wakes[0][0] if self._wakes else _NEVER, self._expires_at)
        return wake if wake < _NEVER and not self.is_paused else None

    def _wait_ms(self, pending: Pending, conversation: _Conversation, now: int) -> int | None:
        """Milliseconds to wait, 0 to send now, None while the account is offline (it wakes the queue when back)."""
        account = self._accounts.setdefault(pending.account, _Account())
        if not account.is_online:
            return None
        if account.paused_until > now:
            return account.paused_until - now
        limits, now_s = self.limits, now / 1000
        if limits.daily_quota:
            day = self._day_of(now)
            if account.day != day:
                account.day, account.sent_today = day, 0
            share_of = limits.campaign_share if pending.lane >= Lane.NOTICE else 1.0
            if account.sent_today >= limits.daily_quota * share_of:
                return 60_000
        waits = [wait_s(limits.account, account.level, now_s)]
        if pending.kind in ("message", "file", "table", "announce"):
            waits.append(wait_s(limits.chat, conversation.level, now_s))
        else:
            waits.append(wait_s(limits.action, account.actions, now_s))
        if pending.lane == Lane.CAMPAIGN:
            waits.append(wait_s(limits.campaign, account.campaigns, now_s))
        longest = max(waits)
        return int(longest * 1000) + 1 if longest > 0 else 0

    def _spend(self, pending: Pending, conversation: _Conversation, now: int) -> None:
        account, limits, now_s = self._accounts[pending.account], self.limits, now / 1000
        account.sent_today += 1
        if limits.account.per_s:
            account.level = take(limits.account, account.level, now_s)
        if pending.kind in ("message", "file", "table", "announce"):
            if limits.chat.per_s:
                conversation.level = take(limits.chat, conversation.level, now_s)
        elif limits.action.per_s:
            account.actions = take(limits.action, account.actions, now_s)
        if pending.lane == Lane.CAMPAIGN and limits.campaign.per_s:
            account.campaigns = take(limits.campaign, account.campaigns, now_s)
        if limits.jitter_s:
            conversation.paused_until = now + int(1000 * limits.jitter_s * share("jitter", pending.idem))


def _expiry(pending: Pending) -> int:
    return pending.expires_at if pending.expires_at is not None else _NEVER
