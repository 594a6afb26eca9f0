"""The transactional shell: it loads, calls the pure step, writes once, and only then lets the outbox go."""
