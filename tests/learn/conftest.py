"""Fits in these tests share what they know of word forms: it is the same in each and takes longest."""

from functools import lru_cache

import pytest

from kpoclf.learn import fit


@pytest.fixture(autouse=True, scope="session")
def _shared_forms():
    shipped, plain = lru_cache(fit.shipped_forms), fit.surface_forms

    @lru_cache(maxsize=None)
    def shared(stem, seen):
        return plain(stem, seen, shipped().get(stem))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "shipped_forms", shipped)
        patch.setattr(fit, "surface_forms", lambda stem, seen, _: shared(stem, frozenset(seen)))
        yield
