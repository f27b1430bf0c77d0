"""Terms: stems and pairs of neighbouring stems, with stop terms passed over."""

from kpoclf.text.stopwords import FUNCTION_WORDS, hiring_words
from kpoclf.text.terms import StemAnalyzer, TableAnalyzer, join_terms

TABLE = {"key": "key", "keying": "key", "invoices": "invoic", "the": None, "ledger": "ledger"}


def test_neighbours_make_bigrams_in_the_order_of_the_text():
    assert join_terms(["a", "b", "a"]) == ["a", "b", "a", "a b", "b a"]


def test_an_unknown_word_parts_its_neighbours():
    assert join_terms(["a", None, "b"]) == ["a", "b"]


def test_without_bigrams_there_are_stems_only():
    assert join_terms(["a", "b"], bigrams=False) == ["a", "b"]
    assert join_terms([]) == []


def test_stop_terms_are_passed_over_and_their_neighbours_meet():
    assert StemAnalyzer(["the"])("Keying the invoices") == ["key", "invoic", "key invoic"]
    assert TableAnalyzer(TABLE)("Keying the invoices") == ["key", "invoic", "key invoic"]


def test_a_stop_word_stops_its_other_forms_too():
    assert StemAnalyzer(["benefit"])("Benefits benefiting benefit") == []


def test_the_table_leaves_unknown_words_out_but_keeps_their_place():
    assert TableAnalyzer(TABLE)("key unheard ledger") == ["key", "ledger"]


def test_both_spellings_make_the_same_terms():
    analyzer = StemAnalyzer(FUNCTION_WORDS | hiring_words())
    british = "Analyse the behaviour of organisations and catalogue cheques"
    american = "Analyze the behavior of organizations and catalog checks"
    assert analyzer(british) == analyzer(american) != []


def test_the_prose_of_hiring_makes_no_terms():
    text = "Join us! A competitive salary, great benefits; your CV, degree and experience."
    assert StemAnalyzer(FUNCTION_WORDS | hiring_words())(text) == []


def test_stop_words_are_lower_case():
    for word in FUNCTION_WORDS | hiring_words():
        assert word == word.lower()
