"""The material of courses: taken in, cut into pieces, searchable with citations."""

from app.library.library import Ground, Hit, Library, Parts, Sent

__all__ = ["Ground", "Hit", "Library", "Parts", "Sent"]
