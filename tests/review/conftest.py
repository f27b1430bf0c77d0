"""Fixtures of the review queue."""

import pytest

from kpoclf.review.queue import Candidate, ReviewQueue


@pytest.fixture
def queue(tmp_path):
    """A queue of five texts, most urgent first."""
    found = ReviewQueue(tmp_path / "review.db", create=True)
    found.add(
        Candidate(
            text=f"Text number {word}.",
            source="jobs.csv",
            place=f"line {i + 2}",
            model="abc",
            label="KPO",
            confidence=0.6,
            status="review",
            priority=i,
        )
        for i, word in enumerate("one two three four five".split())
    )
    return found
