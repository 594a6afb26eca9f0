"""The playbook language: YAML text → nodes with positions → model → problems; schema; inheritance; diff.

Pure: files come in as text, problems go out as values, and an operator's mistake is never an exception.
"""
