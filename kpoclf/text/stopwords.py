"""Words that carry no label: the grammar of English, and the prose that every posting shares."""

from __future__ import annotations

from functools import lru_cache

from kpoclf.resources import shipped

__all__ = ["FUNCTION_WORDS", "hiring_words"]

FUNCTION_WORDS = frozenset(
    """
    about above across after again against all almost along already also although always am among
    an and another any anybody anyone anything are around as at away back be became because become
    becomes been before being below between both but by can cannot could did do does doing done down
    during each either else enough etc even ever every everybody everyone everything few for from
    further get gets getting go goes going gone got had has have having he hence her here hers herself
    him himself his how however if in indeed instead into is it its itself just least less let lot
    made make makes making many may maybe me might mine more most much must my myself near neither
    never no nobody none nor not nothing now of off often on once one ones only onto or other others
    otherwise our ours ourselves out over own per perhaps quite rather really same shall she should
    since so some somebody someone something sometimes soon still such than that the their theirs
    them themselves then there therefore these they thing things this those though through throughout
    thus to together too toward towards under until up upon us very via was way we well were what
    whatever when whenever where whether which while who whoever whole whom whose why will with within
    without would yes yet you your yours yourself yourselves ll ve re don doesn didn isn aren wasn
    weren won wouldn couldn shouldn hasn haven hadn two three four five six seven eight nine ten
    first second third
    """.split()
)


@lru_cache(maxsize=1)
def hiring_words() -> frozenset[str]:
    """The prose of hiring: words that postings of every label share and duties seldom hold.

    From ``data/hiring-words.txt``, which `kpoclf.learn.hiring_words` derives from the corpus.

    Examples
    --------
    >>> sorted(hiring_words() & {"benefits", "opportunity", "invoice", "research"})
    ['benefits', 'opportunity']
    """
    return frozenset(shipped("data", "hiring-words.txt").read_text(encoding="utf-8").split())
