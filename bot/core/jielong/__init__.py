"""接龙: many members edit copies of one list; here the true list is kept.

`parsing` reads a message, `choice` finds its chain, `base` the snapshot that its sender edited, `merge` makes the new
list, `replies` and `group` add short answers, recall and closing. `replay` runs all of it over recorded messages.
Everything is deterministic: the same messages in the same order give the same list.
"""

from bot.core.jielong.chain import Chain
from bot.core.jielong.group import Group, Outcome, Posted, goods_of
from bot.core.jielong.members import Directory
from bot.core.jielong.merge import Verdict
from bot.core.jielong.parsing import ListMessage, parse_list
from bot.core.jielong.posting import native
from bot.core.jielong.records import Entry, Head, Options, Step
from bot.core.jielong.replay import replay
from bot.core.jielong.replies import Reply, parse_reply
from bot.core.jielong.totals import Totals, totals_of

__all__ = [
    "Chain",
    "Directory",
    "Entry",
    "Group",
    "Head",
    "ListMessage",
    "Options",
    "Outcome",
    "Posted",
    "Reply",
    "Step",
    "Totals",
    "Verdict",
    "goods_of",
    "native",
    "parse_list",
    "parse_reply",
    "replay",
    "totals_of",
]
