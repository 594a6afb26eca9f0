"""The schema. Times are integers, milliseconds since 1970 UTC (`*_at`); days are ISO text of the group's own calendar.

`uid` is what the core speaks (`qq:600000001`); `id` is the surrogate that rows join on. JSON columns hold text.

Text has no length anywhere: PostgreSQL would enforce it and SQLite would not, and an id that is too long for one of them
is a lost message. The `WHERE` of a partial index must be repeated word for word in the query that wants it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

_Id = BigInteger().with_variant(Integer, "sqlite")

# Identifiers compare by code point on both databases: a range over a prefix means the same, and PostgreSQL's indexes
# need no locale.
_Key = Text().with_variant(Text(collation="C"), "postgresql")


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, _Id, ForeignKey(f"{target}.id"), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


account = Table(
    "account",
    metadata,
    _id(),
    Column("uid", _Key, nullable=False, unique=True),
    Column("platform", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False, server_default=""),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    _at("lease_until", nullable=True),
)
"""A bot account. `owner`, `epoch`, `lease_until`: which process holds its one live connection, with fencing."""

chat = Table(
    "chat",
    metadata,
    _id(),
    Column("uid", _Key, nullable=False, unique=True),
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="group"),
    Column("name", Text, nullable=False, server_default=""),
    Column("size", Integer, nullable=False, server_default="0"),
    _ref("primary_account_id", "account", nullable=True),
    Column("settings", Text, nullable=False, server_default="{}"),
)
"""A group or a private conversation. Only the primary account's copy of an event reaches the plays; what another account
of ours heard, too, is marked: messages by the bit `COPY` of their flags, events by `is_copy`."""
COPY = 16

chat_account = Table(
    "chat_account",
    metadata,
    _ref("chat_id", "chat"),
    _ref("account_id", "account"),
    Column("role", Text, nullable=False, server_default="member"),
    Column("refused", Text, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("chat_id", "account_id"),
)
"""`refused`: capability → until when (ms) a refusal keeps it downgraded."""

member = Table(
    "member",
    metadata,
    _id(),
    Column("uid", _Key, nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("is_bot", SmallInteger, nullable=False, server_default="0"),
    Index(
        "member_bots",
        "id",
        sqlite_where=text("is_bot = 1"),
        postgresql_where=text("is_bot = 1"),
    ),
)

identity = Table(
    "identity",
    metadata,
    _id(),
    _ref("member_id", "member"),
    _ref("head_id", "member"),
    Column("evidence", Text, nullable=False),
    Column("merged_by", Text, nullable=False),
    _at("merged_at"),
    Column("parted_by", Text, nullable=False, server_default=""),
    _at("parted_at", nullable=True),
    Index(
        "identity_in_force",
        "member_id",
        unique=True,
        sqlite_where=text("parted_at IS NULL"),
        postgresql_where=text("parted_at IS NULL"),
    ),
)
"""An operator's word that `member_id` is the same person as `head_id`, until it is taken back. Every other table keeps
the id that a network gave; readers and plays see the head."""

identity_slot = Table(
    "identity_slot",
    metadata,
    _ref("identity_id", "identity"),
    _ref("run_id", "run"),
    Column("head_before", Text),
    Column("member_before", Text),
    Column("joined", Text),
    PrimaryKeyConstraint("identity_id", "run_id"),
    sqlite_with_rowid=False,
)
"""A play's documents of both ids as they were before they became one, and the one that they became."""

membership = Table(
    "membership",
    metadata,
    _ref("chat_id", "chat"),
    _ref("member_id", "member"),
    Column("name", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False, server_default="member"),
    _at("joined_at", nullable=True),
    _at("left_at", nullable=True),
    _at("spoke_at", nullable=True),
    PrimaryKeyConstraint("chat_id", "member_id"),
    Index("membership_by_member", "member_id"),
    sqlite_with_rowid=False,
)

member_note = Table(
    "member_note",
    metadata,
    _id(),
    _ref("chat_id", "chat"),
    _ref("member_id", "member"),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    _at("at"),
    Column("follow_on", _Key),
    _at("done_at", nullable=True),
    Column("done_by", Text, nullable=False, server_default=""),
    Index("member_note_by_member", "member_id"),
    Index(
        "member_note_open",
        "follow_on",
        sqlite_where=text("done_at IS NULL AND follow_on IS NOT NULL"),
        postgresql_where=text("done_at IS NULL AND follow_on IS NOT NULL"),
    ),
)
"""What operators wrote about a member of a group. `follow_on`: the day on which somebody should look again, until it is done."""

tag = Table(
    "tag",
    metadata,
    _ref("chat_id", "chat"),
    _ref("member_id", "member"),
    Column("tag", _Key, nullable=False),
    _at("at"),
    PrimaryKeyConstraint("chat_id", "member_id", "tag"),
    sqlite_with_rowid=False,
)

message = Table(
    "message",
    metadata,
    _id(),
    _ref("account_id", "account"),
    _ref("chat_id", "chat"),
    _ref("member_id", "member", nullable=True),
    Column("key", _Key, nullable=False),
    Column("platform_id", _Key, nullable=False),
    _at("sent_at"),
    _at("received_at"),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("segments", Text),
    Column("reply_to", Text),
    Column("mentions", Text),
    Column("flags", SmallInteger, nullable=False, server_default="0"),
    _at("recalled_at", nullable=True),
    _at("edited_at", nullable=True),
    UniqueConstraint("chat_id", "sent_at", "account_id", "key", name="message_once"),
)
"""Every message, append-only. `key` is the platform's id with the send time: NapCat's id alone is a 31-bit hash.
One index serves both the dedupe and every reading by time: a second one would double the pages that a message dirties.
`segments` only where the text does not say it all. `flags`: 1 private, 2 to the bot, 4 mentions everyone, 8 backfilled,
16 a copy seen by a second account, 32 imported from an export."""

event = Table(
    "event",
    metadata,
    _id(),
    _ref("account_id", "account"),
    _ref("chat_id", "chat"),
    _ref("member_id", "member", nullable=True),
    Column("key", _Key, nullable=False),
    Column("kind", Text, nullable=False),
    _at("at"),
    _at("received_at"),
    Column("data", Text, nullable=False),
    Column("is_copy", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("chat_id", "account_id", "key", name="event_once"),
    Index("event_by_time", "chat_id", "at"),
)
"""Everything inbound that is not a message: joins, leaves, recalls, requests, timers, decisions, unknown kinds."""

member_day = Table(
    "member_day",
    metadata,
    _ref("chat_id", "chat"),
    Column("day", _Key, nullable=False),
    _ref("member_id", "member"),
    Column("msgs", Integer, nullable=False, server_default="0"),
    Column("counted", Integer, nullable=False, server_default="0"),
    Column("chars", Integer, nullable=False, server_default="0"),
    Column("replies", Integer, nullable=False, server_default="0"),
    Column("checkins", Integer, nullable=False, server_default="0"),
    Column("quiz", Integer, nullable=False, server_default="0"),
    Column("chain", Integer, nullable=False, server_default="0"),
    Column("helped", Integer, nullable=False, server_default="0"),
    _at("last_at", nullable=True),
    Column("counted_chars", Integer, nullable=False, server_default="0"),
    Column("answers", Integer, nullable=False, server_default="0"),
    Column("replied", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("chat_id", "day", "member_id"),
    Index("member_day_by_day", "day", "member_id"),
    sqlite_with_rowid=False,
)
"""The rollup, written in the transaction that logs the message. `counted`, `counted_chars`, `answers` (to others), `replied`
(by how many others) and `helped` (newcomers) are what counts for the score: `bot.core.tally`."""

scoring = Table(
    "scoring",
    metadata,
    Column("version", _Key, primary_key=True),
    Column("source", Text, nullable=False),
    _at("adopted_at"),
)
"""Versions of the score that were in force; the one adopted last is."""

stale_day = Table(
    "stale_day",
    metadata,
    _ref("chat_id", "chat"),
    Column("day", _Key, nullable=False),
    PrimaryKeyConstraint("chat_id", "day"),
    sqlite_with_rowid=False,
)
"""Days that changed since `day_stat` and its companions were counted. Written with the change, deleted with the count."""

day_stat = Table(
    "day_stat",
    metadata,
    _ref("chat_id", "chat"),
    Column("day", _Key, nullable=False),
    _at("from_at"),
    _at("to_at"),
    *(
        Column(name, Integer, nullable=False, server_default="0")
        for name in (
            "members", "active", "msgs", "chars", "replies", "checkins", "checkin_members", "quiz", "quiz_members",
            "chain", "chain_members", "helped", "joins", "leaves", "posts", "post_replies", "questions", "answered",
            "logged",
        )
    ),
    Column("is_settled", SmallInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("chat_id", "day"),
    Index("day_stat_by_day", "day"),
    Index(
        "day_stat_unsettled",
        "day",
        sqlite_where=text("is_settled = 0"),
        postgresql_where=text("is_settled = 0"),
    ),
    sqlite_with_rowid=False,
)  # fmt: skip
"""A group's day. `members`: in the group at its end; `active`: people with a row in `member_day`; `…_members`: distinct people; bots left out. `logged`: messages
found in the log; fewer than `msgs` means that it was cut before the count. `is_settled`: compared with the log when it was over."""

member_life = Table(
    "member_life",
    metadata,
    _ref("chat_id", "chat"),
    _ref("member_id", "member"),
    Column("first_day", _Key, nullable=False),
    Column("last_day", _Key, nullable=False),
    Column("days", Integer, nullable=False),
    Column("msgs", Integer, nullable=False),
    Column("last_msgs", Integer, nullable=False),
    _at("last_at", nullable=True),
    PrimaryKeyConstraint("chat_id", "member_id"),
    sqlite_with_rowid=False,
)
"""A member's days with words in a group. `last_msgs` is what `msgs` holds of `last_day`, so that the day may be counted again."""

reply_day = Table(
    "reply_day",
    metadata,
    _ref("chat_id", "chat"),
    Column("day", _Key, nullable=False),
    _ref("member_id", "member"),
    _ref("to_id", "member"),
    Column("replies", Integer, nullable=False),
    Column("mentions", Integer, nullable=False),
    PrimaryKeyConstraint("chat_id", "day", "member_id", "to_id"),
    sqlite_with_rowid=False,
)
"""Who answered or mentioned whom."""

question = Table(
    "question",
    metadata,
    _ref("chat_id", "chat"),
    Column("day", _Key, nullable=False),
    Column("message_id", _Id, nullable=False),
    _ref("member_id", "member"),
    _at("asked_at"),
    _ref("answered_by", "member", nullable=True),
    _at("answer_ms", nullable=True),
    PrimaryKeyConstraint("chat_id", "day", "message_id"),
    sqlite_with_rowid=False,
)
"""Messages that ask, and how soon somebody else answered. `message_id` outlives the message."""

standing = Table(
    "standing",
    metadata,
    _ref("chat_id", "chat"),
    _ref("member_id", "member"),
    Column("scheme", _Key, nullable=False),
    Column("since", _Key, nullable=False),
    Column("until", _Key),
    Column("value", _Key, nullable=False),
    PrimaryKeyConstraint("chat_id", "scheme", "member_id", "since"),
    sqlite_with_rowid=False,
)
"""A member's place in a scheme (`pyramid`, `rfm`, `ladder`) from the day `since` until the day `until` began, None: still."""

ledger = Table(
    "ledger",
    metadata,
    _id(),
    _ref("chat_id", "chat"),
    _ref("member_id", "member"),
    Column("delta", Integer, nullable=False),
    Column("balance_after", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cause", _Key, nullable=False),
    Column("idem", _Key, nullable=False, unique=True),
    _at("at"),
    Column("account", _Key, nullable=False, server_default="issue"),
    Column("undoes", _Key, nullable=False, server_default=""),
    Index("ledger_by_member", "chat_id", "member_id", "at"),
)
"""Append-only points, each a transfer between the member and `account` of the group. `idem` makes an entry happen once
whatever is replayed; `undoes` is the `idem` of the entry that it takes back."""

fund = Table(
    "fund",
    metadata,
    _ref("chat_id", "chat"),
    Column("account", _Key, nullable=False),
    Column("points", BigInteger, nullable=False),
    PrimaryKeyConstraint("chat_id", "account"),
    sqlite_with_rowid=False,
)
"""The other side of the ledger: what each account of a group holds. With the members' balances it adds up to zero."""

balance = Table(
    "balance",
    metadata,
    _ref("chat_id", "chat"),
    _ref("member_id", "member"),
    Column("points", Integer, nullable=False),
    PrimaryKeyConstraint("chat_id", "member_id"),
    sqlite_with_rowid=False,
)

run = Table(
    "run",
    metadata,
    _id(),
    _ref("chat_id", "chat"),
    Column("ref", _Key, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("state_version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("rev", BigInteger, nullable=False, server_default="0"),
    Column("status", _Key, nullable=False, server_default="open"),
    _at("started_at"),
    _at("updated_at"),
    UniqueConstraint("chat_id", "ref", name="run_once"),
)
"""One play of one playbook in one group. `version` pins the playbook version while the run is busy."""

slot = Table(
    "slot",
    metadata,
    _ref("run_id", "run"),
    Column("key", _Key, nullable=False),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "key"),
    sqlite_with_rowid=False,
)

note = Table(
    "note",
    metadata,
    _id(),
    _ref("run_id", "run"),
    _ref("chat_id", "chat"),
    _ref("member_id", "member", nullable=True),
    Column("what", _Key, nullable=False),
    Column("key", _Key, nullable=False),
    Column("data", Text, nullable=False),
    _at("at"),
    UniqueConstraint("run_id", "what", "key", name="note_once"),
    Index("note_by_time", "chat_id", "what", "at"),
)

timer = Table(
    "timer",
    metadata,
    _ref("run_id", "run"),
    Column("name", _Key, nullable=False),
    _at("due_at"),
    Column("data", Text, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("run_id", "name"),
    Index("timer_by_due", "due_at"),
    sqlite_with_rowid=False,
)

schedule = Table(
    "schedule",
    metadata,
    _ref("run_id", "run"),
    Column("name", _Key, nullable=False),
    Column("spec", Text, nullable=False),
    _at("next_at", nullable=True),
    Column("is_paused", SmallInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("run_id", "name"),
    Index("schedule_by_next", "next_at"),
    sqlite_with_rowid=False,
)

firing = Table(
    "firing",
    metadata,
    _ref("run_id", "run"),
    Column("name", _Key, nullable=False),
    _at("scheduled_at"),
    _at("fired_at"),
    Column("status", _Key, nullable=False),
    PrimaryKeyConstraint("run_id", "name", "scheduled_at"),
    sqlite_with_rowid=False,
)
"""Each firing once. `status`: fired, late, skipped (missed and declared so)."""

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _ref("account_id", "account"),
    _ref("chat_id", "chat"),
    _ref("run_id", "run", nullable=True),
    Column("idem", _Key, nullable=False, unique=True),
    Column("cause", _Key, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("on_unknown", Text, nullable=False),
    Column("effect_key", Text, nullable=False, server_default=""),
    Column("status", _Key, nullable=False),
    _at("not_before"),
    _at("expires_at", nullable=True),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("message_id", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    _at("created_at"),
    _at("settled_at", nullable=True),
    Index(
        "outbox_open",
        "account_id",
        "status",
        sqlite_where=text("status IN ('ready','sending')"),
        postgresql_where=text("status IN ('ready','sending')"),
    ),
    Index(
        "outbox_failed",
        "chat_id",
        sqlite_where=text("status IN ('dead','unknown')"),
        postgresql_where=text("status IN ('dead','unknown')"),
    ),
    Index("outbox_by_time", "chat_id", "created_at"),
)
"""`status`: ready → sending → done | dead | unknown | expired | stopped; relayed → done | stopped | expired."""

task = Table(
    "task",
    metadata,
    _id(),
    _ref("run_id", "run"),
    _ref("chat_id", "chat"),
    _ref("member_id", "member", nullable=True),
    Column("key", _Key, nullable=False),
    Column("text", Text, nullable=False),
    Column("choices", Text, nullable=False),
    Column("status", _Key, nullable=False, server_default="open"),
    Column("choice", Text, nullable=False, server_default=""),
    Column("decided_by", Text, nullable=False, server_default=""),
    _at("created_at"),
    _at("expires_at", nullable=True),
    _at("decided_at", nullable=True),
    UniqueConstraint("run_id", "key", name="task_once"),
)
"""What waits for an operator."""

relay = Table(
    "relay",
    metadata,
    Column("outbox_id", _Id, ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True),
    _ref("task_id", "task"),
    Index("relay_by_task", "task_id"),
)
"""Sends that a person does for the bot (outbox status `relayed`), and the question that asks for it."""

trace = Table(
    "trace",
    metadata,
    _id(),
    _ref("chat_id", "chat"),
    _ref("run_id", "run", nullable=True),
    Column("ref", _Key, nullable=False),
    Column("cause", _Key, nullable=False),
    Column("event", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("effects", Text, nullable=False),
    Column("error", Text, nullable=False, server_default=""),
    _at("at"),
    Index("trace_by_cause", "chat_id", "cause"),
    Index("trace_by_time", "at"),
)

dead_event = Table(
    "dead_event",
    metadata,
    _id(),
    _ref("chat_id", "chat", nullable=True),
    Column("ref", _Key, nullable=False, server_default=""),
    Column("cause", _Key, nullable=False),
    Column("error", Text, nullable=False),
    Column("detail", Text, nullable=False),
    _at("at"),
)

playbook_version = Table(
    "playbook_version",
    metadata,
    Column("version", Text, primary_key=True),
    Column("ref", _Key, nullable=False),
    Column("source", Text, nullable=False),
    _at("at"),
)
"""What a pinned run needs to go on after a restart: the effective play as JSON."""

playbook_text = Table(
    "playbook_text",
    metadata,
    _id(),
    Column("path", _Key, nullable=False),
    Column("source", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    _at("at"),
    Index("playbook_text_by_path", "path", "id"),
)
"""What stood in a playbook's file, version by version. `actor` is "file" where somebody changed the file itself."""

gap = Table(
    "gap",
    metadata,
    _id(),
    _ref("account_id", "account"),
    _ref("chat_id", "chat", nullable=True),
    _at("from_at"),
    _at("to_at"),
    Column("status", _Key, nullable=False, server_default="open"),
    Column("found", Integer, nullable=False, server_default="0"),
    Column("cause", Text, nullable=False, server_default=""),
)
"""An interval without a connection: of the account (`open`, `ended`) or of one chat from its newest message on (`open` while
its history is read, then `backfilled` with `found` messages, or `partial`: missing for good)."""

raw_frame = Table(
    "raw_frame",
    metadata,
    _id(),
    _ref("account_id", "account"),
    _at("at"),
    Column("frame", Text, nullable=False),
)
"""The debug ring, off by default, bounded."""

audit = Table(
    "audit",
    metadata,
    _id(),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default="{}"),
    _at("at"),
)

console_user = Table(
    "console_user",
    metadata,
    _id(),
    Column("name", _Key, nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("language", Text, nullable=False, server_default=""),
    _at("created_at"),
    _at("changed_at"),
    _at("disabled_at", nullable=True),
)
"""Who may sign in to the console. `password` is an argon2 hash; `changed_at`: when it was set."""

console_grant = Table(
    "console_grant",
    metadata,
    _id(),
    _ref("user_id", "console_user"),
    Column("role", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("playbooks", Text, nullable=False),
    Column("actions", Text, nullable=False),
    Index("console_grant_by_user", "user_id"),
)
"""A role within bounds: JSON lists of patterns of group uids, playbooks and actions. A user's grants add up."""

console_session = Table(
    "console_session",
    metadata,
    Column("hash", _Key, primary_key=True),
    _ref("user_id", "console_user"),
    _at("created_at"),
    _at("seen_at"),
    _at("expires_at"),
    Column("address", Text, nullable=False, server_default=""),
    Column("agent", Text, nullable=False, server_default=""),
    Index("console_session_by_user", "user_id"),
)
"""A signed-in browser. Only the hash of what its cookie holds: a copy of this table opens nothing."""

console_token = Table(
    "console_token",
    metadata,
    _id(),
    _ref("user_id", "console_user"),
    Column("name", Text, nullable=False),
    Column("hash", _Key, nullable=False, unique=True),
    Column("groups", Text, nullable=False),
    Column("playbooks", Text, nullable=False),
    Column("actions", Text, nullable=False),
    _at("created_at"),
    _at("expires_at", nullable=True),
    _at("used_at", nullable=True),
    _at("revoked_at", nullable=True),
    Index("console_token_by_user", "user_id"),
)
"""A program's key to the console's JSON: what its user may do, narrowed to these groups, playbooks and actions."""

HOT = (message, event, member_day, stale_day, ledger, balance, fund, slot, note, timer, firing, outbox, trace)
"""What is written for every message. PostgreSQL gets no foreign keys here: it looks each one up and locks the row it
names, which is a third of what a message costs there. SQLite, where the same keys are declared, does not check them."""

for _table in HOT:
    for _key in _table.foreign_key_constraints:
        _key.ddl_if(dialect="sqlite")
