"""Rows for the storage tests: one account, one group, members by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, insert, select

from storage import tables as t

DAY_MS = 86_400_000
MONDAY_MS = 1_772_380_800_000
"""2026-03-01 16:00 UTC: midnight of Monday, 2 March, in Shanghai."""


def add(connection: Connection, table: Table, **values: Any) -> int:
    """Inserts one row; returns its id (0 where the table has none)."""
    result = connection.execute(insert(table).values(values))
    key = result.inserted_primary_key
    return int(key[0]) if key is not None and table.c[table.primary_key.columns.keys()[0]].name == "id" else 0


class Rows:
    """The scene: group `qq:100` of the account `qq:900`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.account = add(connection, t.account, uid="qq:900", platform="qq")
        self.chat = add(
            connection, t.chat, uid="qq:100", platform="qq", name="读书群", size=3, primary_account_id=self.account
        )
        self.run = self.new_run("共读/打卡", "checkin")
        self._messages = 0

    def new_run(self, ref: str, kind: str) -> int:
        return add(
            self.connection,
            t.run,
            chat_id=self.chat,
            ref=ref,
            kind=kind,
            version="v1",
            state_version=1,
            state="{}",
            started_at=MONDAY_MS,
            updated_at=MONDAY_MS,
        )

    def member(self, name: str, **values: Any) -> int:
        """A member of the group; `left_at` and `is_bot` as given."""
        is_bot = values.pop("is_bot", 0)
        who = add(self.connection, t.member, uid=f"qq:{name}", name=f"{name}的昵称", is_bot=is_bot)
        add(self.connection, t.membership, chat_id=self.chat, member_id=who, name=name, joined_at=MONDAY_MS, **values)
        return who

    def says(self, who: int | None, text: str, at: int = MONDAY_MS, **values: Any) -> int:
        self._messages += 1
        row: dict[str, Any] = {
            "account_id": self.account,
            "chat_id": self.chat,
            "member_id": who,
            "key": f"{self._messages}@{at}",
            "platform_id": str(self._messages),
            "sent_at": at,
            "received_at": at,
            "kind": "text",
            "text": text,
        }
        return add(self.connection, t.message, **{**row, **values})

    def day(self, who: int, day: str = "2026-03-02", **counts: int) -> None:
        add(self.connection, t.member_day, chat_id=self.chat, member_id=who, day=day, **counts)

    def points(
        self,
        who: int,
        delta: int,
        at: int = MONDAY_MS,
        source: str = "checkin",
        reason: str = "打卡",
        account: str = "issue",
    ) -> None:
        """A ledger entry and its balance, as the writer keeps them."""
        where = (t.balance.c.chat_id == self.chat, t.balance.c.member_id == who)
        before = self.connection.execute(select(t.balance.c.points).where(*where)).scalar()
        after = (before or 0) + delta
        if before is None:
            add(self.connection, t.balance, chat_id=self.chat, member_id=who, points=after)
        else:
            self.connection.execute(t.balance.update().where(*where).values(points=after))
        count = len(self.connection.execute(select(t.ledger.c.id)).all())
        add(
            self.connection,
            t.ledger,
            chat_id=self.chat,
            member_id=who,
            delta=delta,
            balance_after=after,
            source=source,
            reason=reason,
            cause=f"c{count}",
            idem=f"i{count}",
            at=at,
            account=account,
        )
        fund = (t.fund.c.chat_id == self.chat, t.fund.c.account == account)
        if self.connection.execute(t.fund.update().where(*fund).values(points=t.fund.c.points - delta)).rowcount == 0:
            add(self.connection, t.fund, chat_id=self.chat, account=account, points=-delta)

    def outbox(self, idem: str, status: str = "done", at: int = MONDAY_MS, **values: Any) -> int:
        row: dict[str, Any] = {
            "account_id": self.account,
            "chat_id": self.chat,
            "run_id": self.run,
            "idem": idem,
            "cause": "m1",
            "kind": "say",
            "body": '{"text": "打卡成功"}',
            "lane": 1,
            "on_unknown": "never",
            "status": status,
            "not_before": at,
            "created_at": at,
            "settled_at": None if status in ("ready", "sending") else at,
        }
        return add(self.connection, t.outbox, **{**row, **values})
