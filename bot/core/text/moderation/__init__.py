"""Finding words that somebody tried to hide, without hitting those who hid nothing.

A text is *folded* character by character (`folding`), its letters and digits form a *compact view* with the gaps
remembered (`view`), and each word of a `Lexicon` becomes *patterns* that are looked for there. One automaton over the
compact text finds candidates, nearly always none; only a candidate pays for indices, gaps and borders (`matching`).
"""

from bot.core.text.moderation.folding import kept
from bot.core.text.moderation.lexicon import Hit, Lexicon, LexiconMistake, parse_lexicon, phrases

__all__ = ["Hit", "Lexicon", "LexiconMistake", "kept", "parse_lexicon", "phrases"]
