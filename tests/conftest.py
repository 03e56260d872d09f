"""Servers that the tests run against."""

pytest_plugins = ("tests.mongod", "tests.valkey", "tests.e2e.browser")
