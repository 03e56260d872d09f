"""`masterx train` on a log of its own: fits, judges, keeps, refuses what is worse and what cannot be read."""

import base64
import gzip
import math
import random
from asyncio import to_thread
from pathlib import Path

import pytest

from app.bootstrap import store_of
from app.cli import main
from app.learner.knowledge.fitted import Fitted
from app.learner.knowledge.model import Model
from app.settings import Settings, load
from app.storage.models import KEPT, KNOWLEDGE, Models, StoredModel
from app.storage.ports import ANSWERS, MODELS, Find
from app.train.train import answers as of_store
from app.vocabulary import Exercise

HEAD = "student,item,skill,correct,t"


def rows(learners: int = 40, answers: int = 30, noise: float = 0.0) -> list[tuple[str, str, str, int, int]]:
    """Answers of learners of known ability; a share of them, `noise`, by lot."""
    chance = random.Random(7)
    ease = [chance.gauss(0.3, 1.2) for _ in range(12)]
    found = []
    for who in range(learners):
        ability = chance.gauss(0.0, 1.0)
        for n in range(answers):
            item = chance.randrange(12)
            p = 1 / (1 + math.exp(-ability - ease[item]))
            right = chance.random() < (0.5 if chance.random() < noise else p)
            found.append((f"zoë {who}", f"i{item}", f"s{item % 3}", int(right), 60 * n))
    return found


def table(path: Path, found: list[tuple[str, str, str, int, int]]) -> Path:
    text = "\n".join([HEAD, *(",".join(map(str, row)) for row in found)]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MASTERX_STORE", f"sqlite:///{tmp_path / 'store.db'}")
    return load()


async def in_use(settings: Settings, workspace: str = "default") -> StoredModel | None:
    async with store_of(settings) as (store, _):
        return await Models(store).newest(workspace, KNOWLEDGE)


def test_a_table_becomes_a_model_that_knows_what_is_easy(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = rows()
    out = tmp_path / "model"
    assert main(["train", "--file", str(table(tmp_path / "log.csv.gz", found)), "--out", str(out)]) == 0
    assert "AUC 0." in capsys.readouterr().out
    fitted = Fitted.unpack(out.read_bytes())
    assert 0 < fitted.scores.learners < 40
    assert fitted.scores.skill > 0.02
    model = Model(fitted)
    rates = {item: [row[3] for row in found if row[1] == item] for item in {row[1] for row in found}}
    ranked = sorted(rates, key=lambda item: sum(rates[item]) / len(rates[item]))
    low, high = (model.predict(model.new(), Exercise(f"s{int(i[1:]) % 3}", i)) for i in (ranked[0], ranked[-1]))
    assert low + 0.15 < high


async def test_a_worse_model_is_refused_with_both_scores_unless_forced(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = table(tmp_path / "good.csv", rows()), table(tmp_path / "bad.csv", rows(noise=0.9))
    assert await to_thread(main, ["train", "--file", str(good)]) == 0
    first = await in_use(settings)
    assert first is not None
    assert await to_thread(main, ["train", "--file", str(bad)]) == 1
    told = capsys.readouterr().err
    assert "foretells more" in told
    assert told.count("AUC") == 2
    assert await in_use(settings) == first
    assert await to_thread(main, ["train", "--file", str(bad), "--force"]) == 0
    second = await in_use(settings)
    assert second is not None
    assert second.id > first.id


async def test_answers_in_the_store_are_learned_from_in_their_order(settings: Settings, tmp_path: Path) -> None:
    assert await to_thread(main, ["migrate"]) == 0
    async with store_of(settings) as (store, _):
        by: dict[str, list[list[object]]] = {}
        for who, item, skill, right, t in rows():
            by.setdefault(who, []).append([skill, bool(right), item, 900.0, 0, False, float(t)])
        for n, (who, answers) in enumerate(by.items()):
            for seq, part in ((2, answers[15:]), (1, answers[:15])):
                await store.insert(ANSWERS, _sheet(f"{n:03}-{3 - seq}", who, seq, part))
        log = await of_store(store, "default")
        assert [answer.at for answer in log["zoë 1"]] == [60.0 * n for n in range(30)]
        assert await of_store(store, "another") == {}
    assert await to_thread(main, ["train", "--from-store"]) == 0
    model = await in_use(settings)
    assert model is not None
    # What a workspace's learners did is counted in the store already.
    assert Fitted.unpack(base64.b64decode(model.packed)).population.answers == 0


def _sheet(id: str, who: str, seq: int, answers: list[list[object]]) -> dict[str, object]:  # noqa: A002
    times = {"first_at": f"2026-01-01T{id}", "until": f"2026-01-01T{id}"}
    ids = {"id": id, "workspace": "default", "learner_id": who, "seq": seq}
    return {**ids, **times, "answers": answers, "pending": None, "idempotency_key": None, "schema": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student,skill,correct\na,b,1\n", "line 1: no column item"),
        (f"{HEAD}\na,i,s,1,5\na,i,s,2,6\n", "line 3: correct='2': it takes 0 or 1"),
        (f"{HEAD}\na,i,s,1,5\na,i,s\n", "line 3: 3 fields where 5 have names"),
        (f"{HEAD}\na,i,s,1,-5\n", "line 2: t='-5': it takes a number, 0 or more"),
        (f"{HEAD}\na,i,s,1,nan\n", "line 2: t='nan'"),
        (f"{HEAD}\n,i,s,1,\n", "line 2: no student"),
        (f"{HEAD}\na,i,,1,\n", "line 2: no skill"),
        (f"{HEAD}\na,{'i' * 300},s,1,\n", "line 2: item of 300 characters"),
        (f"{HEAD}\n", "no answers"),
        (f"{HEAD}\na,i,s,1,5\n", "1 answers of 1 learners are too few"),
        ("", "line 1: no column student, item, skill, correct"),
    ],
)
def test_a_bad_table_is_refused_by_line_and_reason(
    text: str, said: str, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, "utf-8")
    assert main(["train", "--file", str(path)]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", gzip.compress(b"student")[:-6], b"no gzip"])
def test_a_file_that_is_no_table_is_refused(
    content: bytes, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv.gz"
    path.write_bytes(content)
    assert main(["train", "--file", str(path)]) == 1
    assert "bad.csv.gz" in capsys.readouterr().err


def test_a_log_in_which_all_are_right_teaches_nothing(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path / "log.csv", [(who, i, s, 1, t) for who, i, s, _, t in rows()])
    assert main(["train", "--file", str(path)]) == 1
    assert "nothing to tell apart" in capsys.readouterr().err


async def test_only_the_newest_models_of_a_workspace_are_kept(settings: Settings) -> None:
    assert await to_thread(main, ["migrate"]) == 0
    async with store_of(settings) as (store, _):
        models = Models(store)
        for n in range(KEPT + 3):
            await models.add(StoredModel(f"m{n:02}", "w", KNOWLEDGE, "", "", "2026-01-01T00:00:00Z"))
        await models.add(StoredModel("x", "other", KNOWLEDGE, "", "", "2026-01-01T00:00:00Z"))
        newest = await models.newest("w", KNOWLEDGE)
        assert newest is not None
        assert newest.id == f"m{KEPT + 2:02}"
        assert await models.newest("nobody", KNOWLEDGE) is None
        assert len(await store.find(MODELS, Find({"workspace": "w", "name": KNOWLEDGE}))) == KEPT
