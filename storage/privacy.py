"""One member's data: handed over whole, or erased.

Erasure keeps what is not about a person any more: counts, points and their sums stay right under a pseudonym that leads
back to nobody. Words, names and pictures go, also where they were copied to (the outbox, traces, plays' own slots and
notes). It can be repeated: whoever writes again afterwards is a new member.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Delete,
    RowMapping,
    Table,
    Update,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)  # fmt: skip

from bot.core.errors import StorageError
from bot.core.play import DELETED
from storage import persons, search_index
from storage import tables as t

ERASED = "erased:"
_BY_MEMBER: tuple[Table, ...] = (
    t.membership, t.member_note, t.tag, t.message, t.event, t.member_day, t.ledger, t.balance, t.note, t.task,
)  # fmt: skip


def export_member(connection: Connection, uid: str) -> dict[str, Any]:
    """Everything that is stored about `uid`, by table, ready for JSON; ids of chats and accounts as their uids.

    Raises `StorageError` when nobody of that uid is known.
    """
    who = _find(connection, uid)
    chats = {row.id: row.uid for row in connection.execute(select(t.chat.c.id, t.chat.c.uid))}
    accounts = {row.id: row.uid for row in connection.execute(select(t.account.c.id, t.account.c.uid))}

    def readable(row: Any) -> dict[str, Any]:
        values = {key: value for key, value in row.items() if key not in ("member_id", "run_id") and value is not None}
        if "chat_id" in values:
            values["chat"] = chats.get(values.pop("chat_id"))
        if "account_id" in values:
            values["account"] = accounts.get(values.pop("account_id"))
        return values

    member = connection.execute(select(t.member).where(t.member.c.id == who)).mappings().one()
    found: dict[str, Any] = {"member": {"uid": member["uid"], "name": member["name"]}}
    for table in _BY_MEMBER:
        rows = connection.execute(select(table).where(table.c.member_id == who).order_by(*table.primary_key)).mappings()
        found[table.name] = [readable(row) for row in rows]
    found["slot"] = []
    for row in _naming(connection, t.slot, ("key", "data"), uid):
        run = select(t.run.c.ref, t.chat.c.uid).join_from(t.run, t.chat, t.chat.c.id == t.run.c.chat_id)
        ref, chat = connection.execute(run.where(t.run.c.id == row["run_id"])).one()
        found["slot"].append({"chat": chat, "ref": ref, "key": row["key"], "data": row["data"]})
    return found


class Left(NamedTuple):
    """A run's documents after a play has forgotten somebody: JSON, only the changed slots; `words` were taken out."""

    state: str
    slots: Mapping[str, str]
    words: frozenset[str]


Forget = Callable[[str, str, Mapping[str, str], str], Left]
"""(kind of play, state, slots, uid): what a play knows of its own documents and this file does not."""


def erase_member(
    connection: Connection, uid: str, *, actor: str, now: datetime, forget: Forget | None = None
) -> dict[str, int]:
    """Takes the person out of the database; rows changed per table. Commit is the caller's; a bot that runs does it itself
    (`Kernel.erase_member`), because it keeps what it has read.

    The pseudonym is made from the row's id alone. Raises `StorageError` when nobody of that uid is known (any more).
    """
    who = _find(connection, uid)
    if connection.dialect.name == "sqlite":
        # What is deleted now is overwritten on disk, whatever it costs.
        connection.execute(text("PRAGMA secure_delete=ON"))
    pseudonym = f"{ERASED}{who}"
    changed: Counter[str] = Counter()
    names = _names(connection, who)
    theirs = connection.execute(select(t.message.c.id).where(t.message.c.member_id == who)).scalars().all()
    search_index.forget(connection, theirs)
    words = _forget_in_runs(connection, uid, forget, changed) if forget is not None else frozenset()
    _delete_what_is_only_theirs(connection, uid, who, words, changed)
    _take_names(connection, names, changed)
    _take_words(connection, uid, who, changed)
    changed["identity"] += persons.erase(connection, who)
    _scrub_slots(connection, uid, changed)
    for table, columns in _NAMED_IN:
        changed[table.name] += _rename(connection, table, columns, uid, pseudonym)
    changed["member"] += _count(connection, update(t.member).where(t.member.c.id == who).values(uid=pseudonym, name=""))
    search_index.scour(connection)
    at = int(now.timestamp() * 1000)
    row = {"actor": actor, "action": "erase", "target": pseudonym, "detail": json.dumps(changed), "at": at}
    connection.execute(insert(t.audit).values(row))
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete=FAST"))
    return {name: count for name, count in changed.items() if count}


# Where a uid may stand besides `member_id`.
_NAMED_IN: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (t.run, ("state",)),
    (t.slot, ("key", "data")),
    (t.timer, ("name", "data")),
    (t.firing, ("name",)),
    (t.note, ("key", "data")),
    (t.ledger, ("idem", "cause")),
    (t.event, ("key", "data")),
    (t.message, ("key", "mentions", "segments")),
    (t.outbox, ("idem", "cause", "effect_key", "body")),
    (t.task, ("key", "text", "decided_by")),
    (t.audit, ("actor", "target", "detail")),
    (t.member_note, ("author", "text", "done_by")),
)
_DEBUGGING: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (t.trace, ("why", "before", "after", "effects", "error")),
    (t.dead_event, ("error", "detail")),
    (t.raw_frame, ("frame",)),
)
_FACT = re.compile(r"[\d.:+TZ-]*")


def _forget_in_runs(connection: Connection, uid: str, forget: Forget, changed: Counter[str]) -> frozenset[str]:
    """Asks the plays whose runs name the member; the words that they took out."""
    named = {row["run_id"] for row in _naming(connection, t.slot, ("key", "data"), uid)}
    named |= {row["id"] for row in _naming(connection, t.run, ("state",), uid)}
    words: set[str] = set()
    for run in sorted(named):
        kind, state = connection.execute(select(t.run.c.kind, t.run.c.state).where(t.run.c.id == run)).one()
        rows = connection.execute(select(t.slot.c.key, t.slot.c.data).where(t.slot.c.run_id == run))
        left = forget(kind, state, {row.key: row.data for row in rows}, uid)
        words |= left.words
        if left.state != state:
            changed["run"] += _count(connection, update(t.run).where(t.run.c.id == run).values(state=left.state))
        for key, data in left.slots.items():
            mine = and_(t.slot.c.run_id == run, t.slot.c.key == key)
            changed["slot"] += _count(connection, update(t.slot).where(mine).values(data=data))
    return frozenset(words)


def _delete_what_is_only_theirs(
    connection: Connection, uid: str, who: int, words: frozenset[str], changed: Counter[str]
) -> None:
    """Slots that are named after them, debugging material, and what the bot sent to or about them."""
    own = or_(t.slot.c.key == uid, t.slot.c.key.endswith(f"/{uid}", autoescape=True))
    changed["slot"] += _count(connection, delete(t.slot).where(own))
    for table in (t.tag, t.member_note):
        changed[table.name] += _count(connection, delete(table).where(table.c.member_id == who))
    for table, columns in _DEBUGGING:
        # Frames carry the network's bare id.
        name = uid.partition(":")[2] if table is not t.trace else uid
        ids = [row["id"] for row in _naming(connection, table, columns, name)]
        ids += [row["id"] for word in words for row in _holding(connection, table, columns, word)]
        gone = or_(table.c.id.in_(ids), table.c.cause.in_(_said_by(who))) if "cause" in table.c else table.c.id.in_(ids)
        changed[table.name] += _count(connection, delete(table).where(gone))
    naming = [row for word in words for row in _holding(connection, t.outbox, ("body",), word)]
    naming += _naming(connection, t.outbox, ("body",), uid)
    o = t.outbox
    about = or_(o.c.id.in_([row["id"] for row in naming]), o.c.cause.in_(_said_by(who)))
    # What is with the network now can't be called back: the row only remembers that something was.
    status, at = (
        case((o.c.status == "sending", "stopped"), else_=o.c.status),
        func.coalesce(o.c.settled_at, o.c.created_at),
    )
    sent = and_(about, o.c.status.in_(("done", "sending")))
    changed["outbox"] += _count(connection, update(o).where(sent).values(body="{}", status=status, settled_at=at))
    # What was not sent could still be sent: not any more.
    changed["outbox"] += _count(connection, delete(o).where(about, o.c.body != "{}"))


def _said_by(who: int) -> CompoundSelect[str]:
    """The keys of everything that they said or did."""
    m, e = t.message, t.event
    return select(m.c.key).where(m.c.member_id == who).union_all(select(e.c.key).where(e.c.member_id == who))


def _names(connection: Connection, who: int) -> list[str]:
    """What they were called, the longest first. A single sign is no name that could be told from a word."""
    called = select(t.membership.c.name).where(t.membership.c.member_id == who)
    rows = connection.execute(called.union(select(t.member.c.name).where(t.member.c.id == who))).scalars()
    return sorted({name for name in rows if len(name) > 1}, key=len, reverse=True)


def _take_names(connection: Connection, names: Sequence[str], changed: Counter[str]) -> None:
    """Out of what the bot said to others (a ranking, a list): only out of words, never out of what a message is made of."""
    for name in names:
        for row in _holding(connection, t.outbox, ("body",), name):
            body = json.dumps(_without(json.loads(row["body"]), name), ensure_ascii=False)
            changed["outbox"] += _count(
                connection, update(t.outbox).where(t.outbox.c.id == row["id"]).values(body=body)
            )
        for row in _holding(connection, t.task, ("text",), name):
            words = {"text": row["text"].replace(name, DELETED)}
            changed["task"] += _count(connection, update(t.task).where(t.task.c.id == row["id"]).values(words))
        for table, columns in _DEBUGGING:
            ids = [row["id"] for row in _holding(connection, table, columns, name)]
            changed[table.name] += _count(connection, delete(table).where(table.c.id.in_(ids)))


def _without(value: Any, name: str) -> Any:
    """A body of the outbox without the name: the texts of a message, the cells of a table."""
    if isinstance(value, dict):
        return {key: item if key in _PLACES else _without(item, name) for key, item in value.items()}
    if isinstance(value, list):
        # A segment is its type and what is in it.
        return (
            [value[0], *(_without(item, name) for item in value[1:])]
            if _is_segment(value)
            else [_without(item, name) for item in value]
        )
    return value.replace(name, DELETED) if isinstance(value, str) else value


def _is_segment(value: list[Any]) -> bool:
    return len(value) == 2 and isinstance(value[0], str) and value[0].isascii() and value[0].istitle()


_PLACES = frozenset({"to", "re", "target", "url", "message_id", "member", "flag", "format"})


def _take_words(connection: Connection, uid: str, who: int, changed: Counter[str]) -> None:
    m = t.message
    blank = {"text": "", "segments": None, "mentions": None, "reply_to": None}
    changed["message"] += _count(connection, update(m).where(m.c.member_id == who).values(blank))
    changed["event"] += _count(connection, update(t.event).where(t.event.c.member_id == who).values(data="{}"))
    changed["ledger"] += _count(connection, update(t.ledger).where(t.ledger.c.member_id == who).values(reason=""))
    changed["task"] += _count(connection, update(t.task).where(t.task.c.member_id == who).values(text=DELETED))
    changed["membership"] += _count(
        connection, update(t.membership).where(t.membership.c.member_id == who).values(name="")
    )
    for told in _naming(connection, t.note, ("data",), uid):
        data = json.loads(told["data"])
        if told["member_id"] != who and _scrub(data, uid):
            values = {"data": json.dumps(data, ensure_ascii=False)}
            changed["note"] += _count(connection, update(t.note).where(t.note.c.id == told["id"]).values(values))
    for row in connection.execute(select(t.note.c.id, t.note.c.data).where(t.note.c.member_id == who)).all():
        facts = json.dumps(_facts(json.loads(row.data)), ensure_ascii=False)
        changed["note"] += _count(connection, update(t.note).where(t.note.c.id == row.id).values(data=facts))


def _facts(value: Any) -> Any:
    """Numbers, days and times of a note; its words are taken out."""
    if isinstance(value, dict):
        return {key: _facts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_facts(item) for item in value]
    return value if not isinstance(value, str) or _FACT.fullmatch(value) else ""


def _scrub_slots(connection: Connection, uid: str, changed: Counter[str]) -> None:
    """Shared slots (a line of a 接龙): the words beside the uid go, the place in the list stays."""
    for row in _naming(connection, t.slot, ("data",), uid):
        data = json.loads(row["data"])
        if _scrub(data, uid):
            values = {"data": json.dumps(data, ensure_ascii=False)}
            mine = and_(t.slot.c.run_id == row["run_id"], t.slot.c.key == row["key"])
            changed["slot"] += _count(connection, update(t.slot).where(mine).values(values))


_WORDS = frozenset({"text", "name", "nick", "card", "comment", "answer", "answers", "reason", "words", "title"})


def _scrub(value: Any, uid: str) -> bool:
    """Blanks the texts of every object that carries `uid` itself; whether there was one. What somebody else owns is
    theirs, whoever wrote it down for them."""
    if isinstance(value, list):
        return [_scrub(item, uid) for item in value].count(True) > 0
    if not isinstance(value, dict):
        return False
    found = [_scrub(item, uid) for item in value.values()].count(True) > 0
    if uid in value.values() and value.get("owner", uid) == uid:
        for key in _WORDS & value.keys():
            value[key] = _blank(value[key])
        return True
    return found


def _blank(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _blank(item) for key, item in value.items()}
    return DELETED if isinstance(value, str) and value else value


def _rename(connection: Connection, table: Table, columns: tuple[str, ...], uid: str, pseudonym: str) -> int:
    changed = 0
    for row in _naming(connection, table, columns, uid):
        values = {name: _whole(uid).sub(pseudonym, row[name]) for name in columns if row[name] is not None}
        mine = and_(*(column == row[column.name] for column in table.primary_key))
        changed += _count(connection, update(table).where(mine).values(values))
    return changed


def _naming(connection: Connection, table: Table, columns: tuple[str, ...], name: str) -> list[RowMapping]:
    """The rows in which the whole `name` stands: the database finds candidates, `qq:12` is not `qq:1`."""
    rows = _holding(connection, table, columns, name)
    return [row for row in rows if any(row[c] and _whole(name).search(row[c]) for c in columns)]


def _holding(connection: Connection, table: Table, columns: tuple[str, ...], words: str) -> list[RowMapping]:
    """The rows in which `words` stand, as JSON writes them."""
    written = json.dumps(words, ensure_ascii=False)[1:-1]
    like = or_(*(table.c[column].contains(written, autoescape=True) for column in columns))
    return list(connection.execute(select(table).where(like).order_by(*table.primary_key)).mappings())


@lru_cache(maxsize=8)
def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def _find(connection: Connection, uid: str) -> int:
    found = connection.execute(select(t.member.c.id).where(t.member.c.uid == uid)).scalar()
    if found is None or uid.startswith(ERASED):
        raise StorageError(f"没有成员 {uid} 的数据（也许已经删除） · nothing is stored about {uid}")
    return int(found)


def _count(connection: Connection, statement: Update | Delete) -> int:
    return int(connection.execute(statement).rowcount)
