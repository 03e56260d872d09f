"""The tutor that is always there: rules instead of a model, and honest about it."""

from app.providers.offline.tutor import OfflineTutor
from app.providers.offline.wording import load as load_wording

__all__ = ["OfflineTutor", "load_wording"]
