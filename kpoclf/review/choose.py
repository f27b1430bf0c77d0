"""Which texts of a file a person should label: uncertain ones, unlike each other, and random ones."""

from __future__ import annotations

import hashlib
import heapq
import re
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kpoclf.corpus.similarity import near_duplicates
from kpoclf.model.scorer import Scorer
from kpoclf.review.queue import Candidate, text_digest
from kpoclf.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kpoclf.judge.model import Judgements, Model
    from kpoclf.review.queue import Item

__all__ = ["Choice", "Row", "choose", "diverse", "urgency"]

_BATCH = 2000
_SHORTEST = 3  # words of a text that training takes
_ENOUGH = 5  # candidates for each text wanted, of which the diverse ones are taken
_MOST = 20  # those held for it: most may be copies of one ad
_LOOKED_AT = 200  # characters in which those words must be
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Row(NamedTuple):
    """A row of a file.

    Attributes
    ----------
    text : str
    place : str
        Such as ``"line 17"``.
    own : callable
        Gives the names and values of its columns; called for few rows only.
    """

    text: str
    place: str = ""
    own: Callable[[], Iterable[tuple[str, str]]] = tuple


@dataclass(frozen=True)
class Choice:
    """What to queue of a file.

    Attributes
    ----------
    candidates : list of Candidate
    drawn : dict of bytes to int
        Digests of texts that are queued already and were drawn by chance, with their place in the
        order of drawing.
    rows : int
        Rows of the file.
    distinct : int
        Different texts of three words or more.
    too_short : int
        Rows with fewer words.
    known : int
        Those of the different texts that are queued already.
    """

    candidates: list[Candidate]
    drawn: dict[bytes, int]
    rows: int
    distinct: int
    too_short: int
    known: int


class _Entry(NamedTuple):
    """A text with what orders it; `chance` is a number of 64 bits that hangs on the text alone."""

    order: float
    chance: int
    digest: bytes
    candidate: Candidate


def choose(
    model: Model,
    records: Iterable[Row],
    n: int,
    *,
    source: str = "",
    random_share: float = 0.2,
    queued: Mapping[bytes, Item] | None = None,
) -> Choice:
    """Choose texts to review.

    Parameters
    ----------
    model : Model
    records : iterable of Row
        Taken once, in bounded memory.
    n : int
        How many texts to choose.
    source : str
        Name of the file.
    random_share : float
        Share of them that is drawn by chance from all distinct texts of the file. Only these say how
        often the model is right. Queued texts that are drawn on the way come on top.
    queued : mapping of bytes to Item, optional
        Texts that are queued already, as `ReviewQueue.items` gives them. A row of this file that was
        queued with a text of other columns counts as queued.

    Returns
    -------
    Choice
        Fewer than `n` candidates if the file has no more that differ from each other and from what is
        queued. The random ones are spread evenly over the order of the others.

    Examples
    --------
    >>> import kpoclf
    >>> rows = [Row("Key the invoices into SAP."), Row("key the invoices into SAP!")]
    >>> found = choose(kpoclf.load(), rows, 2)
    >>> [candidate.label for candidate in found.candidates]
    ['BPO']
    """
    queued = queued or {}
    n_random = round(random_share * n)
    n_held = _MOST * n_random + len(queued) if n_random else 0  # any queued text may be drawn too
    file = _File(model, source, queued, n_held, _MOST * n)
    file.read(records)
    random, drawn = _draw(file.random, n_random, queued, model.id)
    known = [item.text for item in queued.values()] + [e.candidate.text for e in random.values()]
    taken = {entry.digest for entry in random.values()}
    pool = [entry for entry in file.urgent if entry.digest not in taken]
    urgent = _pick(model, known, pool, n - n_random)
    spread = [((i + 0.5) / len(urgent), e.candidate) for i, e in enumerate(urgent)]
    spread += [
        ((i + 0.5) / len(random), replace(e.candidate, chosen="random", draw=draw))
        for i, (draw, e) in enumerate(random.items())
    ]
    spread.sort(key=lambda place: place[0])
    candidates = [replace(candidate, priority=i) for i, (_, candidate) in enumerate(spread)]
    known_here = len(file.digests & queued.keys())
    return Choice(candidates, drawn, file.n_rows, len(file.digests), file.n_short, known_here)


class _File:
    """The rows of a file: some by chance, and the most urgent."""

    def __init__(
        self,
        model: Model,
        source: str,
        queued: Mapping[bytes, Item],
        n_random: int,
        n_urgent: int,
    ) -> None:
        self.model = model
        self.source = source
        self.queued = queued
        self.n_rows = self.n_short = 0
        self.digests: set[bytes] = set()
        self._random: list[_Entry] = []
        self._urgent: list[_Entry] = []
        self._sizes = (n_random, n_urgent)
        self._queued_rows = {
            item.row: (digest, item.own)
            for digest, item in queued.items()
            if item.own and item.source == source
        }

    def read(self, records: Iterable[Row]) -> None:
        """Take all rows; those that count as random already are not drawn again."""
        rows = iter(records)
        while batch := list(islice(rows, _BATCH)):
            texts = [_CONTROL.sub(" ", row.text) for row in batch]
            judged = self.model.judge(texts)
            urgent = urgency(judged, self.model.trained.thresholds.scope).tolist()
            for i, (text, row) in enumerate(zip(texts, batch, strict=True)):
                self.n_rows += 1
                if len(split_words(text[:_LOOKED_AT])) < _SHORTEST:
                    self.n_short += 1
                    continue
                digest = self._digest(text, row)
                if digest in self.digests:
                    continue
                self.digests.add(digest)
                chance = int.from_bytes(hashlib.sha256(b"chance" + digest).digest()[:8], "big")
                candidate = cache(partial(self._candidate, text, row, self.n_rows, judged, i))
                queued = self.queued.get(digest)
                if queued is None:
                    _keep(self._urgent, (urgent[i], chance, digest), candidate, self._sizes[1])
                if queued is None or queued.chosen == "uncertain":
                    _keep(self._random, (0.0, chance, digest), candidate, self._sizes[0])

    def _digest(self, text: str, row: Row) -> bytes:
        """That of the text, or of the other one with which this row was queued."""
        digest = text_digest(text)
        if digest not in self.queued and self.n_rows in self._queued_rows:
            queued, own = self._queued_rows[self.n_rows]
            if tuple(row.own()) == own:
                return queued
        return digest

    def _candidate(self, text: str, row: Row, number: int, judged: Judgements, i: int) -> Candidate:
        return Candidate(
            text=text,
            source=self.source,
            place=row.place,
            row=number,
            own=tuple(row.own()),
            model=self.model.id,
            label=judged.label[i],
            confidence=float(judged.confidence[i]),
            status=judged.status[i],
            service=judged.service[i],
            review_score=float(judged.review_score[i]),
        )

    @property
    def random(self) -> list[_Entry]:
        """A sample of the distinct texts in the order of drawing."""
        return sorted(self._random, reverse=True)

    @property
    def urgent(self) -> list[_Entry]:
        """Most urgent first."""
        return sorted(self._urgent, reverse=True)


def _keep(
    heap: list[_Entry],
    order: tuple[float, int, bytes],
    candidate: Callable[[], Candidate],
    size: int,
) -> None:
    """Put an entry on a heap that holds the largest `size` ones."""
    if len(heap) < size:
        heapq.heappush(heap, _Entry(*order, candidate()))
    elif heap and order > heap[0][:3]:
        heapq.heapreplace(heap, _Entry(*order, candidate()))


def urgency(judged: Judgements, scope: float) -> NDArray[np.float64]:
    """How soon a person should look at each text, from 0 to 1.

    Parameters
    ----------
    judged : Judgements
    scope : float
        The model's threshold of the probability of being in scope.

    Returns
    -------
    ndarray of shape (n_texts,)
        The review score, or the doubt about the scope where that is larger. 0 for texts in another
        language or none, which no label can help.
    """
    p = np.nan_to_num(judged.p_in_scope, nan=1.0)
    outside = judged.status == "out_of_scope"
    return np.where(outside, np.where(p < scope, p, 0.0), np.maximum(judged.review_score, 1 - p))


def _draw(
    pool: Sequence[_Entry], n: int, queued: Mapping[bytes, Item], model: str
) -> tuple[dict[int, _Entry], dict[bytes, int]]:
    """A random order up to its `n`-th new text: new ones by their place, places of queued ones.

    What is nearly a text of the queue stands for it; one that another model answered is passed over.
    """
    digests = list(queued)
    place = {digest: i for i, digest in enumerate(digests)}
    known = [item.text for item in queued.values()]
    random: dict[int, _Entry] = {}
    drawn: dict[bytes, int] = {}
    twins = _twins(known, [entry.candidate.text for entry in pool])
    for entry, near in zip(pool, twins, strict=True):
        if len(random) == n:
            break
        draw = len(random) + len(drawn)
        twin = place.get(entry.digest, near)
        if twin is None:
            random[draw] = entry
        elif twin < len(known):
            item = queued[digests[twin]]
            fresh = item.chosen == "uncertain" and digests[twin] not in drawn
            if fresh and item.model == model:
                drawn[digests[twin]] = draw
    return random, drawn


def _twins(known: Sequence[str], texts: Sequence[str]) -> list[int | None]:
    """For each text the place of one before it, in `known` and `texts`, that it nearly repeats."""
    found: list[int | None] = [None] * len(texts)
    for i, j, _ in near_duplicates([*known, *texts]):
        at = j - len(known)
        repeated = i >= len(known) and found[i - len(known)] is not None
        if at >= 0 and found[at] is None and not repeated:
            found[at] = i
    return found


def _pick(model: Model, known: Sequence[str], pool: Sequence[_Entry], n: int) -> list[_Entry]:
    """Urgent texts that differ from each other and from those that are known."""
    novel: list[_Entry] = []
    size = _ENOUGH * n
    for start in range(0, len(pool), max(size, 1)):
        block = pool[start : start + size]
        seen = [*known, *(entry.candidate.text for entry in novel)]
        twins = _twins(seen, [entry.candidate.text for entry in block])
        novel += [e for e, twin in zip(block, twins, strict=True) if twin is None]
        if len(novel) >= size:
            break
    vectors = _vectors(model, [*known, *(entry.candidate.text for entry in novel)])
    old, new = vectors[: len(known)], vectors[len(known) :]
    nearest = np.zeros(len(novel))
    for start in range(0, len(known), _BATCH):
        nearest = np.maximum(nearest, _largest(new @ old[start : start + _BATCH].T))
    chosen = diverse(np.array([entry.order for entry in novel]), new, n, nearest)
    return [novel[i] for i in chosen]


def _vectors(model: Model, texts: Sequence[str]) -> Any:
    """TF-IDF vectors of norm 1, sparse."""
    from scipy.sparse import csr_array

    features = Scorer(model.trained.weights).features(texts)
    places = (features.text, features.feature)
    shape = (len(texts), model.trained.weights.n_features)
    return csr_array((features.value, places), shape=shape)


def _largest(similarity: Any) -> NDArray[np.float64]:
    """Largest value of each row of a sparse matrix."""
    found: NDArray[np.float64] = similarity.max(axis=1).toarray().ravel()
    return found


def diverse(
    urgency: NDArray[np.float64],
    X: Any,
    n: int,
    nearest: NDArray[np.float64] | None = None,
) -> list[int]:
    """Choose texts one by one, each time the one with the largest urgency times novelty.

    Novelty is one less the largest cosine to a text that is chosen already.

    Parameters
    ----------
    urgency : ndarray of shape (n_texts,)
        Not negative.
    X : sparse array of shape (n_texts, n_features)
        Vectors of norm 1, not negative.
    n : int
    nearest : ndarray of shape (n_texts,), optional
        Largest cosine of each to texts that were chosen before.

    Returns
    -------
    list of int
        Positions, first choice first; all of them if there are no more than `n`.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> X = csr_array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> diverse(np.array([0.9, 0.8, 0.5]), X, 2)
    [0, 2]
    """
    near = np.zeros(len(urgency)) if nearest is None else nearest.copy()
    left = np.ones(len(urgency), bool)
    columns = X.T.tocsc()
    chosen: list[int] = []
    for _ in range(min(n, len(urgency))):
        best = int(np.where(left, urgency * np.maximum(1 - near, 0.0), -1.0).argmax())
        chosen.append(best)
        left[best] = False
        near = np.maximum(near, X @ columns[:, [best]].toarray().ravel())
    return chosen
