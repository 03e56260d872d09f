"""Reads answers, fits a model on them, and puts it in the place of a worse one."""

import argparse
import asyncio
import base64
import sys
import time
from pathlib import Path

from app.bootstrap import bring_up_to_date, store_of
from app.clock import SystemClock, iso
from app.errors import MasterxError, SettingsError
from app.learner.knowledge.fitted import Fitted, Scores, UnknownModel
from app.settings import Settings
from app.storage.models import KNOWLEDGE, Models, StoredModel
from app.storage.ports import ANSWERS, Find, Store
from app.train.bar import Bar
from app.vocabulary import Answer

_SHEETS = 8
"""Documents in one read: one holds up to 10,000 answers."""


class Worse(MasterxError):
    """A model that foretells less than the one it was to replace."""


def train(settings: Settings, asked: argparse.Namespace) -> int:
    """Runs the command; 0 when a model was fitted and kept."""
    return asyncio.run(_train(settings, asked))


async def _train(settings: Settings, asked: argparse.Namespace) -> int:
    clock = SystemClock()
    if asked.file is not None and asked.out is not None:
        _keep_file(_fitted(_table(asked.file), clock.id(), asked), asked)
        return 0
    async with store_of(settings) as (store, schema):
        await bring_up_to_date(settings, schema, clock)
        log = _table(asked.file) if asked.file is not None else await answers(store, asked.workspace)
        fitted = await asyncio.to_thread(_fitted, log, clock.id(), asked)
        if asked.out is not None:
            _keep_file(fitted, asked)
        else:
            await _keep(Models(store), fitted, asked, iso(clock.now()))
    return 0


async def answers(store: Store, workspace: str) -> dict[str, list[Answer]]:
    """All graded answers of a workspace, by learner, each learner's in the order in which they were taken in."""
    sheets: dict[str, list[tuple[int, list[Answer]]]] = {}
    last: str | None = None
    while True:
        docs = await store.find(ANSWERS, Find({"workspace": workspace}, "id", last, _SHEETS))
        for doc in docs:
            rows = [Answer(*row) for row in doc["answers"]]
            sheets.setdefault(doc["learner_id"], []).append((doc["seq"], rows))
        if len(docs) < _SHEETS:
            break
        last = docs[-1]["id"]
    return {who: [answer for _, rows in sorted(found) for answer in rows] for who, found in sorted(sheets.items())}


def _table(path: Path) -> dict[str, list[Answer]]:
    from app.learner.knowledge.fitting.rows import read

    return {student: [*rows] for student, rows in read(path).items()}


def _fitted(log: dict[str, list[Answer]], version: str, asked: argparse.Namespace) -> Fitted:
    from app.learner.knowledge.fitting.fit import Plan, fit, steps

    count = sum(map(len, log.values()))
    print(f"{count:,} answers of {len(log):,} learners", file=sys.stderr, flush=True)
    bar = Bar(steps(count), sys.stderr, time.monotonic)
    fitted = fit(log, version, bar.step, Plan(seed=asked.seed))
    bar.end()
    print(said(fitted.scores), flush=True)
    # The counts of a workspace are in its store already, and go on there.
    return fitted if asked.file is not None else fitted.without_counts()


def said(scores: Scores) -> str:
    """Scores in words."""
    return (
        f"on {scores.answers:,} answers of {scores.learners:,} learners not fitted on: AUC {scores.auc:.4f}, accuracy "
        f"{scores.accuracy:.1%}, log loss {scores.log_loss:.4f} ({scores.skill:+.1%} beside their mean), calibration "
        f"error {scores.calibration_error:.4f}"
    )


def _better(found: Fitted, known: Fitted, asked: argparse.Namespace) -> None:
    """Raises `Worse` where the model in use foretold more of its learners' answers than the new one of its."""
    if found.scores.skill < known.scores.skill and not asked.force:
        raise Worse(
            f"train: not replaced, since the model in use foretells more: {known.scores.skill:.2%} of the log loss of "
            f"the mean (AUC {known.scores.auc:.4f}, {known.scores.answers:,} answers) beside {found.scores.skill:.2%} "
            f"(AUC {found.scores.auc:.4f}, {found.scores.answers:,} answers); --force replaces it all the same"
        )


async def _keep(models: Models, fitted: Fitted, asked: argparse.Namespace, at: str) -> None:
    known = await models.newest(asked.workspace, KNOWLEDGE)
    if known is not None and (other := _unpacked(base64.b64decode(known.packed))) is not None:
        _better(fitted, other, asked)
    packed = base64.b64encode(fitted.pack()).decode()
    model = StoredModel(fitted.version, asked.workspace, KNOWLEDGE, packed, said(fitted.scores), at)
    await models.add(model)
    print(f"model {fitted.version} of workspace {asked.workspace}: in use from the next start on")


def _keep_file(fitted: Fitted, asked: argparse.Namespace) -> None:
    path: Path = asked.out
    try:
        if path.exists() and (other := _unpacked(path.read_bytes())) is not None:
            _better(fitted, other, asked)
        path.write_bytes(fitted.pack())
    except OSError as error:
        raise SettingsError(f"train: --out {path}: {error.strerror or error}") from error
    print(f"model {fitted.version}: {path}")


def _unpacked(packed: bytes) -> Fitted | None:
    """A model that another one may be compared with; one of another version may be replaced."""
    try:
        return Fitted.unpack(packed)
    except UnknownModel:
        return None
