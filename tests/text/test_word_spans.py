"""Words with their places."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpoclf.text.words import split_words, word_spans


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(max_size=60))
@example("İİabc İstanbul xİ yz")
@example("ΣΑΣ ΟΔΟΣ")
def test_for_every_text_the_places_hold_the_words(text):
    spans = word_spans(text)
    assert [word for word, _, _ in spans] == split_words(text)
    ends = [0, *(end for _, _, end in spans)]
    for (word, start, end), before in zip(spans, ends, strict=False):
        assert before <= start < end <= len(text)
        # Only the dot of a capital dotted I, and a sigma at a word's end, depend on what follows.
        assert text[start:end].casefold().replace("\u0307", "") == word.casefold()
