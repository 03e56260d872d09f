"""Experiments over the running service: who is in which arm, and when one must stop."""
