"""MasterX: one message in, one streamed answer out."""

__version__ = "0.1.0"
