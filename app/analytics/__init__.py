"""What is going on, in figures."""
