"""Where full stops end no sentence, and which words open one: learned by NLTK's PunktTrainer."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from kpoclf.text.sentences import SentenceSplitter

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["learn_splitter"]

# What every English text may hold, be it in the rows or not.
_ALWAYS = frozenset(
    "approx co corp dept dr e.g est etc excl ext fig gen govt hon i.e inc incl jr ltd max messrs min mr "
    "mrs ms mt no nos ph.d prof pty rev sgt sr st vs viz".split()
)
_TIMES = 2  # so often a sentence must be seen to go on after the word and its full stop
_LONGEST = 5  # letters of an abbreviation without inner stops


def learn_splitter(texts: Iterable[str]) -> SentenceSplitter:
    """Abbreviations and sentence openers of some texts (Kiss and Strunk 2006, as NLTK has it).

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    SentenceSplitter
        Punkt's abbreviations of at most five letters (or with stops inside) after which a sentence was
        seen to go on, besides those common in English; and its sentence starters.
    """
    from nltk.tokenize.punkt import PunktTrainer

    joined = "\n\n".join(texts)
    trainer = PunktTrainer()
    trainer.train(joined, finalize=False)
    trainer.finalize_training()
    found = trainer.get_params()
    tokens = joined.split()
    goes_on = Counter(
        token.lower()
        for token, after in itertools.pairwise(tokens)
        if token.endswith(".") and not after[0].isupper()
    )
    abbreviations = {
        word
        for word in found.abbrev_types
        if word[0].isalpha()
        and ("." in word or len(word) <= _LONGEST)
        and goes_on[f"{word}."] >= _TIMES
    }
    return SentenceSplitter(
        frozenset(_ALWAYS | abbreviations), frozenset(w for w in found.sent_starters if w.isalpha())
    )
