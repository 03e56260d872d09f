"""Chooses how a turn is answered, and learns from what came of it."""
