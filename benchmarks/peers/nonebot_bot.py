"""The peer: a NoneBot2 bot as a good plugin author would write it by hand.

Logs every message with SQLAlchemy (ORM, aiosqlite, WAL, one commit a message, a lock around writes because SQLite takes
one writer) and answers 打卡 once a day with the member's name, streak and points. Reverse WebSocket on
`/onebot/v11/ws`. Its own environment: `benchmarks/peers/requirements.txt`.

    python nonebot_bot.py PORT DATABASE_FILE
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date, datetime

import nonebot
from nonebot import on_message
from nonebot.adapters.onebot.v11 import Adapter, GroupMessageEvent
from sqlalchemy import BigInteger, Date, DateTime, Integer, Text, event, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PORT, FILE = int(sys.argv[1]), sys.argv[2]
engine = create_async_engine(f"sqlite+aiosqlite:///{FILE}")
sessions = async_sessionmaker(engine, expire_on_commit=False)
writing = asyncio.Lock()


@event.listens_for(engine.sync_engine, "connect")
def _pragmas(connection: object, record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


class Base(DeclarativeBase):
    pass


class Message(Base):
    __tablename__ = "message"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    group_id: Mapped[int] = mapped_column(BigInteger, index=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    sent_at: Mapped[datetime] = mapped_column(DateTime)
    text: Mapped[str] = mapped_column(Text)


class Checkin(Base):
    __tablename__ = "checkin"
    group_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last_day: Mapped[date] = mapped_column(Date)
    streak: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(Integer)


nonebot.init(host="127.0.0.1", port=PORT, log_level="ERROR", driver="~fastapi")
nonebot.get_driver().register_adapter(Adapter)
record = on_message(priority=1, block=False)


@nonebot.get_driver().on_startup
async def _create() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


@record.handle()
async def _record(event: GroupMessageEvent) -> None:
    text = event.get_plaintext()
    reply = ""
    async with writing, sessions() as session:
        session.add(
            Message(
                group_id=event.group_id, user_id=event.user_id, message_id=event.message_id,
                sent_at=datetime.fromtimestamp(event.time), text=text,
            )
        )  # fmt: skip
        if text.strip() == "打卡":
            reply = await _check_in(session, event)
        await session.commit()
    if reply:
        await record.send(reply)


async def _check_in(session: object, event: GroupMessageEvent) -> str:
    name, today = event.sender.card or event.sender.nickname, date.today()
    query = select(Checkin).where(Checkin.group_id == event.group_id, Checkin.user_id == event.user_id)
    found = (await session.execute(query)).scalar_one_or_none()  # type: ignore[attr-defined]
    if found is None:
        session.add(Checkin(group_id=event.group_id, user_id=event.user_id, last_day=today, streak=1, points=5))  # type: ignore[attr-defined]
        return f"{name} 打卡成功，连续 1 天，积分 5"
    if found.last_day == today:
        return f"{name} 今天已经打过卡了"
    found.streak = found.streak + 1 if (today - found.last_day).days == 1 else 1
    found.last_day, found.points = today, found.points + 5
    return f"{name} 打卡成功，连续 {found.streak} 天，积分 {found.points}"


if __name__ == "__main__":
    nonebot.run()
