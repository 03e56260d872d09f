"""`config/alerts.toml` is checked once, and each mistake is one line."""

from pathlib import Path

import pytest

from app.analytics.alerts.settings import AlertSettings, load
from app.errors import SettingsError
from app.settings import CONFIG


def test_the_file_that_ships_says_the_defaults() -> None:
    assert load(CONFIG / "alerts.toml") == AlertSettings()


def test_its_comments_are_the_defaults(tmp_path: Path) -> None:
    lines = (CONFIG / "alerts.toml").read_text("utf-8").splitlines()
    # A comment that stands at its `#` is a line of the file with its default.
    said = [line.removeprefix("#") for line in lines if line[:2] != "# "]

    (tmp_path / "alerts.toml").write_text("\n".join(said))
    said_of = load(tmp_path / "alerts.toml")
    usual = AlertSettings()
    assert (said_of.breaker, said_of.budget, said_of.store, said_of.queue) == (
        *(usual.breaker, usual.budget, usual.store, usual.queue),
    )
    assert (said_of.burn, said_of.close_after, said_of.rule("latency").severity) == (usual.burn, 5.0, "ticket")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[watch.latenzy]\nleast = 2", "latenzy: there is no such figure; known are cost"),
        ("[watch.load]\nleast = 0.5", "load: least is a factor over 1"),
        ('[webhook.x]\nurl = "ftp://x"\nsecret = "S"', "webhook.x.url"),
        ('[webhook.x]\nurl = "http://u:p@x"\nsecret = "S"', "without a user"),
        ("close_after = 0", "close_after"),
        ("[breakers]", "breakers: Extra inputs"),
        ("[slo.a]\nobjective = 1", "slo.a.objective"),
        ("[", "is not TOML"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "alerts.toml").write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(tmp_path / "alerts.toml")
    assert told in str(refused.value)
    assert str(refused.value).startswith("MASTERX_ALERTS: ")
    assert "\n" not in str(refused.value)
