"""Learners who say that they want to hurt themselves or that they are in danger."""
