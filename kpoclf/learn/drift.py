"""New texts compared with those that a model was trained on, or with earlier ones: what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import vstack
from sklearn.feature_extraction.text import TfidfTransformer

from kpoclf.corpus.mixed import read_mixed
from kpoclf.corpus.similarity import near_duplicate_groups
from kpoclf.errors import InputError
from kpoclf.judge.status import STATUSES
from kpoclf.judge.texts import as_texts
from kpoclf.learn.current import stored_rows, trained_on
from kpoclf.learn.figures import Figure, bootstrap_weights
from kpoclf.learn.permutation import (
    mean_distance,
    numbers_distance,
    permutation_test,
    shares_distance,
)
from kpoclf.learn.text_profile import Profile, judged_profile, unseen_profile, word_table
from kpoclf.learn.text_sample import TextSample, file_texts, sample_texts, text_key
from kpoclf.tables.open_table import ReadOptions
from kpoclf.tables.source import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from kpoclf.judge.model import Model
    from kpoclf.learn.text_profile import WordTable

__all__ = ["Drift", "Line", "Measure", "Term", "compare_profiles", "drift"]

MIN_TEXTS = 20
"""Different texts that either side needs."""

_USUAL = ReadOptions()
_N_TERMS = 50
_LEAST_TEXTS = 2  # that a term must stand in to be told
_LEAST_Z = 3.0  # of a term that rises
_PRIOR = 0.5  # texts added to either side of a term's odds


@dataclass(frozen=True)
class Line:
    """A mean or a share on either side.

    Attributes
    ----------
    name : str
    was, now : float
        Of the reference and of the new texts.
    difference : Figure
        `now` less `was`, with its 95 % bootstrap interval.
    """

    name: str
    was: float
    now: float
    difference: Figure


@dataclass(frozen=True)
class Measure:
    """One way to compare the texts.

    Attributes
    ----------
    name : str
    lines : tuple of Line
        What its numbers are on either side; empty for the words used.
    size : float
        How far the two sides lie apart, from 0 to 1: the largest gap of the distribution functions
        (numbers), the total variation distance (shares), or the distance of the mean word vectors, less
        what chance gives, over its largest value (words).
    p : float
        Chance of a difference as rare as this in any measure, were the texts drawn from one population.
    changed : bool
        Whether `p` is at most the false-alarm rate and `size` at least the least one.
    """

    name: str
    lines: tuple[Line, ...]
    size: float
    p: float
    changed: bool


@dataclass(frozen=True)
class Term:
    """A word, forms of one stem together, and the texts it stands in on either side."""

    term: str
    was: int
    now: int


@dataclass(frozen=True)
class Drift:
    """What has changed between the reference and the new texts.

    Attributes
    ----------
    model : str
        Id of the model.
    new, reference : str
        What was compared.
    n_new, n_reference : int
        Texts compared, near-duplicates left out.
    alpha : float
        False-alarm rate: probability that anything is called changed although nothing is.
    least : float
        Size below which a difference is not called a change.
    measures : tuple of Measure
    rising : tuple of Term
        Terms that stand in a larger share of the new texts, by the log odds over their standard error.
    unknown : tuple of Term
        Terms that the model does not know, by the number of new texts.
    notes : tuple of str
        What was left out, and how the reference was made.
    profiles : tuple of Profile
        Of the reference and of the new texts.
    """

    model: str
    new: str
    reference: str
    n_new: int
    n_reference: int
    alpha: float
    least: float
    measures: tuple[Measure, ...]
    rising: tuple[Term, ...]
    unknown: tuple[Term, ...]
    notes: tuple[str, ...]
    profiles: tuple[Profile, Profile]

    @property
    def found(self) -> bool:
        """Whether any measure has changed."""
        return any(measure.changed for measure in self.measures)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the profiles as plain types, ready for JSON."""
        return {
            "drift": self.found,
            "model": self.model,
            "new": {"name": self.new, "texts": self.n_new},
            "reference": {"name": self.reference, "texts": self.n_reference},
            "false_alarm_rate": self.alpha,
            "least_size": self.least,
            "measures": [
                {
                    "name": measure.name,
                    "changed": measure.changed,
                    "size": round(measure.size, 6),
                    "p": measure.p,
                    "values": [
                        {
                            "name": line.name,
                            "was": round(line.was, 6),
                            "now": round(line.now, 6),
                            "difference": line.difference.to_dict(),
                        }
                        for line in measure.lines
                    ],
                }
                for measure in self.measures
            ],
            "rising_terms": [vars(term) for term in self.rising],
            "unknown_terms": [vars(term) for term in self.unknown],
            "notes": list(self.notes),
        }

    def to_html(self, path: str | Path) -> None:
        """Write a report as one HTML file; needs the extra ``report``.

        Parameters
        ----------
        path : str or pathlib.Path

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        InputError
            If the file cannot be written.
        """
        from kpoclf.learn.drift_report import write_drift_report

        write_drift_report(self, Path(path))


def drift(
    model: Model,
    data: Any,
    reference: Any = None,
    *,
    alpha: float = 0.01,
    least: float = 0.1,
    sample: int = 2000,
    seed: int = 0,
    options: ReadOptions = _USUAL,
    tell: Callable[[str], None] = lambda step: None,
) -> Drift:
    """Compare new texts with earlier ones, or with what a model was trained on.

    Seven measures are compared by one permutation test: share of known words, length, confidence,
    review score, status, label, and the words used. Near-duplicates are left out on either side first,
    so that copies do not count as evidence, and so are texts that the model was trained on: of those it
    is too sure.

    Parameters
    ----------
    model : Model
    data : path, or sequence of str
        The new texts.
    reference : path, or sequence of str, optional
        Earlier texts. If not given, the rows that the model was trained on, scored by models that saw
        none of their near-duplicates.
    alpha : float
        False-alarm rate, in (0, 1).
    least : float
        Size below which a difference beyond chance is not called a change, in [0, 1].
    sample : int
        Texts of either side at most, drawn at random.
    seed : int
        Of the sample, the permutations and the bootstrap.
    options : ReadOptions
        How files are read.
    tell : callable
        Called with the name of each step.

    Returns
    -------
    Drift

    Raises
    ------
    InputError
        If a file cannot be read, a side has too few different texts, or the model kept no rows to
        compare with.
    """
    trained = stored_rows(model)
    known = {text_key(row.text, seed) for row in trained}
    tell("reading texts")
    new = _sampled(data, sample, "the new texts", known, seed, options)
    notes = _notes(new, model)
    new_texts = _without_copies(new.texts)
    notes += _copies(new, new_texts)
    _enough(new_texts, new.name)
    if reference is not None:
        old = _sampled(reference, sample, "the reference", known, seed, options)
        old_texts = _without_copies(old.texts)
        notes += _notes(old, model) + _copies(old, old_texts)
        name = old.name
        _enough(old_texts, name)
        words = word_table(model, [*old_texts, *new_texts])
        old_words, new_words = _parted(words, len(old_texts))
        before = judged_profile(model, old_texts, old_words)
    else:
        if not trained:
            raise InputError(
                f"model {model.id} kept no rows to compare with: name earlier texts with --reference"
            )
        name = "the rows that the model was trained on"
        groups = np.array(near_duplicate_groups([row.text for row in trained]), np.int64)
        mixed = [m.text for m in read_mixed()] if model.trained.weights.knows_mixed else []
        every = word_table(model, [*(row.text for row in trained), *new_texts])
        train_words, new_words = _parted(every, len(trained))
        profile = unseen_profile(model, trained, groups, train_words, mixed, tell)
        chosen = np.unique(groups)
        if len(chosen) > sample:
            chosen = np.sort(np.random.default_rng(seed).choice(chosen, sample, replace=False))
        notes.append(
            f"reference: {len(chosen):,} of {len(trained):,} training rows, each scored by models that "
            "saw neither it nor its near-duplicates"
        )
        before = profile.take(chosen)
        old_words = train_words.take(chosen)
    after = judged_profile(model, new_texts, new_words)
    tell("testing")
    measures = compare_profiles(before, after, old_words, new_words, alpha, least, seed)
    rising, unknown = _terms(old_words, new_words)
    return Drift(
        model.id,
        new.name,
        name,
        len(after.kpo),
        len(before.kpo),
        alpha,
        least,
        measures,
        rising,
        unknown,
        tuple(notes),
        (before, after),
    )


def _sampled(
    data: Any, n: int, what: str, known: set[bytes], seed: int, options: ReadOptions
) -> TextSample:
    if isinstance(data, str | Path):
        return sample_texts(file_texts(str(data), options), n, shown(str(data)), known, seed)
    return sample_texts(as_texts(data), n, what, known, seed)


def _notes(sample: TextSample, model: Model) -> list[str]:
    found = []
    if sample.n_empty:
        found.append(f"{sample.name}: {sample.n_empty:,} rows without text left out")
    if sample.n_trained:
        found.append(f"{sample.name}: {trained_on(sample.n_trained, model.id)}")
    if sample.sampled:
        found.append(
            f"{sample.name}: a random sample of {len(sample.texts):,} different texts of "
            f"{sample.n_rows:,} rows"
        )
    return found


def _without_copies(texts: Sequence[str]) -> list[str]:
    groups = near_duplicate_groups(texts)
    return [text for i, text in enumerate(texts) if groups[i] == i]


def _copies(sample: TextSample, kept: Sequence[str]) -> list[str]:
    n = len(sample.texts) - len(kept)
    return [f"{sample.name}: {n:,} near-duplicates left out"] if n else []


def _enough(texts: Sequence[str], name: str) -> None:
    if len(texts) < MIN_TEXTS:
        raise InputError(
            f"{name}: {len(texts)} different texts that the model was not trained on: at least "
            f"{MIN_TEXTS} are needed to compare"
        )


def _parted(words: WordTable, n_first: int) -> tuple[WordTable, WordTable]:
    n = words.counts.shape[0]
    return words.take(np.arange(n_first)), words.take(np.arange(n_first, n))


def compare_profiles(
    before: Profile,
    after: Profile,
    old_words: WordTable,
    new_words: WordTable,
    alpha: float = 0.01,
    least: float = 0.1,
    seed: int = 0,
) -> tuple[Measure, ...]:
    """All measures of two sides, tested together.

    Parameters
    ----------
    before, after : Profile
        Of the reference and of the new texts.
    old_words, new_words : WordTable
        Of the same texts, with the same terms.
    alpha, least : float
        As for `drift`.
    seed : int

    Returns
    -------
    tuple of Measure
    """
    n_old, n_new = len(before.kpo), len(after.kpo)
    weights = [
        bootstrap_weights(np.arange(n), seed=seed + side) for side, n in enumerate((n_old, n_new))
    ]
    numbers = {
        "known words": (before.known_share, after.known_share),
        "words in a text": (old_words.n_words, new_words.n_words),
        "confidence": (before.confidence, after.confidence),
        "review score": (before.review_score, after.review_score),
    }
    in_scope = [p.status != "out_of_scope" for p in (before, after)]
    shares = {
        "status": {s: (before.status == s, after.status == s) for s in STATUSES},
        "label": {
            "KPO": (before.kpo & in_scope[0], after.kpo & in_scope[1]),
            "BPO": (~before.kpo & in_scope[0], ~after.kpo & in_scope[1]),
        },
    }
    X = _vectors(old_words, new_words)
    statistics = {
        name: numbers_distance(np.concatenate(values)) for name, values in numbers.items()
    }
    statistics |= {
        name: shares_distance(np.column_stack([np.concatenate(x) for x in classes.values()]))
        for name, classes in shares.items()
    }
    statistics["words used"] = mean_distance(X)
    tested = permutation_test(statistics, n_old, n_new, seed=seed)
    lines: dict[str, list[Line]] = {
        name: [_line(name, *values, *weights)] for name, values in numbers.items()
    }
    lines["status"] = [
        _line(f"status {s}", *(x.astype(np.float64) for x in shares["status"][s]), *weights)
        for s in STATUSES
    ]
    kept = [np.where(inside, 1.0, 0.0) for inside in in_scope]
    lines["label"] = [
        _line(
            "KPO of those in scope",
            *(x.astype(np.float64) for x in shares["label"]["KPO"]),
            *(w * k for w, k in zip(weights, kept, strict=True)),
            *kept,
        )
    ]
    lines["words used"] = []
    found = []
    for name, test in tested.items():
        size = test.value
        if name == "words used":
            size = _words_apart(X, n_old, test.value, test.by_chance)
        changed = test.adjusted_p <= alpha and size >= least
        found.append(Measure(name, tuple(lines[name]), size, test.adjusted_p, changed))
    return tuple(found)


def _line(
    name: str,
    was: NDArray[np.float64],
    now: NDArray[np.float64],
    old_weights: NDArray[np.float64],
    new_weights: NDArray[np.float64],
    old_kept: NDArray[np.float64] | None = None,
    new_kept: NDArray[np.float64] | None = None,
) -> Line:
    means, resampled = [], []
    for values, weights, kept in ((was, old_weights, old_kept), (now, new_weights, new_kept)):
        of_row = np.ones(len(values)) if kept is None else kept
        means.append(float(of_row @ values / max(of_row.sum(), 1)))
        resampled.append(weights @ values / np.maximum(weights.sum(axis=1), 1))
    low, high = np.percentile(resampled[1] - resampled[0], [2.5, 97.5])
    difference = Figure(means[1] - means[0], (float(low), float(high)), len(now))
    return Line(name, means[0], means[1], difference)


def _vectors(old_words: WordTable, new_words: WordTable) -> Any:
    """TF-IDF vectors of the texts of both sides, of the terms that two texts share."""
    counts = vstack((old_words.counts, new_words.counts), format="csr")
    shared = np.bincount(counts.indices, minlength=counts.shape[1]) > 1
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, np.flatnonzero(shared)])


def _words_apart(X: Any, n_old: int, value: float, by_chance: float) -> float:
    """Distance of the mean vectors over its largest value, that of texts without a term in common.

    What chance gives is taken off the squares of either.
    """
    means = [np.asarray(part.mean(axis=0)).ravel() for part in (X[:n_old], X[n_old:])]
    largest = sum(float(mean @ mean) for mean in means) - by_chance
    return float(np.sqrt(min(max(value - by_chance, 0.0) / max(largest, 1e-12), 1.0)))


def _terms(old_words: WordTable, new_words: WordTable) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """Terms that rise, and new terms that the model does not know, strongest first."""
    was, now = (w.counts.getnnz(axis=0).astype(np.float64) for w in (old_words, new_words))
    n_was, n_now = old_words.counts.shape[0], new_words.counts.shape[0]
    odds = [np.log((k + _PRIOR) / (n - k + _PRIOR)) for k, n in ((was, n_was), (now, n_now))]
    spread = np.sqrt(1 / (was + _PRIOR) + 1 / (now + _PRIOR))
    z = (odds[1] - odds[0]) / spread

    def told(order: NDArray[np.int64], which: NDArray[np.bool_]) -> tuple[Term, ...]:
        first = [i for i in order.tolist() if which[i] and now[i] >= _LEAST_TEXTS][:_N_TERMS]
        return tuple(Term(new_words.terms[i], int(was[i]), int(now[i])) for i in first)

    rising = told(np.argsort(-z, kind="stable"), z >= _LEAST_Z)
    return rising, told(np.lexsort((was, -now)), ~new_words.known)
