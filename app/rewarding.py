"""What came of decisions: notes rewards, each once, however late."""
