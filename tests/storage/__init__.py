"""Contract tests: the same over SQLite and PostgreSQL."""
