"""Opens, groups and closes alerts and tells whoever wants to know."""
