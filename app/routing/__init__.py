"""Which provider, right now, and what to do when it fails."""
