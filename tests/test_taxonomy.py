"""The taxonomy follows the article, and its loader lets no broken rule through."""

import re
from collections import Counter

import pytest

from kpoclf.errors import InputError
from kpoclf.resources import shipped
from kpoclf.taxonomy import CRITERIA, LABELS, load_taxonomy, read_taxonomy, tidy_label

SHIPPED = shipped("data", "taxonomy.toml").read_text(encoding="utf-8")
SLUG = re.compile(r"[a-z]+(-[a-z]+)*")


@pytest.fixture(scope="module")
def taxonomy():
    return load_taxonomy()


def test_there_are_sixty_services_and_many_of_either_label(taxonomy):
    assert len(taxonomy.services) >= 60
    labels = Counter(s.label for s in taxonomy.services.values())
    assert labels.keys() == {"KPO", "BPO"}
    assert min(labels.values()) >= 25


@pytest.mark.parametrize(
    "name",
    """legal research; financial modelling; investment research; market research;
    competitive intelligence; customer support; live chat support; data entry; payroll; r&d;
    clinical research; patent research; risk analysis; data analysis; engineering design;
    regulatory affairs; loan processing; eligibility processing; transcription;
    travel and reservations; game management""".split(";"),
    ids=str.strip,
)
def test_a_service_of_the_article_or_the_pilot_is_found_by_its_usual_name(taxonomy, name):
    assert taxonomy.find_service(name) in taxonomy.services


def test_every_slug_is_lower_case_words_with_hyphens(taxonomy):
    for slug in (*taxonomy.services, *taxonomy.out_of_scope):
        assert SLUG.fullmatch(slug), slug


def test_every_service_says_where_it_comes_from_in_one_line(taxonomy):
    for service in taxonomy.services.values():
        assert (service.article is None) != (service.neighbour is None), service.slug
        assert "\n" not in service.scope, service.slug
        assert len(service.scope) < 200, service.slug
        assert service.aliases, service.slug


def test_the_criteria_are_the_nine_of_the_article_in_its_order(taxonomy):
    assert tuple(c.name for c in taxonomy.criteria) == CRITERIA
    assert len(CRITERIA) == 9
    numbers = [c.article.split(".")[0] for c in taxonomy.criteria]
    assert numbers == list("123456789")


def test_every_section_named_is_a_heading_of_the_article(taxonomy):
    article = shipped("data").parent.parent / "shared" / "article.txt"
    if not article.is_file():
        pytest.skip("the article is not beside this checkout")
    headings = set(article.read_text(encoding="utf-8").splitlines())
    named = {s.article for s in taxonomy.services.values() if s.article}
    named |= {c.article for c in taxonomy.criteria}
    assert named - headings == set()


def test_a_service_or_kind_tells_its_label(taxonomy):
    assert taxonomy.label_of("payroll") == "BPO"
    assert taxonomy.label_of("legal-research") == "KPO"
    assert taxonomy.label_of("gibberish") == "OTHER"
    assert taxonomy.label_of("Payroll") is None


def test_every_slug_name_and_alias_finds_its_service_in_any_case_and_spacing(taxonomy):
    for service in taxonomy.services.values():
        spaced = service.slug.replace("-", " ")
        for name in (service.slug, spaced, service.name, *service.aliases):
            assert taxonomy.find_service(name) == service.slug
            assert taxonomy.find_service(f"  {name.upper().replace(' ', '  ')}\t") == service.slug
    for kind in taxonomy.out_of_scope:
        assert taxonomy.find_service(kind) == kind
    assert taxonomy.find_service("juggling") is None
    assert taxonomy.find_service("") is None


def test_the_labels_are_defined(taxonomy):
    assert tuple(taxonomy.definitions) == LABELS == ("BPO", "KPO", "OTHER")


@pytest.mark.parametrize("label", ["KPO", "kpo ", "\tKpo\n", "BPO", "bpo", "Other"])
def test_a_label_is_read_in_any_case_with_spaces_around(label):
    assert tidy_label(label) == label.strip().upper()


@pytest.mark.parametrize("label", ["", "K P O", "knowledge", None, 1, float("nan"), "ＫＰＯ"])
def test_what_is_no_label_is_none(label):
    assert tidy_label(label) is None


def test_the_taxonomy_is_read_once():
    assert load_taxonomy() is load_taxonomy()


SERVICE = """
[[service]]
slug = "first-service"
name = "First service"
label = "KPO"
scope = "What it covers."
aliases = ["another name"]
article = "Section"
"""
SECOND = SERVICE.replace("irst", "econd").replace("F", "S").replace("fe", "se")
SECOND = SECOND.replace("another name", "yet another name")
CRITERIA_TEXT = "".join(
    f'[[criterion]]\nname = "{name}"\ntitle = "T"\narticle = "S"\nKPO = "k"\nBPO = "b"\n'
    for name in CRITERIA
)
SMALL = f"""format = 1
[labels.KPO]
definition = "k"
[labels.BPO]
definition = "b"
[labels.OTHER]
definition = "o"
{SERVICE}{SECOND}{CRITERIA_TEXT}
[[out_of_scope]]
slug = "cooking"
scope = "Kitchens."
[[out_of_scope]]
slug = "sport"
scope = "Games."
"""


@pytest.fixture
def read(tmp_path):
    """Read a taxonomy given as text."""

    def call(content):
        path = tmp_path / "taxonomy.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_taxonomy(path)

    return call


def test_a_small_taxonomy_that_keeps_the_rules_is_read(read):
    found = read(SMALL)
    assert list(found.services) == ["first-service", "second-service"]
    assert list(found.out_of_scope) == ["cooking", "sport"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("format = 1\n", "", "format None is not 1"),
        ("format = 1", "format = 2", "format 2 is not 1"),
        ("format = 1", "format 1", "not valid TOML"),
        ("[labels.OTHER]", "[labels.ELSE]", "OTHER"),
        ('definition = "b"', 'definition = " "', "BPO: definition is missing or empty"),
        ('slug = "first-service"\n', "", "slug"),
        ('"first-service"', '"First-service"', "'First-service': a slug is lower-case words"),
        ('"first-service"', '"first service"', "'first service': a slug is lower-case words"),
        ('name = "First service"\n', "", "first-service: name is missing or empty"),
        ('name = "First service"', "name = 3", "first-service: name is missing or empty"),
        ('label = "KPO"\n', "", "first-service: label is missing or empty"),
        ('label = "KPO"', 'label = "OTHER"', "first-service: label 'OTHER' is not KPO or BPO"),
        ('scope = "What it covers."\n', "", "first-service: scope is missing or empty"),
        ('aliases = ["another name"]\n', "", "first-service: aliases is not a list of texts"),
        ('["another name"]', '"another name"', "first-service: aliases is not a list of texts"),
        ('["another name"]', "[1]", "first-service: aliases is not a list of texts"),
        ("another name", "Another name", "first-service: aliases are written in lower case"),
        ('article = "Section"\n', "", "first-service: give either article or neighbour"),
        ('article = "Section"', 'article = ""', "first-service: article is missing or empty"),
        ("yet another name", "another name", "'another name' names both first-service and sec"),
        ("another name", "second service", "'second service' names both first-service and sec"),
        ('"second-service"', '"first-service"', "first-service is there twice"),
        ('name = "skills"', 'name = "skill"', "the criteria must be nature, skills"),
        ('title = "T"', 'title = ""', "nature: title is missing or empty"),
        ('KPO = "k"', 'KPOS = "k"', "nature: KPO is missing or empty"),
        ('slug = "sport"', 'slug = "cooking"', "cooking is there twice"),
        ('slug = "sport"', 'slug = "another name"', "'another name' is both a service and an"),
        ('scope = "Games."', "", "sport: scope is missing or empty"),
        ("[[out_of_scope]]", "[[scope]]", "out_of_scope"),
        ("[[criterion]]", "[[criteria]]", "criterion"),
    ],
)
def test_a_broken_rule_is_refused_in_one_line_that_names_the_entry(read, old, new, told):
    every = old.startswith("[[")
    assert old in SMALL
    with pytest.raises(InputError) as error:
        read(SMALL.replace(old, new, -1 if every else 1))
    assert told in str(error.value)
    assert "taxonomy.toml: " in str(error.value)
    assert "\n" not in str(error.value)


def test_a_service_with_both_article_and_neighbour_is_refused(read):
    with pytest.raises(InputError, match="first-service: give either article or neighbour"):
        read(SMALL.replace('article = "Section"', 'article = "S"\nneighbour = "N"', 1))


def test_a_missing_file_and_one_in_another_encoding_are_refused_in_one_line(read, tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.toml: cannot be read \(No such file"):
        read_taxonomy(tmp_path / "nowhere.toml")
    with pytest.raises(InputError, match="not valid TOML"):
        read(SMALL.replace("Kitchens", "Küchen").encode("latin-1"))
