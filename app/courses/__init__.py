"""Courses: skills with their prerequisites, and the material that answers are grounded in."""
