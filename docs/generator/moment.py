"""The moment at which pages are made: what they show may not depend on the day."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 3, 1, tzinfo=UTC)
