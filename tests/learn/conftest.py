"""What the tests of training share."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _shared_forms(shared_forms):
    pass
