"""Experiments over the running service: who is in which arm, what came of it, and when one must stop."""
