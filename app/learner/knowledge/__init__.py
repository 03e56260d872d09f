"""How likely a learner's next answer is right, and what that says of each skill. Pure: no storage, no clock."""
