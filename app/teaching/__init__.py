"""What a teacher sees of a class and of a learner: derived from sessions and graded answers, never from feelings."""
