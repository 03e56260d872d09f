"""Measures, not tests: each prints a table, writes JSON to `bench/results/` and has its reference in the same run."""
