"""Fits in these tests share what they know of word forms: it is the same in each and takes longest."""

from functools import lru_cache

import pytest

from kpoclf.learn import fit


@pytest.fixture(autouse=True, scope="session")
def _shared_forms():
    plain = fit.surface_forms
    shared = lru_cache(maxsize=None)(lambda stem, seen: plain(stem, seen))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "surface_forms", lambda stem, seen: shared(stem, frozenset(seen)))
        yield
