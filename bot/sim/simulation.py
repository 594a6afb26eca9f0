"""One group in virtual time on the live engine: a heap of what people will do, and the engine's own due times.

No thread, no asyncio, no sleep: time jumps from one thing that happens to the next. The kernel is the one that runs the
bot, on a database in memory; the network is the simulated one, so what a real network would refuse is refused.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.effects import SendFile, SendReport
from bot.core.errors import OperatorMistake, SendDeferred, SendRefused, SendUnknown
from bot.core.segments import Image
from bot.engine.drawings import DrawnMessage, Unsent
from bot.engine.files import write_table
from bot.engine.reporting import placeholder
from bot.engine.traffic import Dispatch, Inbound, Settled
from bot.playbook.model import GroupPlan
from bot.sim.deeds import Deed, Leaves, Line, Passes, Says, Waits
from bot.sim.house import House
from bot.sim.people import People
from bot.sim.personas import Crowd
from bot.sim.transcript import Entry, Transcript, bot_line
from bot.transports.base import Message, Outgoing
from bot.transports.simulator import BOT, Impossible, World, group_of, members_of, perform

_STUCK = 50
GRACE = timedelta(seconds=5)


class Simulation:
    """`chat` is the group; `zone` reads and writes local times; `crowd` acts of itself."""

    def __init__(self, world: World, house: House, chat: str, zone: ZoneInfo, crowd: Crowd | None = None) -> None:
        self.world, self.house, self.kernel = world, house, house.kernel
        self.chat, self.zone, self.crowd = chat, zone, crowd
        self.transcript = Transcript(zone)
        self.people = People(self.world, chat, self.kernel, house.connection)
        self.start = self.now
        self.refused: list[Entry] = []
        self._unsettled: list[Settled] = []
        self._is_awaited = False
        self._planned: list[tuple[datetime, int, Deed]] = []
        self._order = itertools.count()
        self._next_day = self._midnight(self.now)
        self._days = 0

    @property
    def now(self) -> datetime:
        """The virtual time, local."""
        return self.world.now.astimezone(self.zone)

    @property
    def plan(self) -> GroupPlan | None:
        """What runs in the group."""
        known = self.kernel.directory.rooms.get(self.chat)
        return known.plan if known is not None else None

    # -- what a script or an operator's test does ----------------------------------------------------------------------

    def open(self) -> None:
        """The account comes online, the group and its members are introduced, the plays begin."""
        now, room = self.world.now, self.world.room(self.chat)
        self.kernel.account_online(BOT, now)
        self._send_all(self.kernel.learn_groups(BOT, [group_of(room, BOT)], now))
        self._send_all(self.kernel.learn_members(BOT, self.chat, members_of(room), now))
        self._send_all(self.kernel.activate(now))
        self._flow()

    def play(self, lines: Iterable[Line]) -> None:
        """Each line at its time. Raises `OperatorMistake` for what nobody could mean."""
        for line in lines:
            self.play_line(line)

    def play_line(self, line: Line) -> None:
        if line.when is not None:
            try:
                self.until(line.when.resolve(self.now, self.start))
            except ValueError as error:
                raise OperatorMistake(str(error), code="script-line", place=str(line.number)) from None
        if isinstance(line.deed, Passes):
            self.until(self.now + line.deed.span)
        elif not isinstance(line.deed, Waits):
            self.do(line.deed)

    def do(self, deed: Deed) -> None:
        """`deed` now, and everything that the bot does upon it at once."""
        try:
            entry, dispatches = self.people.do(deed)
        except Impossible as error:
            self.transcript.add(
                Entry(at=self.world.now, who="refused", line=f"(没成: {self.people.describe(deed)} · {error})")
            )
            return
        self.transcript.add(entry)
        self._send_all(dispatches)
        self._flow()

    def later(self, at: datetime, deed: Deed) -> None:
        """`deed`, when the clock comes to `at`."""
        heapq.heappush(self._planned, (at.astimezone(self.world.now.tzinfo), next(self._order), deed))

    # -- time ----------------------------------------------------------------------------------------------------------

    def until(self, end: datetime) -> None:
        """Lets time pass to `end`, with everything that is due on the way."""
        end = end.astimezone(self.world.now.tzinfo)
        stuck = 0
        while (at := self._next()) is not None and at <= end:
            stuck = stuck + 1 if at <= self.world.now else 0
            if stuck > _STUCK:
                # The engine wants to be called now, again and again, and does nothing: let a moment pass.
                at, stuck = self.world.now + timedelta(milliseconds=200), 0
            self.world.set_clock(min(at, end))
            if self.crowd is not None and self.world.now >= self._next_day:
                self._begin_day(self.crowd)
            self._act()
            wake = self.kernel.next_wake()
            self._flow(is_due=wake is not None and wake <= self.world.now)
        self._settle_rest()
        self.world.set_clock(end)

    def settle(self, grace: timedelta = GRACE) -> None:
        """Lets answers out that only wait for their turn in the outbox."""
        self._settle_rest()
        end = self.now + grace
        while len(self.kernel.outbox) and (at := self._next()) is not None and at <= end:
            self.until(max(at, self.now))

    def _next(self) -> datetime | None:
        due = [self._planned[0][0]] if self._planned else []
        if self.crowd is not None:
            due.append(self._next_day)
        if (wake := self.kernel.next_wake()) is not None:
            due.append(max(wake, self.world.now))
        return min(due, default=None)

    def _begin_day(self, crowd: Crowd) -> None:
        start = self._next_day.astimezone(self.zone)
        for at, deed in crowd.day(start, self._days):
            if at >= self.now:
                self.later(at, deed)
        self._days += 1
        self._next_day = self._midnight(start + timedelta(days=1, hours=1))

    def _midnight(self, local: datetime) -> datetime:
        local = local.astimezone(self.zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(self.world.now.tzinfo)

    def _act(self) -> None:
        while self._planned and self._planned[0][0] <= self.world.now:
            deed = heapq.heappop(self._planned)[2]
            # Who has left, or has not come yet, has nothing to say.
            if not isinstance(deed, Says | Leaves) or self.people.present([deed.name]):
                self.do(deed)

    # -- the engine ------------------------------------------------------------------------------------------------------

    def _flow(self, *, is_due: bool = False) -> None:
        """Hands over what happened and sends what the engine answers, until both are still."""
        while (events := self.world.drain()) or is_due or self._must_settle():
            is_due = False
            self._cycle([Inbound(event, self.world.now) for event in events])

    def _cycle(self, inbound: Sequence[Inbound] = ()) -> None:
        settled, self._unsettled, self._is_awaited = self._unsettled, [], False
        self._send_all(self.kernel.cycle(self.world.now, inbound, settled))

    def _send_all(self, dispatches: Iterable[Dispatch]) -> None:
        self._unsettled += [self._send(dispatch) for dispatch in dispatches]

    def _must_settle(self) -> bool:
        """Whether somebody waits for the network's answer; else it goes along with the next thing that happens, which
        saves every fourth transaction."""
        if not self._unsettled:
            return False
        return self._is_awaited or len(self.kernel.outbox) > len(self.kernel.outbox.in_flight)

    def _settle_rest(self) -> None:
        while self._unsettled:
            self._cycle()

    def _send(self, dispatch: Dispatch) -> Settled:
        row = self.kernel.outbox.in_flight.get(dispatch.id)
        play = row.ref if row is not None else ""
        self._is_awaited = self._is_awaited or (row is not None and bool(row.effect_key))
        outgoing = dispatch.outgoing
        sent = _as_sent(outgoing)
        room = self.world.rooms.get(dispatch.chat)
        line = bot_line(self.people.bot_name, room, sent)
        to = getattr(sent, "to", None) or ""
        kind = type(sent).__name__.lower()
        at = self.world.now
        try:
            receipt = perform(self.world, dispatch.account, dispatch.chat, sent)
        except SendRefused as error:
            self._note_refusal(
                Entry(at=at, who="refused", line=f"(没发出去: {line} · {error})", play=play, to=to, kind=kind)
            )
            return Settled(id=dispatch.id, outcome="refused", error=str(error), capability=error.capability)
        except SendDeferred as error:
            return Settled(id=dispatch.id, outcome="deferred", error=str(error), retry_after_s=error.retry_after_s)
        except SendUnknown as error:
            return Settled(id=dispatch.id, outcome="unknown", error=str(error))
        self.transcript.add(Entry(at=at, who="bot", line=line, play=play, to=to, kind=kind))
        if self.crowd is not None and isinstance(sent, Message) and not to and dispatch.chat == self.chat:
            self._let_react(self.crowd, line.partition(": ")[2])
        return Settled(id=dispatch.id, outcome="done", message_id=receipt.message_id, at=receipt.at)

    def _note_refusal(self, entry: Entry) -> None:
        self.refused.append(self.transcript.add(entry))

    def _let_react(self, crowd: Crowd, line: str) -> None:
        for at, deed in crowd.hears(line, self.now, self.people.present(crowd.names)):
            self.later(at, deed)


def _as_sent(outgoing: Unsent) -> Outgoing:
    """As a network would get it. Nothing is drawn here: a picture is followed by the words that it stands for."""
    match outgoing:
        case SendFile():
            return write_table(outgoing)
        case SendReport():
            return placeholder(outgoing)
        case DrawnMessage(message=message, drawing=drawing):
            return replace(message, segments=(Image(name=f"{drawing.name}.png"), *message.segments))
        case _:
            return outgoing
