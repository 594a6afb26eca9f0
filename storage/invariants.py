"""What must hold whatever crashed: each invariant as a query that finds nothing.

`db check` runs them for the operator, the crash tests after every kill. They scan whole tables: on ten million messages
that takes a minute. What a group has forgotten by retention is not missed.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from storage.tables import HOT

_SHOWN = 20
"""Examples shown of each invariant; more of the same say nothing new."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`code` is `I1` to `I9`."""

    code: str
    message: str


def violations(connection: Connection, *, is_stopped: bool = False) -> list[Violation]:
    """Everything that does not hold. `is_stopped`: no bot is running, so nothing may be on its way to the network."""
    found = [Violation(code, message) for code, sql, say in _QUERIES for message in _rows(connection, sql, say)]
    found += [Violation("I4", message) for message in _checkins(connection)]
    found += [Violation("I5", message) for message in _chains(connection)]
    if is_stopped:
        sending = "SELECT count(*) AS n FROM outbox WHERE status = 'sending' HAVING count(*) > 0"
        found += [
            Violation("I7", m) for m in _rows(connection, sending, "{n} 条待发处于「发送中」 · rows still sending")
        ]
    found += [Violation("I9", message) for message in _integrity(connection)]
    return sorted(found, key=lambda violation: violation.code)


def _rows(connection: Connection, sql: str, say: str) -> Iterator[str]:
    for number, row in enumerate(connection.execute(text(sql)).mappings()):
        if number == _SHOWN:
            yield "…"
            return
        yield say.format(**row)


# A group that retention has cut keeps its rollup but not its log.
_CUT = "SELECT 1 FROM audit a WHERE a.action = 'retention' AND a.target = CAST(c.id AS text) AND a.detail LIKE '%\"message\"%'"

_QUERIES: tuple[tuple[str, str, str], ...] = (
    (
        "I1",
        """
        SELECT c.uid AS chat, m.platform_id AS message, count(*) AS n FROM message m JOIN chat c ON c.id = m.chat_id
        WHERE m.flags & 16 = 0 AND m.platform_id <> '' GROUP BY c.uid, m.account_id, m.platform_id, m.sent_at
        HAVING count(*) > 1
        """,
        "{chat} 的消息 {message} 存了 {n} 次 · stored {n} times",
    ),
    (
        "I2",
        f"""
        SELECT c.uid AS chat, p.uid AS member, coalesce(d.n, 0) AS days, coalesce(l.n, 0) AS log FROM
          (SELECT chat_id, member_id FROM member_day
           UNION SELECT chat_id, member_id FROM message WHERE member_id IS NOT NULL) k
          JOIN chat c ON c.id = k.chat_id JOIN member p ON p.id = k.member_id
          LEFT JOIN (SELECT chat_id, member_id, sum(msgs) AS n FROM member_day GROUP BY chat_id, member_id) d
            ON d.chat_id = k.chat_id AND d.member_id = k.member_id
          LEFT JOIN (SELECT chat_id, member_id, count(*) AS n FROM message WHERE flags & 16 = 0
                     GROUP BY chat_id, member_id) l
            ON l.chat_id = k.chat_id AND l.member_id = k.member_id
        WHERE c.kind = 'group' AND (coalesce(d.n, 0) < coalesce(l.n, 0)
          OR (coalesce(d.n, 0) <> coalesce(l.n, 0) AND NOT EXISTS ({_CUT})))
        """,
        "{chat} {member}：日汇总 {days} 条，日志 {log} 条 · the rollup says {days} messages, the log {log}",
    ),
    (
        "I2",
        """
        SELECT c.uid AS chat, d.day AS day, count(*) AS n FROM member_day d JOIN chat c ON c.id = d.chat_id
        WHERE d.counted > d.msgs OR d.replies > d.msgs GROUP BY c.uid, d.day
        """,
        "{chat} {day}：{n} 人的计分发言多于发言 · more counted than sent",
    ),
    (
        "I3",
        """
        SELECT c.uid AS chat, p.uid AS member, coalesce(b.points, 0) AS points, coalesce(l.n, 0) AS n FROM
          (SELECT chat_id, member_id FROM balance UNION SELECT chat_id, member_id FROM ledger) k
          JOIN chat c ON c.id = k.chat_id JOIN member p ON p.id = k.member_id
          LEFT JOIN balance b ON b.chat_id = k.chat_id AND b.member_id = k.member_id
          LEFT JOIN (SELECT chat_id, member_id, sum(delta) AS n FROM ledger GROUP BY chat_id, member_id) l
            ON l.chat_id = k.chat_id AND l.member_id = k.member_id
        WHERE coalesce(b.points, 0) <> coalesce(l.n, 0) OR coalesce(b.points, 0) < 0
        """,
        "{chat} {member}：积分余额 {points}，流水合计 {n} · balance {points}, ledger {n}",
    ),
    (
        "I3",
        """
        SELECT c.uid AS chat, p.uid AS member, l.id AS entry FROM
          (SELECT id, chat_id, member_id, balance_after,
                  sum(delta) OVER (PARTITION BY chat_id, member_id ORDER BY id) AS due FROM ledger) l
          JOIN chat c ON c.id = l.chat_id JOIN member p ON p.id = l.member_id WHERE l.balance_after <> l.due
        """,
        "{chat} {member}：流水 {entry} 之后的余额不对 · wrong balance after entry {entry}",
    ),
    (
        "I3",
        """
        SELECT c.uid AS chat, k.account AS account, coalesce(f.points, 0) AS points, coalesce(l.n, 0) AS n FROM
          (SELECT chat_id, account FROM fund UNION SELECT chat_id, account FROM ledger) k
          JOIN chat c ON c.id = k.chat_id
          LEFT JOIN fund f ON f.chat_id = k.chat_id AND f.account = k.account
          LEFT JOIN (SELECT chat_id, account, -sum(delta) AS n FROM ledger GROUP BY chat_id, account) l
            ON l.chat_id = k.chat_id AND l.account = k.account
        WHERE coalesce(f.points, 0) <> coalesce(l.n, 0)
        """,
        "{chat}：账户 {account} 有 {points} 分，流水合计 {n} · account {account} holds {points}, the ledger says {n}",
    ),
    (
        "I3",
        """
        SELECT c.uid AS chat, sum(k.points) AS n FROM
          (SELECT chat_id, points FROM balance UNION ALL SELECT chat_id, points FROM fund) k
          JOIN chat c ON c.id = k.chat_id GROUP BY c.uid HAVING sum(k.points) <> 0
        """,
        "{chat}：所有账户合计 {n} 分，应为 0 · all accounts add up to {n} instead of 0",
    ),
    (
        "I6",
        """
        SELECT c.uid AS chat, e.key AS firing, count(*) AS n FROM event e JOIN chat c ON c.id = e.chat_id
        WHERE e.kind = 'TimerFired' GROUP BY c.uid, e.key HAVING count(*) > 1
        """,
        "{chat}：{firing} 触发了 {n} 次 · fired {n} times",
    ),
    (
        "I7",
        """
        SELECT idem, status FROM outbox WHERE status NOT IN
          ('ready', 'sending', 'relayed', 'done', 'dead', 'unknown', 'expired', 'stopped')
          OR (settled_at IS NULL) <> (status IN ('ready', 'sending', 'relayed'))
        """,
        "待发 {idem} 的状态 {status} 与结束时间矛盾 · status and end contradict each other",
    ),
    (
        "I8",
        """
        SELECT c.uid AS chat, m.id AS id FROM
          (SELECT id, chat_id, received_at, flags,
                  lag(received_at) OVER (PARTITION BY chat_id, account_id ORDER BY id) AS before FROM message) m
          JOIN chat c ON c.id = m.chat_id WHERE m.received_at < m.before - 1000 AND m.flags & 8 = 0
        """,
        "{chat}：消息 {id} 排在更晚到达的消息之后（或系统时钟被调慢过） · out of order, or the clock was set back",
    ),
)


def _checkins(connection: Connection) -> Iterator[str]:
    """I4: what a check-in play has noted less what was taken back is at most one for a member and day."""
    query = text(
        "SELECT c.uid AS chat, p.uid AS member, r.ref, n.what, n.data FROM note n JOIN run r ON r.id = n.run_id"
        " JOIN chat c ON c.id = n.chat_id JOIN member p ON p.id = n.member_id"
        " WHERE n.what IN ('checkin', 'checkin_undone')"
    )
    days: Counter[tuple[str, str, str, str]] = Counter()
    for row in connection.execute(query):
        day = json.loads(row.data).get("day", "")
        days[(row.chat, row.member, row.ref, day)] += 1 if row.what == "checkin" else -1
    for (chat, member, ref, day), count in days.items():
        if count > 1:
            yield f"{chat} {member}：{ref} 在 {day} 记了 {count} 次打卡 · {count} check-ins in one day"


def _chains(connection: Connection) -> Iterator[str]:
    """I5: the entries and steps of every 接龙 are numbered without a hole, and no part is without its head."""
    query = text("SELECT c.uid, r.ref, s.run_id, s.key FROM slot s JOIN run r ON r.id = s.run_id"
                 " JOIN chat c ON c.id = r.chat_id WHERE r.kind = 'chain'")  # fmt: skip
    numbers: defaultdict[tuple[str, str, str], defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for chat, ref, _, key in connection.execute(query):
        if match := re.fullmatch(r"c(\d+)/([hes])(\d*)", key):
            numbers[(chat, ref, match[1])][match[2]].add(int(match[3] or 0))
    for (chat, ref, chain), parts in numbers.items():
        if "h" not in parts:
            yield f"{chat} {ref}：接龙 {chain} 没有头 · chain without its head"
        for kind in "es":
            found = parts[kind]
            if found and len(found) != max(found) - min(found) + 1:
                yield f"{chat} {ref}：接龙 {chain} 的编号 {kind} 有缺口 · a hole in the numbering"


def _missing(table: str, parent: str, count: int) -> str:
    return f"{table} 有 {count} 行指向不存在的 {parent} · {count} rows of {table} point to a missing {parent}"


def _integrity(connection: Connection) -> Iterator[str]:
    """I9: pages, indexes and references are sound."""
    if connection.dialect.name == "sqlite":
        for (verdict,) in connection.execute(text(f"PRAGMA integrity_check({_SHOWN})")):
            if verdict != "ok":
                yield f"文件损坏：{verdict} · damaged"
        lost: defaultdict[tuple[str, str], int] = defaultdict(int)
        for table, _, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
            lost[(table, parent)] += 1
        for (table, parent), count in lost.items():
            yield _missing(table, parent, count)
        return
    for hot in HOT:
        for key in hot.foreign_keys:
            parent = key.column.table
            orphans = select(func.count()).select_from(hot.outerjoin(parent, key.parent == key.column))
            orphans = orphans.where(key.parent.is_not(None), key.column.is_(None))
            if lonely := connection.execute(orphans).scalar():
                yield _missing(hot.name, parent.name, lonely)
    if connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")).scalar():
        indexes = text(
            "SELECT c.oid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON"
            " a.oid = c.relam WHERE a.amname = 'btree' AND c.relnamespace = 'public'::regnamespace"
        )
        for (name,) in connection.execute(indexes).all():
            connection.execute(text("SELECT bt_index_check(CAST(:name AS regclass))"), {"name": name})
