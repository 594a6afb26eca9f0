"""What the web side asks of the bot, as Protocols: one file per area, all of them joined in `Backstage`.

`bot/usecases/` answers; `bot/app.py` joins the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    # Models cost memory: the bot has them when somebody opens the console.
    from bot.console.ports.accounts import Accounts
    from bot.console.ports.calendar import CalendarPort
    from bot.console.ports.chains import ChainsPort
    from bot.console.ports.checkins import CheckinsPort
    from bot.console.ports.groups import GroupsPort
    from bot.console.ports.insight import InsightPort
    from bot.console.ports.members import MembersPort
    from bot.console.ports.moderation import ModerationPort
    from bot.console.ports.playbooks import PlaybooksPort
    from bot.console.ports.quizzes import QuizzesPort
    from bot.console.ports.today import TodayPort
    from bot.console.ports.tryout import TryoutPort


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of the running bot at one moment. Spans in seconds."""

    is_ready: bool
    problems: tuple[str, ...]
    accounts: Mapping[str, str]
    numbers: Mapping[str, float]
    connections: Mapping[str, str] = field(default_factory=dict)
    """Connections that say more than online or not: where one waits for its QR code to be scanned, with the code."""


class Operations(Protocol):
    """The use-cases behind the local control port."""

    def health(self) -> Health: ...

    async def resend(self, row_id: int, actor: str) -> bool: ...

    async def decide(self, task_id: int, choice: str, actor: str, text: str) -> bool: ...

    async def order(
        self, group: str, play: str, order: str, about: str, data: Mapping[str, str], *, action: str, actor: str
    ) -> str:
        """What an operator wants of one play in one group; why it is not done, as a code, or ""."""
        ...

    async def retry(self, dead_id: int, actor: str) -> str:
        """Empty when the event was stepped, else how it failed again. Raises `LookupError`, `StorageError`."""

    async def adopt_scoring(self, document: Mapping[str, Any]) -> None: ...

    async def recount(self, days: Sequence[tuple[str, str]]) -> int: ...

    async def erase_member(self, uid: str, actor: str) -> dict[str, int]:
        """Rows changed per table. Raises `StorageError` when nobody of that uid is known."""

    async def members_act(self, what: str, data: Mapping[str, Any]) -> bool:
        """What `qunops members` changes, while the bot runs; False when nothing changed."""

    async def merge(self, older: str, newer: str, evidence: str, actor: str) -> str:
        """Two ids become one person; why not, or ""."""

    async def split(self, newer: str, actor: str) -> str:
        """Takes a merge back; why not, or ""."""

    async def mark_bot(self, uid: str, is_bot: bool, evidence: str, actor: str) -> str:
        """A member is a bot, or a person after all; why not, or ""."""

    async def reload(self) -> list[str]: ...

    async def import_history(self, chat: str, said: Sequence[Mapping[str, Any]]) -> dict[str, Any]: ...

    async def begin_import(self) -> None: ...

    async def end_import(self, chat: str, actor: str, detail: dict[str, Any]) -> None: ...

    async def calendar_act(self, what: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `qunops calendar` does. Raises `Refused`, `LookupError`, `ValueError`."""
        ...

    async def accounts_act(self, what: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `qunops console` does, while the bot runs. Raises `Refused`."""
        ...


class Backstage(Protocol):
    """Everything that pages may ask, by area."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone that times are shown in where no group says otherwise."""
        ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def today(self) -> TodayPort: ...

    @property
    def groups(self) -> GroupsPort: ...

    @property
    def playbooks(self) -> PlaybooksPort: ...

    @property
    def calendar(self) -> CalendarPort: ...

    @property
    def insight(self) -> InsightPort: ...

    @property
    def chains(self) -> ChainsPort: ...

    @property
    def checkins(self) -> CheckinsPort: ...

    @property
    def quizzes(self) -> QuizzesPort: ...

    @property
    def tryout(self) -> TryoutPort: ...

    @property
    def members(self) -> MembersPort: ...

    @property
    def moderation(self) -> ModerationPort: ...

    def watch(self, poke: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        """Calls `poke` in the event loop with the chats that a commit touched, until what it returns is called."""
        ...
