"""Association tests of word sets: those of published files, chosen by label, number or lists."""

import pytest

from seqkit.core.errors import OptionError
from seqkit.debias.words.comparisons import PUBLISHED, comparisons
from seqkit.debias.words.sets import WordSets

LISTS = {name: tuple(f"{name} {i}" for i in range(3)) for four in PUBLISHED for name in four}
PAIRS = (("she", "he"), ("woman", "man"))


def test_lists_of_the_published_names_give_the_ten_tests():
    found = comparisons(WordSets("WEAT", lists=LISTS))
    assert [int(label.partition(":")[0]) for label in found] == list(range(1, 11))
    assert found["8:science/arts_2"].b == LISTS["female_terms_2"]


def test_a_file_of_tests_gives_each_with_its_four_lists():
    names = ("flowers", "insects", "pleasant", "unpleasant")
    lists = {f"{i}:{name}": (f"{i}{name}",) for i in (1, 2) for name in names}
    assert list(comparisons(WordSets("tests", lists=lists))) == ["1:flowers/insects", "2:flowers/insects"]


@pytest.mark.parametrize("name", ["7:math/arts", "7", "math/arts"])
def test_a_published_test_is_chosen_by_label_number_or_lists(name):
    assert list(comparisons(WordSets("WEAT", lists=LISTS), [name])) == ["7:math/arts"]


def test_a_name_that_several_tests_have_chooses_all_of_them():
    names = "european_american_names_7/african_american_names_7"
    assert len(comparisons(WordSets("WEAT", lists=LISTS), [names])) == 2


def test_other_lists_are_compared_by_name():
    words = WordSets("WEAT", lists=LISTS)
    own = "flowers/weapons/pleasant_9/unpleasant_9"
    assert comparisons(words, [own])[own].y == LISTS["weapons"]
    gender = WordSets("gender", PAIRS, lists={"jobs": ("nurse",), "arts": ("dance",)})
    assert comparisons(gender, ["jobs/arts"])["jobs/arts"].a == ("she", "woman")


def test_what_is_no_test_is_refused_with_the_way_out():
    words = WordSets("WEAT", lists=LISTS)
    with pytest.raises(OptionError, match="no test 'flwers/insects'.*Did you mean '1:flowers/insects'"):
        comparisons(words, ["flwers/insects"])
    with pytest.raises(OptionError, match="are two lists, to be compared by two classes, got 0"):
        comparisons(words, ["flowers/weapons"])
    with pytest.raises(OptionError, match="plain: no two lists to compare"):
        comparisons(WordSets("plain", lists={"x": ("a",)}))
