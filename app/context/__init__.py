"""What the model gets to read, within a budget of tokens."""
