"""What is about to be forgotten: a card for each skill, the chance that it is recalled, and when to review it."""
