"""Figures of the last minute to the last day, in constant memory, of all replicas."""
