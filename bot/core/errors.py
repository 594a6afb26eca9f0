"""The one tree of errors.

    QunOpsError
    ├── OperatorMistake     what an operator can mend: a message, the place, a hint, a stable code
    │   ├── ConfigMistake
    │   └── TemplateMistake
    ├── TransportError      what a network did
    │   ├── SendRefused     it said no; trying again changes nothing (`capability` is downgraded when named)
    │   ├── SendDeferred    it said later: `retry_after_s`
    │   └── SendUnknown     nobody knows whether it arrived: never repeated blindly
    └── StorageError        the database cannot be used as it is
        └── DatabaseInUse   somebody else is writing it

Anything else that is raised inside a step is a bug: the event is traced with it and the group lives on.
Mistakes in playbooks are not raised at all; they are collected as `bot.playbook.problems.Problem` values.
"""

from __future__ import annotations


class QunOpsError(Exception):
    """Base of all."""


class OperatorMistake(QunOpsError):
    def __init__(self, message: str, *, code: str, place: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.place, self.hint = message, code, place, hint


class ConfigMistake(OperatorMistake):
    """The settings file or an environment variable is wrong."""


class TemplateMistake(OperatorMistake):
    """Template text that may not or cannot be rendered."""


class TransportError(QunOpsError):
    """Base of what a network did."""


class SendRefused(TransportError):
    def __init__(self, message: str, *, capability: str = "") -> None:
        super().__init__(message)
        self.capability = capability


class SendDeferred(TransportError):
    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SendUnknown(TransportError):
    """Timed out, or the connection went away while the answer was due."""


class StorageError(QunOpsError):
    """The database is newer than this version, locked by another process, or damaged."""


class DatabaseInUse(StorageError):
    """Another process holds the database; two bots would answer twice. `code` stands in the message."""

    code = "database-in-use"

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} [{self.code}]")
