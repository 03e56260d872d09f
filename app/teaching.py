"""What a teacher sees of a class and of a learner."""
