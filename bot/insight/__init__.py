"""Metrics, tiers and reports: reads the store, decides nothing.

`catalogue.measure` computes metrics, `cohorts` retention, `funnel` the steps of a playbook, `coverage` what was not seen.
"""
