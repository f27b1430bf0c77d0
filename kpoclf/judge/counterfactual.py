"""The smallest change that turns a label: which words would have to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kpoclf.model.scorer import Scorer

__all__ = ["turning_words"]

_MOST = 12
_TRIED = 6  # candidates that are tried at each step


def turning_words(scorer: Scorer, words: Sequence[str]) -> tuple[str, ...]:
    """Fewest words found that turn the label when every occurrence of them is taken out.

    Words with one stem go together. At each step those whose terms weigh most for the label are tried
    and the one that moves the decision value furthest goes; at the end any that turns out not to be
    needed comes back. The search is greedy: it may miss a smaller set.

    Parameters
    ----------
    scorer : Scorer
    words : sequence of str
        Of the text, as `kpoclf.text.words.split_words` gives them.

    Returns
    -------
    tuple of str
        In the order in which they were taken out; empty if twelve do not turn the label.
    """
    numbers = scorer.stem_numbers(words)
    spelled: dict[int, str] = {}
    for word, stem in zip(words, numbers, strict=True):
        if stem >= 0:
            spelled.setdefault(stem, word)

    def decisions(removals: Sequence[frozenset[int]]) -> list[float]:
        kept = [
            " ".join(w for w, s in zip(words, numbers, strict=True) if s not in removed)
            for removed in removals
        ]
        found: list[float] = scorer.label_decisions(kept).tolist()
        return found

    gone: tuple[int, ...] = ()
    sign = 1.0 if decisions([frozenset()])[0] > 0 else -1.0
    while len(gone) < _MOST:
        kept = [w for w, s in zip(words, numbers, strict=True) if s not in gone]
        weight = _weight_by_stem(scorer, kept, sign)
        candidates = sorted(weight, key=lambda s: (-weight[s], spelled[s]))[:_TRIED]
        candidates = [s for s in candidates if weight[s] > 0]
        if not candidates:
            return ()
        values = decisions([frozenset((*gone, s)) for s in candidates])
        best = int(np.argmin([sign * v for v in values]))
        gone = (*gone, candidates[best])
        if (values[best] > 0) != (sign > 0):
            return tuple(spelled[s] for s in _needed(gone, decisions, sign))
    return ()


def _needed(
    gone: tuple[int, ...],
    decisions: Callable[[Sequence[frozenset[int]]], list[float]],
    sign: float,
) -> tuple[int, ...]:
    for stem in gone:
        fewer = tuple(s for s in gone if s != stem)
        value = decisions([frozenset(fewer)])[0]
        if fewer and (value > 0) != (sign > 0):
            gone = fewer
    return gone


def _weight_by_stem(scorer: Scorer, words: Sequence[str], sign: float) -> dict[int, float]:
    """What each stem's terms, alone and in pairs, weigh for the label."""
    features = scorer.features([" ".join(words)])
    weights = scorer.weights
    n_stems = len(weights.stems)
    contribution = sign * weights.label_coef[features.feature] * features.value
    found: dict[int, float] = {}
    for feature, value in zip(features.feature.tolist(), contribution.tolist(), strict=True):
        stems = [feature] if feature < n_stems else weights.bigrams[feature - n_stems].tolist()
        for stem in set(stems):
            found[stem] = found.get(stem, 0.0) + value
    return found
