"""Servers that the tests run against."""

pytest_plugins = ("tests.mongod", "tests.valkey")
