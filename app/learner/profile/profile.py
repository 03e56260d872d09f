"""What a learner says and what they do, side by side: neither changes the other's figures, so that it does not matter
which of the two logs was read first."""

from typing import NamedTuple

from app.learner.doings import Spoke, Tried
from app.learner.profile.voiced import Voiced
from app.learner.profile.worked import Worked


class Profile(NamedTuple):
    """The figures that traits are told from."""

    voiced: Voiced = Voiced()
    worked: Worked = Worked()


def after(profile: Profile, event: Spoke | Tried) -> Profile:
    """The profile with one more event, which it has not taken in before."""
    if isinstance(event, Spoke):
        return profile._replace(voiced=profile.voiced.after(event))
    return profile._replace(worked=profile.worked.after(event))
