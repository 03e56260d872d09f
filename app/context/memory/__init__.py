"""Everything that was said with one learner, kept warm: an index in memory for each, from segments and the turn log."""
