"""The README says what is so."""

import re
from pathlib import Path

from app.settings import table

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def test_the_settings_are_those_of_the_code() -> None:
    printed = re.search(r"<!-- settings.*?-->\n(.*?)\n<!-- /settings -->", README, re.DOTALL)
    assert printed is not None
    assert printed[1].strip() == table().strip()


def test_every_file_that_it_names_is_there() -> None:
    root = Path(__file__).parent.parent
    named = set(re.findall(r"`((?:app|config|tests|bench)/[\w./]*)`", README))
    assert named
    assert [name for name in sorted(named) if not (root / name).exists()] == []
