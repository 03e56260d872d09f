"""The words of the offline tutor: checked when it is built, in every language."""

from pathlib import Path

import pytest

from app.errors import SettingsError
from app.providers.offline import load_wording
from tests.unit.offline_talk import CONFIG, WORDING


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("of {topic} do", "of {subject} do", "{subject} cannot be filled in"),
        ('note = "No', 'remark = "No', "languages.en.note"),
        ("agree = ", "agreed = ", "agreed"),
        ('sum = ["', 'summ = ["', "summ"),
        ("to work on?", "to work on", "one question with one question mark"),
        ("[languages.en]", "[languages.en", "is not TOML"),
    ],
)
def test_a_wording_that_cannot_be_spoken_stops_the_start(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    broken = tmp_path / "offline.toml"
    broken.write_text((CONFIG / "offline.toml").read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(SettingsError, match="offline tutor") as refused:
        load_wording(broken)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_wording_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        load_wording(tmp_path / "none.toml")


def test_all_languages_hear_the_same_kinds_and_feelings() -> None:
    assert len({(tuple(one.kinds), tuple(one.feelings)) for one in WORDING.languages.values()}) == 1
