"""British spellings meet American ones before a word is stemmed."""

from __future__ import annotations

import re

__all__ = ["american", "british"]

# Verbs and nouns in -ise that Americans spell so too, up to their inflections and a prefix.
_KEEP_ISE = (
    "advertis|advis|apprais|appris|aris|chastis|compris|compromis|concis|cruis|demis|devis|disguis|"
    "enterpris|excis|exercis|expertis|franchis|fundrais|improvis|likewis|merchandis|nois|otherwis|prais|"
    "precis|premis|promis|rais|revis|ris|supervis|surmis|surpris|televis|treatis|upris|wis"
)
_ISE = re.compile(
    rf"^(?!(?:dis|im|over|pre|re|un)?(?:{_KEEP_ISE})(?:e|ed|es|er|ers|ing|able)$)"
    r"(\w{3,})is(e[ds]?|ers?|ing|ations?|ational|able)$"
)
_YSE = re.compile(r"^((?:\w*anal|paral|catal|hydrol|electrol|dial)y)s(e[ds]?|ers?|ing|able)$")
_OUR = re.compile(
    r"((?:mis)?behavi|col|(?:dis)?fav|harb|hon|lab|neighb|endeav|flav|hum|rum|od|vap|tum|rig|vig|val|fav|arm|parl|"
    r"splend|clam|cand|ferv|savi|sav)our(?=|s|ed|er|ers|ing|able|ably|al|ally|ful|ite|ites|hood|hoods|ism|ist|ists|less|ly|y$)"
)
_DOUBLE_L = re.compile(
    r"((?:cancel|channel|counsel|fuel|fulfil|initial|label|level|marshal|model|panel|pencil|signal|total|travel|tunnel|"
    r"dial|equal|instal|enrol|jewel|libel|quarrel|shovel|spiral|tutorial)l)(ed|ing|er|ers|or|ors|able)$"
)
# Where the ending itself says nothing: whole words, up to a plural or a verb's ending.
_WORDS = {
    "aeroplane": "airplane",
    "ageing": "aging",
    "aluminium": "aluminum",
    "anaesthesia": "anesthesia",
    "anaesthetic": "anesthetic",
    "analogue": "analog",
    "artefact": "artifact",
    "catalogue": "catalog",
    "centre": "center",
    "cheque": "check",
    "defence": "defense",
    "dialogue": "dialog",
    "diarise": "diarize",
    "draught": "draft",
    "enquire": "inquire",
    "enquiry": "inquiry",
    "enrol": "enroll",
    "enrolment": "enrollment",
    "fibre": "fiber",
    "fulfil": "fulfill",
    "fulfilment": "fulfillment",
    "grey": "gray",
    "gynaecology": "gynecology",
    "haematology": "hematology",
    "instalment": "installment",
    "judgement": "judgment",
    "jewellery": "jewelry",
    "kerb": "curb",
    "kilometre": "kilometer",
    "licence": "license",
    "litre": "liter",
    "manoeuvre": "maneuver",
    "metre": "meter",
    "mould": "mold",
    "offence": "offense",
    "organise": "organize",
    "orthopaedic": "orthopedic",
    "paediatric": "pediatric",
    "plough": "plow",
    "practise": "practice",
    "pretence": "pretense",
    "programme": "program",
    "skilful": "skillful",
    "sulphur": "sulfur",
    "theatre": "theater",
    "tyre": "tire",
}
_ENDINGS = ("", "s", "d", "r", "rs")


def _inflections() -> dict[str, str]:
    table = {}
    for word, american_word in _WORDS.items():
        for ending in _ENDINGS:
            if ending.startswith(("d", "r")) and not word.endswith("e"):
                continue
            stem = american_word
            if ending.startswith(("d", "r")) and not stem.endswith("e"):
                stem += "e"  # catalogued -> cataloged
            table[word + ending] = stem + ending
        if word.endswith("e"):
            table[word[:-1] + "ing"] = american_word.removesuffix("e") + "ing"
    table["centred"], table["centring"] = "centered", "centering"
    table["programmed"], table["programming"] = "programmed", "programming"
    table["programmer"], table["programmers"] = "programmer", "programmers"
    table["theatrical"] = "theatrical"
    table["enquiries"] = "inquiries"
    return table


_TABLE = _inflections()


def american(word: str) -> str:
    """American spelling of a lower-case word; a word that has no other comes back as it is.

    Examples
    --------
    >>> [american(w) for w in ("organisations", "analysing", "behavioural", "labelled", "cheques")]
    ['organizations', 'analyzing', 'behavioral', 'labeled', 'checks']
    >>> [american(w) for w in ("advise", "precise", "hour", "enterprise")]
    ['advise', 'precise', 'hour', 'enterprise']
    """
    known = _TABLE.get(word)
    if known is not None:
        return known
    if "ys" in word:
        word = _YSE.sub(r"\1z\2", word)
    if "is" in word:
        word = _ISE.sub(r"\1iz\2", word)
    if "our" in word:
        word = _OUR.sub(r"\1or", word, count=1)
    if "ll" in word:
        match = _DOUBLE_L.match(word)
        if match and not match[1].startswith(("enrol", "fulfil", "instal")):
            word = match[1][:-1] + match[2]
    return word


_BRITISH_WORDS: dict[str, list[str]] = {}
for _british, _american in _TABLE.items():
    if _british != _american:
        _BRITISH_WORDS.setdefault(_american, []).append(_british)


def british(word: str) -> list[str]:
    """Spellings that `american` turns into this word, other than the word itself.

    Examples
    --------
    >>> british("organizing")
    ['organising']
    >>> british("colors")
    ['colours']
    """
    candidates = list(_BRITISH_WORDS.get(word, ()))
    candidates += [word.replace("iz", "is"), word.replace("yz", "ys")]
    candidates.append(re.sub(r"or(?!.*or)", "our", word, count=1))
    candidates.append(re.sub(r"l(ed|ing|ers?|ors?|able)$", r"ll\1", word))
    return [c for c in dict.fromkeys(candidates) if c != word and american(c) == word]
