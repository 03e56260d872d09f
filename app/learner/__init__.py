"""What we believe about one learner: knowledge, affect, review, profile, path, outcome."""
