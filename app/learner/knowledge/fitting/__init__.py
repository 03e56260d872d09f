"""Fits the models on graded answers. NumPy alone; only `masterx train` and the benches import it."""
