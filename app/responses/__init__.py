"""Answers that are kept for the next one who asks the very same: the key, the rules, one call for all who wait."""
