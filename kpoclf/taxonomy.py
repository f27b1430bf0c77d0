"""The labels, services and criteria that kpoclf decides between, read from ``data/taxonomy.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from kpoclf.errors import InputError
from kpoclf.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "CLASSES",
    "CRITERIA",
    "LABELS",
    "POLES",
    "TASKS",
    "Criterion",
    "Service",
    "Taxonomy",
    "load_taxonomy",
    "tidy_label",
]

CLASSES = ("BPO", "KPO")
"""The two labels that a model gives, in the order of ``classes_``."""

LABELS = (*CLASSES, "OTHER")
"""The labels of labelled data; ``OTHER`` rows teach what is out of scope."""

CRITERIA = (
    "nature",
    "skills",
    "complexity",
    "decisions",
    "value",
    "training",
    "interaction",
    "outcomes",
    "geography",
)
"""The nine differences, in the order of the article."""

POLES = tuple((criterion, pole) for criterion in CRITERIA for pole in CLASSES)
"""Each of the nine with either pole."""

TASKS = (*CLASSES, "NONE")
"""What a sentence states: a duty of either kind, or none."""


@dataclass(frozen=True)
class Service:
    """A kind of work.

    Attributes
    ----------
    slug : str
        Its name in data files, such as ``"market-research"``.
    name : str
        Its name for people.
    label : str
        ``"KPO"`` or ``"BPO"``.
    scope : str
        What it covers, in one line.
    aliases : tuple of str
        Other names for it, lower case.
    article : str or None
        The section of the article that gives it as an example.
    neighbour : str or None
        Why it stands beside one that the article names; None if `article` is given.
    """

    slug: str
    name: str
    label: str
    scope: str
    aliases: tuple[str, ...]
    article: str | None
    neighbour: str | None


@dataclass(frozen=True)
class Criterion:
    """One of the article's nine differences, with what either pole looks like."""

    name: str
    title: str
    article: str
    kpo: str
    bpo: str


@dataclass(frozen=True)
class Taxonomy:
    """All that ``taxonomy.toml`` says, checked.

    Attributes
    ----------
    definitions : mapping of str to str
        One sentence for each of ``KPO``, ``BPO`` and ``OTHER``.
    services : mapping of str to Service
        By slug, in the order of the file.
    criteria : tuple of Criterion
        The nine, in the article's order.
    out_of_scope : mapping of str to str
        Kinds of ``OTHER`` rows: slug to scope.
    """

    definitions: Mapping[str, str]
    services: Mapping[str, Service]
    criteria: tuple[Criterion, ...]
    out_of_scope: Mapping[str, str]

    def label_of(self, service: str) -> str | None:
        """Label that a service slug or out-of-scope kind belongs to; None if unknown."""
        if service in self.services:
            return self.services[service].label
        return "OTHER" if service in self.out_of_scope else None

    @cached_property
    def _slugs(self) -> Mapping[str, str]:
        names = {alias: s.slug for s in self.services.values() for alias in s.aliases}
        names |= {s.name.lower(): s.slug for s in self.services.values()}
        for slug in (*self.services, *self.out_of_scope):
            names[slug] = names[_spaced(slug)] = slug
        return names

    def find_service(self, name: str) -> str | None:
        """Slug for a slug (hyphens or spaces), name or alias in any case; None if there is none.

        Examples
        --------
        >>> load_taxonomy().find_service("Equity Research ")
        'investment-research'
        """
        return self._slugs.get(" ".join(name.lower().split()))


def tidy_label(label: object) -> str | None:
    """Label as written by a person to one of `LABELS`; None if it is none of them.

    Examples
    --------
    >>> tidy_label(" Bpo "), tidy_label("knowledge")
    ('BPO', None)
    """
    tidy = str(label).strip().upper()
    return tidy if tidy in LABELS else None


@lru_cache(maxsize=1)
def load_taxonomy() -> Taxonomy:
    """The taxonomy that travels with the package.

    Returns
    -------
    Taxonomy

    Examples
    --------
    >>> load_taxonomy().services["payroll"].label
    'BPO'
    """
    return read_taxonomy(shipped("data", "taxonomy.toml"))


def read_taxonomy(path: Path) -> Taxonomy:
    """Read and check a taxonomy file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Taxonomy

    Raises
    ------
    InputError
        If the file is missing, is no TOML, or breaks a rule of the format; the message names the
        entry.
    """
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None
    if content.get("format") != 1:
        raise InputError(f"{path}: format {content.get('format')!r} is not 1")
    try:
        return _build(content)
    except (InputError, KeyError, TypeError, AttributeError) as error:
        wanted = f"missing {error}" if isinstance(error, KeyError) else error
        raise InputError(f"{path}: {wanted}") from None


def _build(content: Mapping[str, Any]) -> Taxonomy:
    definitions = {label: _text(content["labels"][label], "definition", label) for label in LABELS}
    services: dict[str, Service] = {}
    names: dict[str, str] = {}
    for entry in content["service"]:
        service = _service(entry)
        own = (service.slug, _spaced(service.slug), service.name.lower(), *service.aliases)
        for name in own:
            if names.setdefault(name, service.slug) != service.slug:
                raise InputError(f"{name!r} names both {names[name]} and {service.slug}")
        if service.slug in services:
            raise InputError(f"service {service.slug} is there twice")
        services[service.slug] = service
    criteria = tuple(
        Criterion(
            name=entry["name"],
            title=_text(entry, "title", entry["name"]),
            article=_text(entry, "article", entry["name"]),
            kpo=_text(entry, "KPO", entry["name"]),
            bpo=_text(entry, "BPO", entry["name"]),
        )
        for entry in content["criterion"]
    )
    if tuple(c.name for c in criteria) != CRITERIA:
        raise InputError(f"the criteria must be {', '.join(CRITERIA)}, in this order")
    kinds: dict[str, str] = {}
    for entry in content["out_of_scope"]:
        if entry["slug"] in kinds:
            raise InputError(f"out-of-scope kind {entry['slug']} is there twice")
        kinds[entry["slug"]] = _text(entry, "scope", entry["slug"])
    clash = {name for kind in kinds for name in (kind, _spaced(kind))} & names.keys()
    if clash:
        raise InputError(f"{sorted(clash)[0]!r} is both a service and an out-of-scope kind")
    return Taxonomy(definitions, services, criteria, kinds)


def _service(entry: Mapping[str, Any]) -> Service:
    slug = entry["slug"]
    if slug != slug.lower() or not slug.replace("-", "").isalpha():
        raise InputError(f"service {slug!r}: a slug is lower-case words joined by hyphens")
    label = _text(entry, "label", slug)
    if label not in CLASSES:
        raise InputError(f"service {slug}: label {label!r} is not KPO or BPO")
    origin = {key: _text(entry, key, slug) for key in ("article", "neighbour") if key in entry}
    if len(origin) != 1:
        raise InputError(f"service {slug}: give either article or neighbour")
    aliases = entry.get("aliases")
    if not isinstance(aliases, list) or not all(isinstance(a, str) for a in aliases):
        raise InputError(f"service {slug}: aliases is not a list of texts")
    if any(alias != alias.lower() for alias in aliases):
        raise InputError(f"service {slug}: aliases are written in lower case")
    return Service(
        slug=slug,
        name=_text(entry, "name", slug),
        label=label,
        scope=_text(entry, "scope", slug),
        aliases=tuple(aliases),
        article=origin.get("article"),
        neighbour=origin.get("neighbour"),
    )


def _spaced(slug: str) -> str:
    """A slug as people write it: ``"market research"``."""
    return slug.replace("-", " ")


def _text(entry: Mapping[str, Any], key: str, owner: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{owner}: {key} is missing or empty")
    return value
