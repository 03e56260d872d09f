"""What advice is made of: what is believed of a learner, which reviews are due, when they practised."""

from collections.abc import Sequence

from app.clock import iso
from app.learner.minds import Who
from app.learner.portraits import Portraits
from app.learner.reviews import Reviews
from app.storage.answers import Sheets
from app.vocabulary import Due, Standing


class Beliefs:
    """Asks who knows."""

    def __init__(self, portraits: Portraits, reviews: Reviews, sheets: Sheets) -> None:
        self._portraits, self._reviews, self._sheets = portraits, reviews, sheets

    async def standings(self, who: Who) -> Sequence[Standing]:
        """Of each skill that a learner has answered."""
        return [fact.standing for fact in await self._portraits.facts(who)]

    async def due(self, who: Who) -> Sequence[Due]:
        """The reviews that are planned for today, as many a day as the learner wants."""
        planned, _ = await self._reviews.plan(who, 1)
        return [Due(one.card, iso(one.due_at), one.recall) for one in planned.reviews]

    async def practised(self, who: Who, since: float) -> Sequence[tuple[str, float]]:
        """The skill and the time (seconds) of each answer since a time."""
        found = []
        async for sheet in self._sheets.reaching(*who, iso(since)):
            found += [(answer.skill, answer.at) for answer in sheet.answers if answer.at and answer.at >= since]
        return found
