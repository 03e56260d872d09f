"""The material of courses: taken in, cut into pieces, searchable with citations."""

from app.library.library import Hit, Library, Parts, Sent
from app.library.shelf import Ground

__all__ = ["Ground", "Hit", "Library", "Parts", "Sent"]
