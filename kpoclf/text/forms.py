"""The table of surface forms: every spelling of a word that leads to a stem.

A trained model carries this table, so that labelling needs no stemmer and every door gives a word
the same stem. A form is in the table if it was seen in training or is a regular inflection,
derivation or spelling of a seen stem, confirmed by the stemmer itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kpoclf.text.spelling import american, british
from kpoclf.text.stems import plain_stem, stem
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["surface_forms"]

# Endings that Snowball strips, kept where they occur in writing of this kind.
_DERIVATIONS = (
    "s es ed d ing ings er ers or ors ly al als ally ment ments ness able ability ation ations "
    "ational ion ions ional ionally ate ates ated ating ator ators ative atives ive ives ively "
    "ivity ency encies ent ents ently ance ances ancy ant ants ence ences ize izes ized izing "
    "ization izations ful fully ous ity ities ality y ies ied ying ic ical ically ics ication "
    "ications icate icates icated ible ibility ibilities abilities ism ist ists"
).split()
# Endings that any form seen in training may take.
_INFLECTIONS = ("s", "es", "ed", "d", "ing", "ings", "er", "ers", "ly", "al", "als", "ally")


_VOWELS = tuple("aeiouy")
_SILENT_E = tuple(s for s in _DERIVATIONS if not s.startswith(_VOWELS))
_AFTER_DOUBLED = ("ed", "ing", "ings", "er", "ers")


def _candidates(word_stem: str) -> Iterable[str]:
    yield word_stem
    for suffix in _DERIVATIONS:
        yield word_stem + suffix
    for suffix in ("", *_SILENT_E):
        yield word_stem + "e" + suffix
    if word_stem.endswith(("e", "i")):  # file -> filing, compani -> company
        for suffix in _DERIVATIONS:
            if suffix.startswith(_VOWELS):
                yield word_stem[:-1] + suffix
    if word_stem[-1] in "bdgklmnprt" and word_stem[-2:-1] in _VOWELS:  # plan -> planning
        for suffix in _AFTER_DOUBLED:
            yield word_stem + word_stem[-1] + suffix


@lru_cache(maxsize=50_000)
def _derived(word_stem: str) -> frozenset[str]:
    words = (form for form in _candidates(word_stem) if split_words(form) == [form])
    return frozenset(form for form in words if plain_stem(american(form)) == word_stem)


@lru_cache(maxsize=50_000)
def _inflected(form: str) -> frozenset[str]:
    candidates = {form + suffix for suffix in ("", *_INFLECTIONS)}
    if form.endswith("e"):
        candidates.add(form[:-1] + "ing")
    if form.endswith("y"):
        candidates.update((form[:-1] + "ies", form[:-1] + "ied"))
    return frozenset(c for c in candidates if stem(c) == stem(form))


def surface_forms(
    word_stem: str, seen: Iterable[str] = (), confirmed: Collection[str] | None = None
) -> set[str]:
    """Forms whose stem is `word_stem`, by suffix and spelling, each confirmed by the stemmer.

    Parameters
    ----------
    word_stem : str
        A stem as `kpoclf.text.stems.stem` gives it.
    seen : iterable of str
        Forms of that stem that training saw.
    confirmed : collection of str, optional
        All forms that another table has of that stem: the stemmer, which takes most of the time of a
        training, is not asked again which endings the stem takes.

    Returns
    -------
    set of str
        Lower-case forms, British spellings included. Some are words that nobody writes; they do
        no harm. Irregular forms (``bought``) are known only where training saw them.

    Examples
    --------
    >>> sorted(surface_forms("catalog", ["catalog"]) & {"catalogue", "cataloging", "catalogued", "cat"})
    ['cataloging', 'catalogue', 'catalogued']
    """
    if confirmed is None:
        found = set(_derived(word_stem))
    else:
        found = set(_candidates(word_stem)).intersection(confirmed)
    for form in seen:
        found |= _inflected(american(form))
        found.add(form)
    for form in list(found):
        found.update(british(form))
    return found
