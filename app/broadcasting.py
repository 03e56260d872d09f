"""The live channels: a snapshot, then changes, to all who watch, on every replica."""
