"""Experiments, as far as they are rules: who is in one, what it shows, when it must stop, what follows from it."""
