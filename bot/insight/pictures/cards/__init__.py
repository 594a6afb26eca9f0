"""The cards: one file each, found by name. `base` says what a card is."""
