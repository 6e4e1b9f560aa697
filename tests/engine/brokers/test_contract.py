"""The contract suite, collected."""

from tests.engine.brokers.contract_suite import *  # noqa: F403  each test of the suite, under this file's name
