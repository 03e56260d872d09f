"""Servers that the tests run against."""

from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from tests.e2e.service import Masterx

pytest_plugins = ("tests.mongod", "tests.valkey", "tests.e2e.browser")

Masterx.forks = True


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of the authorities that the providers' SDKs trust, one: to read all of them takes each client 40 ms, and no test
    speaks TLS."""
    end = "-----END CERTIFICATE-----\n"
    first = tmp_path_factory.mktemp("authority") / "first.pem"
    first.write_text(Path(certifi.where()).read_text("utf-8").partition(end)[0] + end, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(first))
        yield
