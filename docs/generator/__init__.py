"""What the documentation takes from the program itself: `python -m docs.generator` writes it anew, `--check` only looks.

A page holds blocks between `<!-- begin: NAME ARGUMENTS -->` and `<!-- end -->`; each is replaced by what NAME makes of
the code as it is now. `config.example.yaml` is made as a whole.
"""
