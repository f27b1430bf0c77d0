"""British spellings meet American ones, and words that only look British stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.text.spelling import american, british
from kpoclf.text.stems import stem

PAIRS = """
organise/organize organisation/organization organisations/organizations organiser/organizer
specialised/specialized utilisation/utilization prioritising/prioritizing minimise/minimize
optimisation/optimization digitised/digitized authorisation/authorization recognises/recognizes
standardised/standardized finalise/finalize realise/realize capitalisation/capitalization
monetise/monetize itemised/itemized anonymise/anonymize synthesise/synthesize
emphasise/emphasize apologise/apologize diarised/diarized
analyse/analyze analysed/analyzed analyser/analyzer analysing/analyzing catalyse/catalyze
paralysed/paralyzed hydrolyse/hydrolyze
behaviour/behavior behavioural/behavioral behaviours/behaviors colour/color coloured/colored
colourful/colorful favourable/favorable favourite/favorite labour/labor labourer/laborer
neighbour/neighbor neighbourhood/neighborhood honour/honor endeavour/endeavor harbour/harbor
rumours/rumors humour/humor vapour/vapor rigour/rigor tumour/tumor odour/odor savoury/savory
centre/center centres/centers centred/centered fibre/fiber litres/liters metre/meter
theatre/theater cheque/check cheques/checks catalogue/catalog catalogues/catalogs
cataloguing/cataloging catalogued/cataloged dialogue/dialog programme/program
programmes/programs programmed/programmed
labelled/labeled labelling/labeling modelling/modeling modelled/modeled travelled/traveled
travelling/traveling traveller/traveler cancelled/canceled cancelling/canceling
counselling/counseling counsellor/counselor channelled/channeled signalling/signaling
totalled/totaled levelled/leveled marshalling/marshaling fuelled/fueled initialled/initialed
dialled/dialed
fulfil/fulfill fulfils/fulfills fulfilment/fulfillment enrol/enroll enrols/enrolls
enrolment/enrollment instalment/installment instalments/installments skilful/skillful
licence/license licences/licenses defence/defense offence/offense judgement/judgment
judgements/judgments pretence/pretense ageing/aging grey/gray tyre/tire tyres/tires
artefact/artifact artefacts/artifacts paediatric/pediatric anaesthetic/anesthetic
anaesthesia/anesthesia orthopaedic/orthopedic gynaecology/gynecology haematology/hematology
manoeuvre/maneuver manoeuvring/maneuvering mould/mold moulds/molds plough/plow
practise/practice practising/practicing practised/practiced sulphur/sulfur
aluminium/aluminum aeroplane/airplane kerb/curb
""".split()

# Words that end or sound like British spellings but are spelt so everywhere.
SAME = """
advise advised adviser precise precisely hour hours tour tours tourist four pour our course courses
source sourcing resource resources court courteous advertise advertising supervise supervising
promise comprise exercise raise fundraiser noise disease rise expertise enterprise premises
franchise merchandise revise revising compromise surprise devise improvise disguise likewise
otherwise journal journey courier flour contour detour ill controller installed filling billing
drilling polling rolling excellent collect fulfilled enrolled installing analyst analysis basis
thesis crisis visitor listing history physics tissue issue laboratory collaborate tournament
""".split()

words = st.text("abcdefghijlmnoprsuyz", min_size=2, max_size=12) | st.sampled_from(
    [spelling for pair in PAIRS for spelling in pair.split("/")] + SAME
)
quick = settings(derandomize=True, deadline=None, max_examples=100)


@pytest.mark.parametrize("pair", PAIRS)
def test_both_spellings_have_one_stem(pair):
    one, other = pair.split("/")
    assert stem(one) == stem(other)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_american_spelling_is_its_own(pair):
    one, other = pair.split("/")
    assert american(other) == other
    assert american(one) == other or american(one) == one


def test_both_spellings_of_a_verb_in_rise_have_one_stem():
    for verb in ("authoris", "summaris", "categoris", "characteris", "computeris"):
        for ending in ("e", "ed", "ing", "es"):
            assert stem(verb + ending) == stem(verb[:-1] + "z" + ending)


@pytest.mark.parametrize("word", SAME)
def test_a_word_that_only_looks_british_stays(word):
    assert american(word) == word


@quick
@given(words)
def test_for_every_word_american_changes_nothing_twice(word):
    assert american(american(word)) == american(word)


@quick
@given(words)
def test_for_every_word_british_gives_other_spellings_that_lead_back(word):
    for spelling in british(word):
        assert spelling != word
        assert american(spelling) == word


@pytest.mark.parametrize("pair", ["organise/organize", "behaviour/behavior", "cheques/checks"])
def test_british_finds_the_other_spelling(pair):
    one, other = pair.split("/")
    assert one in british(other)


def test_a_word_in_another_script_and_an_empty_one_stay():
    for word in ("", "бухгалтер", "会計士", "überprüfung"):
        assert american(word) == word
        assert british(word) == []
