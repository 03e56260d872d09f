"""One client per model API. Translation only: no retries, no choice, no clock but the caller's."""
