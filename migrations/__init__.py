"""Numbered steps from one schema of the store to the next, the same for every store (`app/storage/migrate.py`)."""
