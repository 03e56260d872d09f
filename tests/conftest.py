"""Servers that the tests run against."""

from tests.e2e.service import Masterx

pytest_plugins = ("tests.mongod", "tests.valkey", "tests.e2e.browser")

Masterx.forks = True
