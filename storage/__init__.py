"""Tables, units of work, queries and migrations: SQLite and PostgreSQL behind one contract.

One thread owns the only read-write connection (`storage.writer`); everybody else reads.
"""
