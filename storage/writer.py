"""The unit of work of the one writer: every statement of the hot path, set-oriented, over one connection.

It decides nothing. The kernel collects what a batch changed; `Writer` writes each table once and lets the kernel commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from storage import tables as t
from storage.bulk import BulkInsert, BulkSelect, BulkUpdate
from storage.copies import no_copy
from storage.prepared import Prepared

_ACCOUNTS = BulkInsert(t.account, ("uid", "platform"), key=("uid",), conflict="nothing")
_CHATS = BulkInsert(t.chat, ("uid", "platform", "kind", "name"), key=("uid",), conflict="nothing")
_MEMBERS = BulkInsert(t.member, ("uid", "name"), key=("uid",), conflict="nothing")
_IDS = {table.name: BulkSelect(table, ("id", "uid"), key=("uid",)) for table in (t.account, t.chat, t.member)}
_MESSAGES = BulkInsert(
    t.message,
    ("account_id", "chat_id", "member_id", "key", "platform_id", "sent_at", "received_at", "kind", "text", "segments",
     "reply_to", "mentions", "flags"),
    key=("chat_id", "sent_at", "account_id", "key"), conflict="nothing", returning=("chat_id", "account_id", "key"),
)  # fmt: skip
_EVENTS = BulkInsert(
    t.event,
    ("account_id", "chat_id", "member_id", "key", "kind", "at", "received_at", "data", "is_copy"),
    key=("chat_id", "account_id", "key"), conflict="nothing", returning=("chat_id", "account_id", "key"),
)  # fmt: skip
_MEMBERSHIPS = BulkInsert(
    t.membership,
    ("chat_id", "member_id", "name", "role", "joined_at", "left_at"),
    key=("chat_id", "member_id"),
    conflict="name = excluded.name, role = excluded.role, joined_at = coalesce(excluded.joined_at, membership.joined_at),"
    " left_at = excluded.left_at",
)
ROLLUP = (
    "msgs", "counted", "chars", "replies", "checkins", "quiz", "chain", "helped", "counted_chars", "answers", "replied",
)  # fmt: skip
_MEMBER_DAYS = BulkInsert(
    t.member_day,
    ("chat_id", "day", "member_id", *ROLLUP, "last_at"),
    key=("chat_id", "day", "member_id"),
    conflict=", ".join(f"{c} = member_day.{c} + excluded.{c}" for c in ROLLUP)
    + ", last_at = coalesce(excluded.last_at, member_day.last_at)",
)
_STALE_DAYS = BulkInsert(t.stale_day, ("chat_id", "day"), key=("chat_id", "day"), conflict="nothing")
_LEDGER = BulkInsert(
    t.ledger,
    ("chat_id", "member_id", "delta", "balance_after", "source", "reason", "cause", "idem", "at", "account", "undoes"),
    key=("idem",), conflict="nothing", returning=("idem",),
)  # fmt: skip
_BALANCES = BulkInsert(
    t.balance, ("chat_id", "member_id", "points"), key=("chat_id", "member_id"),
    conflict="points = balance.points + excluded.points", returning=("chat_id", "member_id", "points"),
)  # fmt: skip
_FUNDS = BulkInsert(
    t.fund, ("chat_id", "account", "points"), key=("chat_id", "account"),
    conflict="points = fund.points + excluded.points",
)  # fmt: skip
_READ_BALANCES = BulkSelect(t.balance, ("chat_id", "member_id", "points"), key=("chat_id", "member_id"))
_LEDGER_SEEN = BulkSelect(t.ledger, ("idem",), key=("idem",))
_RUNS = BulkInsert(
    t.run,
    ("chat_id", "ref", "kind", "version", "state_version", "state", "rev", "status", "started_at", "updated_at"),
    key=("chat_id", "ref"),
    conflict="kind = excluded.kind, version = excluded.version, state_version = excluded.state_version,"
    " state = excluded.state, rev = excluded.rev, status = excluded.status, updated_at = excluded.updated_at",
    returning=("id", "chat_id", "ref"),
)
_RUN_STATES = BulkUpdate(
    t.run, key=("id",), changes=("version", "state_version", "state", "rev", "status", "updated_at")
)
_READ_RUNS = BulkSelect(
    t.run, ("id", "chat_id", "ref", "kind", "version", "state_version", "state", "rev", "status"), key=("chat_id",)
)
_SLOTS = BulkInsert(t.slot, ("run_id", "key", "data"), key=("run_id", "key"), conflict="data = excluded.data")
_READ_SLOTS = BulkSelect(t.slot, ("run_id", "key", "data"), key=("run_id", "key"))
_NOTES = BulkInsert(
    t.note,
    ("run_id", "chat_id", "member_id", "what", "key", "data", "at"),
    key=("run_id", "what", "key"), conflict="nothing", returning=("run_id", "what", "key"),
)  # fmt: skip
_TIMERS = BulkInsert(
    t.timer, ("run_id", "name", "due_at", "data"), key=("run_id", "name"),
    conflict="due_at = excluded.due_at, data = excluded.data",
)  # fmt: skip
_SCHEDULES = BulkInsert(
    t.schedule, ("run_id", "name", "spec", "next_at"), key=("run_id", "name"),
    conflict="spec = excluded.spec, next_at = excluded.next_at",
)  # fmt: skip
_FIRINGS = BulkInsert(
    t.firing, ("run_id", "name", "scheduled_at", "fired_at", "status"), key=("run_id", "name", "scheduled_at"),
    conflict="nothing", returning=("run_id", "name", "scheduled_at"),
)  # fmt: skip
_OUTBOX = BulkInsert(
    t.outbox,
    ("account_id", "chat_id", "run_id", "idem", "cause", "kind", "body", "lane", "on_unknown", "effect_key", "status",
     "not_before", "expires_at", "created_at"),
    key=("idem",), conflict="nothing", returning=("id", "idem"),
)  # fmt: skip
_OUTBOX_STATUS = BulkUpdate(
    t.outbox, key=("id",), changes=("status", "not_before", "attempts", "message_id", "error", "settled_at")
)
_OUTBOX_CLAIM = BulkUpdate(t.outbox, key=("id",), changes=("status",))
_TASKS = BulkInsert(
    t.task, ("run_id", "chat_id", "member_id", "key", "text", "choices", "created_at", "expires_at"),
    key=("run_id", "key"), conflict="nothing", returning=("id", "run_id", "key"),
)  # fmt: skip
_TRACES = BulkInsert(
    t.trace,
    ("chat_id", "run_id", "ref", "cause", "event", "version", "why", "before", "after", "effects", "error", "at"),
)
_DEAD = BulkInsert(t.dead_event, ("chat_id", "ref", "cause", "error", "detail", "at"))
_TAGS = BulkInsert(
    t.tag, ("chat_id", "member_id", "tag", "at"), key=("chat_id", "member_id", "tag"), conflict="nothing"
)
_CHAT_ACCOUNTS = BulkInsert(
    t.chat_account, ("chat_id", "account_id", "role"), key=("chat_id", "account_id"), conflict="role = excluded.role"
)
_REFUSED = BulkInsert(
    t.chat_account, ("chat_id", "account_id", "refused"), key=("chat_id", "account_id"),
    conflict="refused = excluded.refused",
)  # fmt: skip
_CHAT_FACTS = BulkUpdate(t.chat, key=("id",), changes=("name", "size", "primary_account_id"))
_VERSIONS = BulkInsert(t.playbook_version, ("version", "ref", "source", "at"), key=("version",), conflict="nothing")
_BY_PLATFORM_ID = ("chat_id", "account_id", "platform_id")
# Networks let a message be taken back within minutes, admins within days: a week of the chat is what the index is asked.
_WITHIN_A_WEEK = "message.sent_at > n.{0} - 604800000 AND message.sent_at <= n.{0} + 60000"
_RECALLED = BulkUpdate(
    t.message, key=_BY_PLATFORM_ID, changes=("recalled_at",), where=_WITHIN_A_WEEK.format("recalled_at")
)
_EDITED = BulkUpdate(t.message, key=_BY_PLATFORM_ID, changes=("edited_at",), where=_WITHIN_A_WEEK.format("edited_at"))
_BACKFILLED = 8
_FRAMES = BulkInsert(t.raw_frame, ("account_id", "at", "frame"))
_AUDIT = BulkInsert(t.audit, ("actor", "action", "target", "detail", "at"))


def _text(sql: str) -> Prepared:
    return Prepared(text(sql))


def _last_words() -> Prepared:
    life, d, stale = t.member_life.c, t.member_day.c, t.stale_day.c
    waiting = select(d.member_id, d.last_at).join_from(
        t.stale_day, t.member_day, (d.chat_id == stale.chat_id) & (d.day == stale.day)
    )
    both = (
        select(life.member_id, life.last_at)
        .where(life.chat_id == bindparam("chat"))
        .union_all(waiting.where(stale.chat_id == bindparam("chat")))
        .subquery()
    )
    return Prepared(select(both.c.member_id, func.max(both.c.last_at).label("last_at")).group_by(both.c.member_id))


# Asked for each group that wakes up: a thousand may, in the first second.
_LAST_WORDS = _last_words()
_ROSTER = Prepared(
    select(
        t.member.c.id, t.member.c.uid, t.membership.c.name, t.member.c.name.label("nick"), t.membership.c.role,
        t.membership.c.joined_at, t.member.c.is_bot,
    )
    .join_from(t.membership, t.member, t.member.c.id == t.membership.c.member_id)
    .where(t.membership.c.chat_id == bindparam("chat"), t.membership.c.left_at.is_(None))
)  # fmt: skip
_TAGS_OF = Prepared(select(t.tag.c.member_id, t.tag.c.tag).where(t.tag.c.chat_id == bindparam("chat")))
_STANDINGS = Prepared(
    select(t.standing.c.member_id, t.standing.c.scheme, t.standing.c.value).where(
        t.standing.c.chat_id == bindparam("chat"), t.standing.c.until.is_(None)
    )
)
_ACCOUNTS_OF = Prepared(
    select(t.account.c.uid, t.chat_account.c.role, t.chat_account.c.refused)
    .join_from(t.chat_account, t.account, t.account.c.id == t.chat_account.c.account_id)
    .where(t.chat_account.c.chat_id == bindparam("chat"))
)
_SCHEDULES_OF = Prepared(
    select(t.schedule.c.name, t.schedule.c.spec, t.schedule.c.next_at).where(t.schedule.c.run_id == bindparam("run"))
)
_RECENT = Prepared(
    select(t.member.c.uid, t.message.c.sent_at, t.message.c.text, t.message.c.platform_id)
    .join_from(t.message, t.member, t.member.c.id == t.message.c.member_id)
    .where(t.message.c.chat_id == bindparam("chat"), no_copy())
    .order_by(t.message.c.sent_at.desc(), t.message.c.id.desc())
    .limit(bindparam("most"))
)
_OF_RUN = select(t.slot.c.run_id, t.slot.c.key, t.slot.c.data).where(t.slot.c.run_id == bindparam("run"))
_SLOTS_OF = Prepared(_OF_RUN)
_SLOTS_BELOW = Prepared(_OF_RUN.where(t.slot.c.key >= bindparam("first"), t.slot.c.key < bindparam("end")))

# Asked in almost every cycle.
_TIMERS_DUE = (
    "SELECT t.run_id, t.name, t.due_at, t.data, r.chat_id, r.ref FROM timer t JOIN run r ON r.id = t.run_id"
    " WHERE t.due_at <= :now{but} ORDER BY t.due_at, t.run_id, t.name LIMIT :most"
)
_SCHEDULES_DUE = (
    "SELECT s.run_id, s.name, s.next_at, s.spec, s.is_paused, r.chat_id, r.ref FROM schedule s"
    " JOIN run r ON r.id = s.run_id WHERE s.next_at <= :now{but} ORDER BY s.next_at, s.run_id, s.name LIMIT :most"
)
_DUE_TIMERS, _DUE_SCHEDULES = _text(_TIMERS_DUE.format(but="")), _text(_SCHEDULES_DUE.format(but=""))
_NEXT_DUE = _text(
    "SELECT min(at) FROM (SELECT min(due_at) AS at FROM timer UNION ALL SELECT min(next_at) FROM schedule) q"
)
# The same without some chats: only while these wait for what was said before.
_DUE_TIMERS_BUT, _DUE_SCHEDULES_BUT = (
    text(sql.format(but=" AND r.chat_id NOT IN :held")).bindparams(bindparam("held", expanding=True))
    for sql in (_TIMERS_DUE, _SCHEDULES_DUE)
)
_NEXT_DUE_BUT = text(
    "SELECT min(at) FROM (SELECT min(t.due_at) AS at FROM timer t JOIN run r ON r.id = t.run_id"
    " WHERE r.chat_id NOT IN :timers UNION ALL SELECT min(s.next_at) FROM schedule s JOIN run r ON r.id = s.run_id"
    " WHERE r.chat_id NOT IN :schedules) q"
).bindparams(bindparam("timers", expanding=True), bindparam("schedules", expanding=True))
_DROP_TIMER = _text("DELETE FROM timer WHERE run_id = :run AND name = :name")
_DROP_SLOT = _text("DELETE FROM slot WHERE run_id = :run AND key = :key")

Rows = Sequence[Sequence[Any]]


class Writer:
    """Statements over the one read-write connection. Call between `begin` and `commit` or `rollback`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    # -- who and where ----------------------------------------------------------------------------------------------

    def ids(self, table: str, rows: Rows) -> dict[str, int]:
        """uid → id, creating what is not there. Rows begin with the uid; chats: (uid, platform, kind, name)."""
        {"account": _ACCOUNTS, "chat": _CHATS, "member": _MEMBERS}[table].run(self.connection, rows)
        return {row.uid: row.id for row in _IDS[table].run(self.connection, [row[:1] for row in rows])}

    def memberships(self, rows: Rows) -> None:
        _MEMBERSHIPS.run(self.connection, rows)

    def roster(self, chat_id: int) -> Sequence[Any]:
        """(id, uid, name, nick, role, joined_at, is_bot) of everybody who is in the chat."""
        return _ROSTER.run(self.connection, chat=chat_id)

    def machines(self) -> set[int]:
        """Ids of the members who are bots."""
        return set(self.connection.execute(select(t.member.c.id).where(text("is_bot = 1"))).scalars())

    def tags(self, chat_id: int) -> Sequence[Any]:
        return _TAGS_OF.run(self.connection, chat=chat_id)

    def standings(self, chat_id: int) -> Sequence[Any]:
        """(member_id, scheme, value) of everybody's tiers as they are now."""
        return _STANDINGS.run(self.connection, chat=chat_id)

    def last_words(self, chat_id: int) -> Sequence[Any]:
        """(member_id, last_at): when everybody spoke last; from the lives, and from the days that are not in them yet."""
        return _LAST_WORDS.run(self.connection, chat=chat_id)

    def add_tags(self, rows: Rows) -> None:
        _TAGS.run(self.connection, rows)

    def drop_tag(self, chat_id: int, member_id: int, tag: str) -> None:
        self.connection.execute(
            delete(t.tag).where(t.tag.c.chat_id == chat_id, t.tag.c.member_id == member_id, t.tag.c.tag == tag)
        )

    def chat_accounts(self, rows: Rows) -> None:
        _CHAT_ACCOUNTS.run(self.connection, rows)

    def refusals(self, rows: Rows) -> None:
        _REFUSED.run(self.connection, rows)

    def chat_facts(self, rows: Rows) -> None:
        _CHAT_FACTS.run(self.connection, rows)

    def all_chats(self) -> Sequence[Any]:
        """Every group with its primary account's uid."""
        a, c = t.account, t.chat
        query = select(
            c.c.id, c.c.uid, c.c.platform, c.c.kind, c.c.name, c.c.size, a.c.uid.label("primary_uid")
        ).join_from(c, a, a.c.id == c.c.primary_account_id, isouter=True)
        return list(self.connection.execute(query))

    def accounts_of_chat(self, chat_id: int) -> Sequence[Any]:
        return _ACCOUNTS_OF.run(self.connection, chat=chat_id)

    # -- the log ----------------------------------------------------------------------------------------------------

    def log_messages(self, rows: Rows) -> set[tuple[int, int, str]]:
        """(chat, account, key) of the rows that were new; the others are duplicates and nothing changed."""
        return {tuple(row) for row in _MESSAGES.run(self.connection, rows)}

    def log_events(self, rows: Rows) -> set[tuple[int, int, str]]:
        return {tuple(row) for row in _EVENTS.run(self.connection, rows)}

    def unlog_event(self, chat_id: int, key: str) -> None:
        e = t.event.c
        self.connection.execute(delete(t.event).where(e.chat_id == chat_id, e.key == key))

    def mark_recalled(self, rows: Rows) -> None:
        """(chat_id, account_id, platform_id, at)."""
        _RECALLED.run(self.connection, rows)

    def mark_edited(self, rows: Rows) -> None:
        _EDITED.run(self.connection, rows)

    def member_days(self, rows: Rows) -> None:
        _MEMBER_DAYS.run(self.connection, rows)

    def stale_days(self, rows: Rows) -> None:
        """(chat_id, day) of what the coarse figures must count again."""
        _STALE_DAYS.run(self.connection, rows)

    def recent_messages(self, chat_id: int, limit: int) -> Sequence[Any]:
        """(uid, sent_at, text, platform_id), newest first; what a second account heard, too, counts once."""
        return _RECENT.run(self.connection, chat=chat_id, most=limit)

    def last_seen(self) -> Sequence[Any]:
        """(account uid, chat uid, at): the newest sent_at, or the beginning of a gap that nobody has filled."""
        query = text(
            "SELECT a.uid AS account, c.uid AS chat,"
            " coalesce(g.since, (SELECT max(m.sent_at) FROM message m WHERE m.chat_id = c.id)) AS at"
            " FROM chat c JOIN account a ON a.id = c.primary_account_id"
            " LEFT JOIN (SELECT account_id, chat_id, min(from_at) AS since FROM gap WHERE status = 'open'"
            " AND chat_id IS NOT NULL GROUP BY account_id, chat_id) g ON g.account_id = a.id AND g.chat_id = c.id"
        )
        return self.connection.execute(query).all()

    def frames(self, rows: Rows, keep: int) -> None:
        """Adds to the debug ring and cuts it to the newest `keep`."""
        _FRAMES.run(self.connection, rows)
        newest = self.connection.execute(select(func.max(t.raw_frame.c.id))).scalar() or 0
        self.connection.execute(delete(t.raw_frame).where(t.raw_frame.c.id <= newest - keep))

    # -- runs -------------------------------------------------------------------------------------------------------

    def runs(self, chat_ids: Sequence[int]) -> Sequence[Any]:
        return _READ_RUNS.run(self.connection, [[chat_id] for chat_id in chat_ids])

    def insert_runs(self, rows: Rows) -> dict[tuple[int, str], int]:
        return {(row.chat_id, row.ref): row.id for row in _RUNS.run(self.connection, rows)}

    def update_runs(self, rows: Rows) -> None:
        _RUN_STATES.run(self.connection, rows)

    def slots(self, keys: Rows) -> Sequence[Any]:
        return _READ_SLOTS.run(self.connection, keys)

    def all_slots(self, run_id: int, prefix: str = "") -> Sequence[Any]:
        if prefix:
            return _SLOTS_BELOW.run(self.connection, run=run_id, first=prefix, end=prefix + "\U0010ffff")
        return _SLOTS_OF.run(self.connection, run=run_id)

    def write_slots(self, rows: Rows) -> None:
        _SLOTS.run(self.connection, rows)

    def drop_slot(self, run_id: int, key: str) -> None:
        _DROP_SLOT.do(self.connection, run=run_id, key=key)

    def notes(self, rows: Rows) -> set[tuple[int, str, str]]:
        """(run, what, key) of the notes that were new."""
        return {tuple(row) for row in _NOTES.run(self.connection, rows)}

    def tasks(self, rows: Rows) -> Sequence[Any]:
        """(id, run_id, key) of the questions that were new."""
        return _TASKS.run(self.connection, rows)

    def task(self, task_id: int) -> Any:
        query = select(t.task, t.run.c.ref, t.chat.c.uid.label("chat_uid"))
        query = query.join_from(t.task, t.run, t.run.c.id == t.task.c.run_id).join(
            t.chat, t.chat.c.id == t.task.c.chat_id
        )
        return self.connection.execute(query.where(t.task.c.id == task_id)).one_or_none()

    def close_task(self, run_id: int, key: str, status: str, at: int, choice: str = "", by: str = "") -> int:
        """1 when it was open until now."""
        done = update(t.task).where(t.task.c.run_id == run_id, t.task.c.key == key, t.task.c.status == "open")
        values = done.values(status=status, decided_at=at, choice=choice, decided_by=by)
        return int(self.connection.execute(values).rowcount)

    def versions(self, rows: Rows) -> None:
        _VERSIONS.run(self.connection, rows)

    def version_sources(self, versions: Iterable[str]) -> dict[str, str]:
        query = select(t.playbook_version.c.version, t.playbook_version.c.source)
        rows = self.connection.execute(query.where(t.playbook_version.c.version.in_(list(versions))))
        return {row.version: row.source for row in rows}

    def traces(self, rows: Rows) -> None:
        _TRACES.run(self.connection, rows)

    def dead(self, rows: Rows) -> None:
        _DEAD.run(self.connection, rows)

    def dead_event(self, row_id: int) -> Any:
        """The row with the uid of its chat; None when there is none."""
        d = t.dead_event
        query = select(d, t.chat.c.uid.label("chat_uid")).join_from(d, t.chat, t.chat.c.id == d.c.chat_id, isouter=True)
        return self.connection.execute(query.where(d.c.id == row_id)).one_or_none()

    def drop_dead(self, row_id: int) -> None:
        self.connection.execute(delete(t.dead_event).where(t.dead_event.c.id == row_id))

    def hand_over(self, row_ids: Sequence[int], account_id: int) -> None:
        """These rows of the outbox are the account's now."""
        o = t.outbox.c
        for start in range(0, len(row_ids), 500):
            some = o.id.in_(row_ids[start : start + 500])
            self.connection.execute(update(t.outbox).where(some).values(account_id=account_id))

    def audit(self, rows: Rows) -> None:
        _AUDIT.run(self.connection, rows)

    # -- points -----------------------------------------------------------------------------------------------------

    def balances(self, keys: Rows) -> Sequence[Any]:
        return _READ_BALANCES.run(self.connection, keys)

    def ledger_seen(self, idems: Sequence[str]) -> set[str]:
        return {row.idem for row in _LEDGER_SEEN.run(self.connection, [[idem] for idem in idems])}

    def ledger(self, rows: Rows) -> int:
        """How many entries were new: fewer than given means a repeated cause, and the balances are wrong."""
        return len(_LEDGER.run(self.connection, rows))

    def add_to_balances(self, rows: Rows) -> dict[tuple[int, int], int]:
        """(chat_id, member_id, points to add) → (chat, member) → the balance after it."""
        return {(row[0], row[1]): row[2] for row in _BALANCES.run(self.connection, rows)}

    def add_to_funds(self, rows: Rows) -> None:
        """(chat_id, account, points to add)."""
        _FUNDS.run(self.connection, rows)

    # -- time -------------------------------------------------------------------------------------------------------

    def set_timers(self, rows: Rows) -> None:
        _TIMERS.run(self.connection, rows)

    def drop_timer(self, run_id: int, name: str) -> None:
        _DROP_TIMER.do(self.connection, run=run_id, name=name)

    def drop_times_of(self, run_id: int) -> None:
        """All timers and schedules of a run that is over."""
        self.connection.execute(delete(t.timer).where(t.timer.c.run_id == run_id))
        self.connection.execute(delete(t.schedule).where(t.schedule.c.run_id == run_id))

    def due_timers(self, now: int, limit: int, held: Sequence[int] = ()) -> Sequence[Any]:
        """(run_id, name, due_at, data, chat_id, ref), the longest due first; not those of the chats `held`."""
        if held:
            return self.connection.execute(_DUE_TIMERS_BUT, {"now": now, "most": limit, "held": held}).all()
        return _DUE_TIMERS.run(self.connection, now=now, most=limit)

    def due_schedules(self, now: int, limit: int, held: Sequence[int] = ()) -> Sequence[Any]:
        """(run_id, name, next_at, spec, is_paused, chat_id, ref), the longest due first; not those of the chats `held`."""
        if held:
            return self.connection.execute(_DUE_SCHEDULES_BUT, {"now": now, "most": limit, "held": held}).all()
        return _DUE_SCHEDULES.run(self.connection, now=now, most=limit)

    def schedules_of(self, run_id: int) -> Sequence[Any]:
        return _SCHEDULES_OF.run(self.connection, run=run_id)

    def set_schedules(self, rows: Rows) -> None:
        _SCHEDULES.run(self.connection, rows)

    def drop_schedule(self, run_id: int, name: str) -> None:
        self.connection.execute(delete(t.schedule).where(t.schedule.c.run_id == run_id, t.schedule.c.name == name))

    def firings(self, rows: Rows) -> set[tuple[int, str, int]]:
        """(run, name, scheduled) of the firings that had not happened before."""
        return {tuple(row) for row in _FIRINGS.run(self.connection, rows)}

    def next_due(self, timers: Sequence[int] = (), schedules: Sequence[int] = ()) -> int | None:
        """When the next timer or schedule is due, but those of the chats whose `timers` or `schedules` wait."""
        if timers or schedules:
            given = {"timers": timers, "schedules": schedules}
            found = self.connection.execute(_NEXT_DUE_BUT, given).scalar()
        else:
            found = _NEXT_DUE.first(self.connection)
        return int(found) if found is not None else None

    # -- outbox -----------------------------------------------------------------------------------------------------

    def enqueue(self, rows: Rows) -> dict[str, int]:
        """idem → id of the rows that were new."""
        return {row.idem: row.id for row in _OUTBOX.run(self.connection, rows)}

    def claim(self, ids: Sequence[int]) -> None:
        _OUTBOX_CLAIM.run(self.connection, [[row_id, "sending"] for row_id in ids])

    def settle(self, rows: Rows) -> None:
        """(id, status, not_before, attempts, message_id, error, settled_at)."""
        _OUTBOX_STATUS.run(self.connection, rows)

    def open_outbox(self) -> Sequence[Any]:
        """Every row that is not settled, in order, with uids."""
        o = t.outbox
        query = (
            select(
                o, t.account.c.uid.label("account_uid"), t.chat.c.uid.label("chat_uid"), t.run.c.ref.label("run_ref")
            )
            .join_from(o, t.account, t.account.c.id == o.c.account_id)
            .join(t.chat, t.chat.c.id == o.c.chat_id)
            .join(t.run, t.run.c.id == o.c.run_id, isouter=True)
            .where(o.c.status.in_(("ready", "sending")))
            .order_by(o.c.id)
        )
        return list(self.connection.execute(query))

    def outbox_row(self, row_id: int) -> Any:
        o = t.outbox
        query = (
            select(
                o, t.account.c.uid.label("account_uid"), t.chat.c.uid.label("chat_uid"), t.run.c.ref.label("run_ref")
            )
            .join_from(o, t.account, t.account.c.id == o.c.account_id)
            .join(t.chat, t.chat.c.id == o.c.chat_id)
            .join(t.run, t.run.c.id == o.c.run_id, isouter=True)
            .where(o.c.id == row_id)
        )
        return self.connection.execute(query).one_or_none()

    def is_receipt(self, chat_id: int, message_id: str, since: int) -> bool:
        """Whether a settled row of the chat, created since then, carries this message id."""
        o = t.outbox
        query = select(o.c.id).where(o.c.chat_id == chat_id, o.c.created_at >= since, o.c.message_id == message_id)
        return self.connection.execute(query.limit(1)).first() is not None

    def sent_since(self, at: int) -> Sequence[Any]:
        """(account uid, sends) since `at`: what is left of the daily quota."""
        o = t.outbox
        query = (
            select(t.account.c.uid, func.count().label("sends"))
            .join_from(o, t.account, t.account.c.id == o.c.account_id)
            .where(o.c.created_at >= at, o.c.status.in_(("done", "sending", "unknown")))
            .group_by(t.account.c.uid)
        )
        return list(self.connection.execute(query))

    # -- gaps -------------------------------------------------------------------------------------------------------

    def open_gap(self, account_id: int, at: int, cause: str) -> None:
        row = {"account_id": account_id, "from_at": at, "to_at": at, "status": "open", "cause": cause}
        self.connection.execute(t.gap.insert().values(**row))

    def end_gap(self, account_id: int, at: int) -> str | None:
        """Ends the gap of the account as a whole; its cause, None when none was open."""
        ended = update(t.gap).where(
            t.gap.c.account_id == account_id, t.gap.c.status == "open", t.gap.c.chat_id.is_(None)
        )
        causes = (
            self.connection.execute(ended.values(to_at=at, status="ended").returning(t.gap.c.cause)).scalars().all()
        )
        return causes[-1] if causes else None

    def gap_since_last(self, account_id: int, at: int, cause: str) -> None:
        """The gap that a process left which ended without a word: since the last message that anybody logged."""
        last = select(t.message.c.received_at).order_by(t.message.c.id.desc()).limit(1)
        since = self.connection.execute(last).scalar()
        if since is not None and since < at:
            row = {"account_id": account_id, "from_at": since, "to_at": at, "status": "ended", "cause": cause}
            self.connection.execute(t.gap.insert().values(**row))

    def open_chat_gaps(self, account_id: int, at: int, cause: str) -> None:
        """A gap for each of the account's groups, from its newest message on; one that is open already stays as it is."""
        query = text(
            "INSERT INTO gap (account_id, chat_id, from_at, to_at, status, cause)"
            " SELECT q.account, q.chat, q.since, :at, 'open', CAST(:cause AS text) FROM"
            " (SELECT c.primary_account_id AS account, c.id AS chat,"
            " (SELECT max(m.sent_at) FROM message m WHERE m.chat_id = c.id) AS since FROM chat c"
            " WHERE c.primary_account_id = :account AND c.kind = 'group') q"
            " WHERE q.since IS NOT NULL AND q.chat NOT IN"
            " (SELECT chat_id FROM gap WHERE account_id = :account AND status = 'open' AND chat_id IS NOT NULL)"
        )
        self.connection.execute(query, {"account": account_id, "at": at, "cause": cause})

    def chats_with_gaps(self, account_id: int) -> list[int]:
        """The chats whose history is still to be read by the account."""
        g = t.gap.c
        query = select(g.chat_id).where(g.account_id == account_id, g.status == "open", g.chat_id.is_not(None))
        return list(self.connection.execute(query).scalars())

    def end_chat_gap(self, account_id: int, chat_id: int, until: int, reached: int | None) -> None:
        """What became of the open gap of a chat, if there is one: the history was read back to `reached`, and what lies
        before that is missing; None: all of it is."""
        g, m = t.gap, t.message
        is_mine = (g.c.account_id == account_id, g.c.chat_id == chat_id, g.c.status == "open")
        gap = self.connection.execute(select(g).where(*is_mine)).first()
        if gap is None:
            return
        this = update(g).where(g.c.id == gap.id)
        if reached is None:
            self.connection.execute(this.values(to_at=until, status="partial"))
            return
        begin = max(reached, gap.from_at)
        of_chat = (m.c.account_id == account_id, m.c.chat_id == chat_id, m.c.sent_at >= begin, m.c.sent_at <= until)
        fetched = (m.c.flags.op("&")(_BACKFILLED) != 0, m.c.received_at >= gap.to_at)
        found = self.connection.execute(select(func.count()).select_from(m).where(*of_chat, *fetched)).scalar()
        filled = {"from_at": begin, "to_at": until, "status": "backfilled", "found": found}
        if reached <= gap.from_at:
            self.connection.execute(this.values(filled))
        else:
            self.connection.execute(this.values(to_at=reached, status="partial"))
            self.connection.execute(
                g.insert().values(account_id=account_id, chat_id=chat_id, cause=gap.cause, **filled)
            )
