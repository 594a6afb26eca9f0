"""QunOps 群运: the bot that runs a chat community.

A functional core inside a transactional shell. `core`, `plays` and `playbook` decide and touch nothing; `engine`,
`transports` and `storage` act and decide nothing; `app` is the only file that knows everybody.
"""

__version__ = "0.1.0"
