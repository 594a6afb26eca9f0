"""What must be true after everything: the network's history against the bot's rows."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
from sqlalchemy import Connection, text

from storage.database import Database
from storage.invariants import violations
from tests.faults.site import ZONE
from tests.peers.onebot_world import Frame, OneBotWorld, readable

_DONE = re.compile(r"成员(\d+) 打卡成功")
_POST = re.compile(r"^定时 (.+)$", re.MULTILINE)


@dataclass
class Verdict:
    """Figures of a run, and in `wrong` what must not be."""

    said: int = 0
    answered: int = 0
    credited: int = 0
    posts: int = 0
    fired: int = 0
    sends: int = 0
    unknown: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    buried: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"messages {self.said}, check-ins credited {self.credited}, success answers seen {self.answered},"
            f" scheduled posts seen {self.posts} of {self.fired} fired, own messages {self.sends}",
            f"unknown {len(self.unknown)}, dead {len(self.dead)}, buried {len(self.buried)}, wrong {len(self.wrong)}",
        ]
        lines += [f"  unknown: {each}" for each in self.unknown[:20]]
        lines += [f"  dead: {each}" for each in self.dead[:20]]
        lines += [f"  buried: {each}" for each in self.buried[:20]]
        kinds = Counter(each.partition(":")[0].rstrip("0123456789") for each in self.wrong)
        lines += [f"  WRONG {kind}: {count}" for kind, count in kinds.most_common()]
        return "\n".join(lines + [f"  WRONG: {each}" for each in self.wrong[:40]])


def judge(url: str, world: OneBotWorld) -> Verdict:
    """Compares. The bot has stopped, nothing is under way."""
    verdict = Verdict()
    with Database(url, mode="read") as database, database.reading() as connection:
        verdict.wrong += [f"{each.code} {each.message}" for each in violations(connection, is_stopped=True)]
        _messages(connection, world, verdict)
        _checkins(connection, world, verdict)
        _sends(connection, world, verdict)
        _posts(connection, world, verdict)
        rows = connection.execute(text("SELECT cause, error FROM dead_event"))
        verdict.buried += [f"{row.cause}: {row.error}" for row in rows]
    return verdict


def _key(frame: Frame) -> str:
    return f"{frame['message_id']}:{frame['time']}:{frame['real_seq']}"


def _messages(connection: Connection, world: OneBotWorld, verdict: Verdict) -> None:
    """Every message that the network knows is logged, whenever it was said."""
    logged = {(row.uid, row.key) for row in connection.execute(text(
        "SELECT c.uid, m.key FROM message m JOIN chat c ON c.id = m.chat_id"
    ))}  # fmt: skip
    for group, room in world.rooms.items():
        for frame in room.history:
            if frame["user_id"] != world.self_id:
                verdict.said += 1
                if (f"qq:{group}", _key(frame)) not in logged:
                    verdict.wrong.append(f"lost: {group} {frame['time']} {readable(frame)[:20]!r}")


def _checkins(connection: Connection, world: OneBotWorld, verdict: Verdict) -> None:
    """A logged 打卡 is credited once for its day, and its success is said at most once."""
    wanted = set()
    for row in connection.execute(text(
        "SELECT c.uid AS chat, p.uid AS member, m.sent_at FROM message m JOIN chat c ON c.id = m.chat_id"
        " JOIN member p ON p.id = m.member_id WHERE m.text = '打卡'"
    )):  # fmt: skip
        day = datetime.fromtimestamp(row.sent_at / 1000, UTC).astimezone(ZONE).date().isoformat()
        wanted.add((row.chat, row.member, day))
    credited: Counter[tuple[str, str, str]] = Counter()
    for row in connection.execute(text(
        "SELECT c.uid AS chat, p.uid AS member, n.data FROM note n JOIN chat c ON c.id = n.chat_id"
        " JOIN member p ON p.id = n.member_id WHERE n.what = 'checkin'"
    )):  # fmt: skip
        credited[row.chat, row.member, orjson.loads(row.data)["day"]] += 1
    paid = Counter(
        (row.chat, row.member)
        for row in connection.execute(text(
            "SELECT c.uid AS chat, p.uid AS member FROM ledger l JOIN chat c ON c.id = l.chat_id"
            " JOIN member p ON p.id = l.member_id"
        ))
    )  # fmt: skip
    days = Counter((chat, member) for chat, member, _ in wanted)
    verdict.credited = sum(credited.values())
    verdict.wrong += [f"not credited: {each}" for each in sorted(wanted - credited.keys())]
    verdict.wrong += [f"credited {n} times: {each}" for each, n in credited.items() if n > 1]
    verdict.wrong += [f"paid {n} times: {each}" for each, n in paid.items() if n > days[each]]
    for group, room in world.rooms.items():
        own = [readable(frame) for frame in room.history if frame["user_id"] == world.self_id]
        done = Counter(match[1] for line in own for match in _DONE.finditer(line))
        posts = Counter(match[1] for line in own for match in _POST.finditer(line))
        verdict.answered += sum(done.values())
        verdict.posts += sum(posts.values())
        for number, times in done.items():
            member = f"qq:{2_900_000_000 + int(number)}"
            if times > max(1, days[f"qq:{group}", member]):
                verdict.wrong.append(f"answered {times} times: {group} {member}")
            if (f"qq:{group}", member) not in days:
                verdict.wrong.append(f"answered but not stored: {group} {member}")
        verdict.wrong += [f"post {name} seen {n} times in {group}" for name, n in posts.items() if n > 1]


def _posts(connection: Connection, world: OneBotWorld, verdict: Verdict) -> None:
    """A post that fired was seen, unless it is among the unknown, in the play's queue, skipped with a note, or the
    newest."""
    fired = defaultdict(list)
    for row in connection.execute(text(
        "SELECT c.uid AS chat, f.name FROM firing f JOIN run r ON r.id = f.run_id JOIN chat c ON c.id = r.chat_id"
        " WHERE r.kind = 'campaign' AND f.status IN ('fired', 'late') ORDER BY f.scheduled_at"
    )):  # fmt: skip
        fired[row.chat].append(row.name.removeprefix("post/"))
    verdict.fired = sum(map(len, fired.values()))
    states = connection.execute(text(
        "SELECT c.uid, r.state FROM run r JOIN chat c ON c.id = r.chat_id WHERE r.kind = 'campaign'"
    ))  # fmt: skip
    queued = defaultdict(set)
    for row in states:
        queued[row.uid] |= {each["name"] for each in orjson.loads(row.state)["queue"]}
    # Twenty posts may wait behind one in flight; a further one is skipped, and says so.
    for row in connection.execute(text(
        "SELECT c.uid, n.data FROM note n JOIN chat c ON c.id = n.chat_id WHERE n.what = 'post_skipped'"
    )):  # fmt: skip
        queued[row.uid].add(orjson.loads(row.data)["post"])
    for group, room in world.rooms.items():
        own = [readable(frame) for frame in room.history if frame["user_id"] == world.self_id]
        seen = {match[1][-8:] for line in own for match in _POST.finditer(line)}
        names = fired[f"qq:{group}"]
        last = max((n for n, name in enumerate(names) if name in seen), default=-1)
        unknown = sum(each.startswith(f"qq:{group} ") for each in verdict.unknown)
        missing = [name for name in names[:last] if name not in seen | queued[f"qq:{group}"]]
        if len(missing) > unknown:
            verdict.wrong.append(f"posts fired and never seen in {group}: {missing[:5]}")


def _sends(connection: Connection, world: OneBotWorld, verdict: Verdict) -> None:
    """Each of the bot's messages comes from one row, each row that is done has its message, in the rows' order."""
    rows = defaultdict(list)
    for row in connection.execute(text(
        "SELECT o.id, o.status, o.message_id, o.lane, o.kind, o.error, o.cause, o.attempts, c.uid AS chat FROM outbox o"
        " JOIN chat c ON c.id = o.chat_id ORDER BY o.id"
    )):  # fmt: skip
        rows[row.chat].append(row)
        if row.status == "unknown":
            verdict.unknown.append(f"{row.chat} {row.cause}: {row.error}")
        elif row.status != "done":
            verdict.dead.append(f"{row.chat} {row.status} {row.cause}: {row.error}")
    for group, room in world.rooms.items():
        own = [str(frame["message_id"]) for frame in room.history if frame["user_id"] == world.self_id]
        verdict.sends += len(own)
        place = {message_id: n for n, message_id in enumerate(own)}
        mine = [row for row in rows[f"qq:{group}"] if row.kind == "message"]
        receipts = Counter(row.message_id for row in mine if row.status == "done")
        verdict.wrong += [f"{n} rows share message {each} in {group}" for each, n in receipts.items() if n > 1]
        missing = [row for row in mine if row.status == "done" and row.message_id not in place]
        verdict.wrong += [f"said to be sent and was not: {group} row {row.id}" for row in missing]
        unknown = sum(row.status == "unknown" for row in mine)
        extra = [each for each in own if each not in receipts]
        if len(extra) > unknown:
            lines = [readable(frame) for frame in room.history if str(frame["message_id"]) in extra]
            verdict.wrong.append(f"doubled in {group}: {len(extra)} messages of no row: {lines[:3]}")
        for lane in {row.lane for row in mine}:
            order = [place[row.message_id] for row in mine if row.lane == lane and row.message_id in place]
            turned = [(mine[n].id, a, b) for n, (a, b) in enumerate(itertools.pairwise(order)) if a > b]
            verdict.wrong += [f"out of order in {group}, lane {lane}: {each}" for each in turned[:3]]
