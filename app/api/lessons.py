"""The shapes of what a teacher is told."""

from pydantic import BaseModel, Field


class SkillSeenOut(BaseModel):
    """How the `learners` who answered a skill stand on it: their `mean` mastery, how many are `weak` (below 60 %),
    `strong` (mastered) or `growing` in between, and how many are stuck on it."""

    skill: str = Field(examples=["linear-equations"])
    title: str = Field(examples=["Linear equations"])
    learners: int = Field(examples=[28])
    mean: float = Field(examples=[0.64])
    weak: int = Field(examples=[9])
    growing: int = Field(examples=[12])
    strong: int = Field(examples=[7])
    stuck: int = Field(examples=[3])


class MisconceptionOut(BaseModel):
    """What went wrong most in the last seven days: `wrong` of the `tries` at an item (null where answers named none),
    by so many `learners`."""

    skill: str = Field(examples=["linear-equations"])
    item: str | None = Field(examples=["3x+5=20"])
    learners: int = Field(examples=[11])
    wrong: int = Field(examples=[17])
    tries: int | None = Field(examples=[31])


class ClassOut(BaseModel):
    """A class as a whole. `active` learners gave the `answers` of the last seven days, of which so many were `wrong`;
    `courses` are those that its learners have sessions in, each with how many. `sheets` of answers were read. `affect`
    says whether the workspace lets teachers see how a learner seems to feel."""

    as_of: str
    complete: bool
    sheets: int
    affect: bool
    learners: int = Field(examples=[31])
    active: int = Field(examples=[26])
    answers: int = Field(examples=[840])
    wrong: int = Field(examples=[231])
    stuck: int = Field(examples=[4])
    at_risk: int = Field(examples=[6])
    skills: list[SkillSeenOut]
    misconceptions: list[MisconceptionOut]
    courses: dict[str, int] = Field(examples=[{"algebra": 31}])


class WeakOut(BaseModel):
    """A skill that is not mastered."""

    skill: str
    mastery: float
    attempts: int


class StuckOut(BaseModel):
    """A skill that a learner does not get on with: `wrong` answers in a row `since` a time, the last one on `item`; or
    help before `helped` of the newest `tries`."""

    skill: str = Field(examples=["linear-equations"])
    wrong: int = Field(examples=[4])
    since: str | None
    item: str | None = Field(examples=["3x+5=20"])
    helped: int
    tries: int
    why: str = Field(examples=["4 wrong answers in a row, the last one on 3x+5=20"])
    advice: str


class ReasonOut(BaseModel):
    """Why a learner is at risk (`pace`, `success`, `forgetting`, `time`, `idle`, `stuck`), and what to do."""

    kind: str = Field(examples=["pace"])
    why: str
    advice: str


class RiskOut(BaseModel):
    """The `probability` of mastery by the date; progress `now`, as `expected`, and between `low` and `high` in 80 of
    100 cases; and why, where a learner is at risk."""

    at_risk: bool
    probability: float
    now: float
    expected: float
    low: float
    high: float
    reasons: list[ReasonOut]


class RowOut(BaseModel):
    """A learner of the class: `answers` and `wrong` ones of the last seven days; the mean `mastery` of the `skills`
    that they have answered, as it was after their last answer of each; the weakest of these; what to look after."""

    learner_id: str = Field(examples=["ada"])
    last_answer_at: str | None
    last_session_at: str | None
    answers: int
    wrong: int
    skills: int
    mastery: float | None
    weakest: list[WeakOut]
    stuck: list[StuckOut]
    risk: RiskOut | None


class LearnersOut(BaseModel):
    """A page of a class, `total` learners on all."""

    data: list[RowOut]
    next_cursor: str | None
    total: int
    complete: bool


class AttemptOut(BaseModel):
    """A graded answer, by its id as evidence: what was `predicted` before it, and the `mastery` believed after it."""

    id: str = Field(examples=["0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77#0"])
    at: str | None
    skill: str
    item: str | None
    correct: bool
    hints: int
    solution_shown: bool
    response_ms: float | None
    predicted: float
    mastery: float


class AttemptsOut(BaseModel):
    """A page of answers, newest first."""

    data: list[AttemptOut]
    next_cursor: str | None
