"""The API keeps to its own description, whatever is sent."""

from dataclasses import replace

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from kpoclf.web.openapi import openapi
from kpoclf.web.settings import Settings

LIMITS = {"max_texts": 20, "max_characters": 2000}
described = schemathesis.openapi.from_dict(openapi(Settings("", **LIMITS)))


@described.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_is_described(server, case):
    case.call_and_validate(base_url=server)


@pytest.mark.slow
@described.parametrize()
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_one_of_many_answers_is_one_that_is_described(server, case):
    case.call_and_validate(base_url=server)


@pytest.fixture
def server(live, settings):
    """Address of a server with small limits, so that they are met."""
    return f"http://127.0.0.1:{live(replace(settings, **LIMITS))}"
