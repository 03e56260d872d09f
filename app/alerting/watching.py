"""What the last minutes were, and what is out of the ordinary in them."""

from collections import deque
from dataclasses import replace

from app.analytics.alerts.causes import Evidence, causes
from app.analytics.alerts.changes import Change, Changes
from app.analytics.alerts.finding import Finding, question
from app.analytics.alerts.rules import Burning, least, of_anomaly
from app.analytics.alerts.settings import AlertSettings
from app.analytics.alerts.shares import Stretch
from app.analytics.anomalies.anomalies import Anomalies
from app.analytics.anomalies.minute import Minute, added
from app.analytics.anomalies.watched import WATCHED
from app.vocabulary import Cause

KEPT = 150
"""Minutes that causes are looked for in."""

_BEFORE = 60
"""Minutes before the beginning that are what it is compared with."""

_APART = 2
"""Minutes between the two: a beginning is not known to the minute."""

_CAUSES_SINCE = 3_600.0
_MAY_GO_WRONG = ("policy", "experiment", "deploy")


class Watching:
    """Minutes come in, findings go out; nothing here waits for anybody."""

    def __init__(self, settings: AlertSettings) -> None:
        changed = least(settings)
        watched = {name: replace(one, least=changed.get(name, one.least)) for name, one in WATCHED.items()}
        self._settings = settings
        self._minutes: deque[Minute] = deque(maxlen=KEPT)
        self.anomalies = Anomalies(watched, settings.false_alarms_a_day)
        self._burning = Burning(settings)
        self.changes = Changes()

    def feed(self, minute: Minute) -> None:
        """Takes a minute that is over."""
        if self._minutes and minute.at <= self._minutes[-1].at:
            return
        self._minutes.append(minute)
        self.anomalies.feed(minute)
        self._burning.feed(minute)

    def note(self, change: Change) -> None:
        """Remembers that something changed."""
        self.changes.note(change)
        if change.kind in _MAY_GO_WRONG:
            self.anomalies.heed(int(change.at // 60))

    def findings(self) -> list[Finding]:
        """What is out of the ordinary, as of the last minute."""
        found = (of_anomaly(one, self._settings) for one in self.anomalies.found)
        return [one for one in found if one] + self._burning.found

    def causes(self, finding: Finding) -> tuple[Cause, ...]:
        """The likely causes of a finding: some milliseconds, from values that do not change."""
        asked, minutes = question(finding), list(self._minutes)
        now = [one for one in minutes if one.at >= asked.since] or minutes[-1:]
        first = now[0].at if now else asked.since
        base = [one for one in minutes if first - _BEFORE - _APART <= one.at < first - _APART]
        recent = self.changes.between(finding.since - _CAUSES_SINCE, finding.since + _CAUSES_SINCE)
        during, before = Stretch(added(now), max(len(now), 1)), Stretch(added(base), max(len(base), 1))
        return causes(asked, Evidence(during, before, tuple(recent)))
