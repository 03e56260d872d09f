"""The doctor's look at what was configured: settings, policy, catalogue."""

from app.bootstrap import entries_of
from app.context.fixed import smallest_budget
from app.context.recall.dense import Dense
from app.context.tokens import o200k
from app.doctor.findings import Finding
from app.errors import SettingsError
from app.policy import load as load_policy
from app.settings import SETTINGS, Settings
from app.spending import limited


def look(settings: Settings) -> list[Finding]:
    """What was set, and whether the files it names can be worked with."""
    return [_settings(settings), *_dense(settings), _policy(settings), *_catalogue(settings), *_unpriced(settings)]


def _settings(settings: Settings) -> Finding:
    given = [one.variable for one in SETTINGS if one.variable in settings.environment]
    return Finding("settings", "ok", ", ".join(given) if given else "all as they come")


def _dense(settings: Settings) -> list[Finding]:
    if settings.dense is None:
        return []
    try:
        dense = Dense.load(settings.dense)
    except SettingsError as error:
        return [Finding("dense", "problem", str(error), "correct MASTERX_DENSE, or leave it empty")]
    return [Finding("dense", "ok", f"{settings.dense}: vectors of {dense.size} numbers")]


def _policy(settings: Settings) -> Finding:
    try:
        policy = load_policy(settings.policy)
        least = smallest_budget(policy, o200k())
    except SettingsError as error:
        return Finding("policy", "problem", str(error), "correct that file, or name another one in MASTERX_POLICY")
    if policy.context.budget < least:
        advice = f"raise context.budget in {settings.policy} to {least} or more"
        return Finding("policy", "problem", f"context.budget={policy.context.budget} holds no instructions", advice)
    return Finding("policy", "ok", f"version {policy.version}")


def _unpriced(settings: Settings) -> list[Finding]:
    """A note on models that a budget keeps from being asked, because nobody knows what they cost."""
    try:
        policy, entries = load_policy(settings.policy), entries_of(settings)
    except SettingsError:
        return []
    names = [f"{e.provider}/{e.model}" for e, key in entries if key is not None and e.prices.most(0, 0) is None]
    if not (limited(policy) and policy.budgets.unpriced == "refuse" and names):
        return []
    advice = 'give them prices in the catalogue (0 for one that is free), or set budgets.unpriced = "allow"'
    return [Finding("budgets", "note", f"not asked under a budget, for they have no price: {', '.join(names)}", advice)]


def _catalogue(settings: Settings) -> list[Finding]:
    """The catalogue, then a note for each key that is missing."""
    try:
        entries = entries_of(settings)
    except SettingsError as error:
        advice = "correct that file, or name another one in MASTERX_PROVIDERS"
        return [Finding("catalogue", "problem", str(error), advice)]
    usable = sum(key is not None for _, key in entries)
    missing: dict[str, list[str]] = {}
    for entry, key in entries:
        if key is None:
            missing.setdefault(entry.key_variable or "", []).append(f"{entry.provider}/{entry.model}")
    alone = "; the offline tutor answers alone" if not usable else ""
    counted = Finding("catalogue", "ok" if usable else "note", f"{usable} of {len(entries)} models can be asked{alone}")
    return [
        counted,
        *(
            Finding("catalogue", "note", f"left out: {', '.join(models)}", f"set {variable} to use them")
            for variable, models in missing.items()
        ),
    ]
