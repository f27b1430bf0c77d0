"""The hash table against a dict, and against keys made to collide."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kpoclf.model import hash_table
from kpoclf.model.hash_table import HashTable

keys = st.lists(st.integers(1, 2**64 - 1), unique=True, max_size=300)


def numbers(values):
    return np.array(values, np.uint64)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(keys, st.integers(0, 300), keys)
def test_it_finds_what_a_dict_finds(known, cut, asked):
    table, expected = HashTable(1), dict(zip(known, range(len(known)), strict=True))
    for part in (known[:cut], known[cut:]):
        values = np.array([expected[k] for k in part], np.int32)
        table.insert([numbers(part)], values)
    assert len(table) == len(known)
    asked = [*known, *asked, 1, 2**64 - 1]
    found = table.find([numbers(asked)]).tolist()
    assert found == [expected.get(k, -1) for k in asked]


def test_a_key_of_two_parts_is_found_only_if_both_are_equal():
    first, second = numbers([5, 5, 6]), numbers([0, 7, 7])
    table = HashTable(2)
    table.insert([first, second], np.arange(3, dtype=np.int32))
    assert table.find([first, second]).tolist() == [0, 1, 2]
    assert table.find([numbers([6, 7]), numbers([0, 7])]).tolist() == [-1, -1]


def test_a_hundred_thousand_keys_in_a_row_are_all_found():
    many = np.arange(1, 100_001, dtype=np.uint64)
    table = HashTable(1)
    for part in np.array_split(many, 7):
        table.insert([part], part.astype(np.int32))
    assert len(table) == len(many)
    assert (table.find([many]) == many).all()
    assert (table.find([many + np.uint64(200_000)]) == -1).all()


def test_keys_made_to_share_their_slots_give_no_wrong_value_and_no_endless_search():
    # The inverse of the multiplier makes keys whose first slot is one and the same.
    inverse = pow(int(hash_table._SPREAD), -1, 2**64)
    hostile = numbers([(i * inverse) % 2**64 for i in range(1, 2001)])
    table = HashTable(1)
    assert len(set(table._slots([hostile]).tolist())) == 1
    table.insert([hostile], np.arange(2000, dtype=np.int32))
    found = table.find([hostile])
    there = found >= 0
    assert there.sum() == len(table)
    assert (found[there] == np.flatnonzero(there)).all()


def test_tables_of_every_size_hold_all_their_keys():
    rng = np.random.default_rng(0)
    for n in range(100, 6000, 97):
        some = np.unique(rng.integers(1, 2**63, n).astype(np.uint64))
        table = HashTable(1)
        table.insert([some], np.arange(len(some), dtype=np.int32))
        assert len(table) == len(some)
        assert (table.find([some]) == np.arange(len(some))).all()
