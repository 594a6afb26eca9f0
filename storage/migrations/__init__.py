"""The schema's versions. `storage.schema` brings a database to `HEAD`; nothing here runs by itself.

A new version: change `storage/tables.py`, add `versions/<number>_<what>.py` with explicit operations (never
`metadata.create_all`, which would rewrite history), raise `HEAD`. A test compares the two.
"""

HEAD = "0012"
