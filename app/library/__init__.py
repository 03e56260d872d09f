"""The material of courses: taken in, cut into pieces, searchable with citations."""

from app.library.library import Hit, Library, Sent

__all__ = ["Hit", "Library", "Sent"]
