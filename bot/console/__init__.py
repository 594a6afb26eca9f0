"""The web side. It asks the engine's use-cases only: no SQL, no transport."""
