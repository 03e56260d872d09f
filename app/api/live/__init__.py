"""`WS /v1/live`: what goes on, as it goes on, for those who may see it."""
