"""What a learner is like, from what they do and say: each trait with its interval and its evidence."""
