"""Word sets: what is refused and why, what is lost and said, checksums, published files."""

import json

import numpy as np
import pytest

from seqkit.core.errors import FormatError, OptionError, VocabularyError
from seqkit.debias.words.lookup import places
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text import vocab as vocab_module
from seqkit.text.readers.catalogue import shipped
from seqkit.text.vocab import Vocab

SHIPPED = ("gender", "religion", "ethnicity", "age")


def make(**parts):
    given = {
        "definitional": (("she", "he"), ("woman", "man")),
        "equalize": (("queen", "king"),),
        "lists": {"jobs": ("nurse", "judge")},
    }
    return WordSets("w", **(given | parts))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"definitional": (("she", "he"), ("he", "man"))},
            r"definitional columns: 'he' is in both 'she', 'he' and 'he', 'man'",
        ),
        ({"definitional": (("she", "he"), ("he", "she"))}, r"definitional columns: 'he' is in both"),
        ({"definitional": (("she", "he"), ("a", "b", "c"))}, r"\('a', 'b', 'c'\) has 3 words, expected 2"),
        ({"definitional": (("she", "he"), ("she", "he"))}, r"\('she', 'he'\) is there twice"),
        ({"definitional": (("she",),)}, r"definitional set 1 is \('she',\), expected at least 2 words"),
        ({"definitional": (("she", "she"),)}, r"'she' is there twice"),
        ({"definitional": ("she", "he")}, r"definitional set 1: got 'she', expected several words"),
        ({"definitional": (("she", ""),)}, r"got '', expected a word"),
        ({"definitional": (("she", 3),)}, r"got 3, expected a word"),
        ({"equalize": (("queen", "king"), ("king", "duchess"))}, r"equalize sets: 'king' is in both"),
        ({"specific": ("lady", "lady")}, r"specific: 'lady' is there twice"),
        ({"lists": {"jobs": ()}}, r"list 'jobs' is empty"),
        ({"lists": {"jobs": ("nurse", "nurse")}}, r"list 'jobs': 'nurse' is there twice"),
        ({"classes": ("female", "male", "other")}, r"got 3 classes, expected 2"),
        ({"definitional": (), "equalize": (), "lists": {}}, r"got no words"),
    ],
)
def test_bad_words_get_an_error_that_names_them(parts, message):
    with pytest.raises(OptionError, match=message):
        make(**parts)


def test_one_letter_typo_that_puts_a_word_of_the_other_class_into_a_column_is_refused():
    """FEE's female_2 has "he" for "her"."""
    with pytest.raises(OptionError, match="'he' is in both"):
        WordSets("fee", definitional=(("she", "he"), ("he", "his")))


def test_picked_lists_share_no_word_and_have_one_length_when_asked():
    words = make(lists={"a": ("x", "y"), "b": ("z",), "c": ("y", "u")})
    assert words.pick("a", "b") == (("x", "y"), ("z",))
    with pytest.raises(OptionError, match="'y' is in both"):
        words.pick("a", "c")
    with pytest.raises(OptionError, match=r"one length here \(a 2, b 1\)"):
        words.pick("a", "b", equal=True)
    with pytest.raises(OptionError, match="no list 'jbos'; known: jobs.*Did you mean 'jobs'"):
        make().pick("jbos")


def test_word_sets_cannot_be_changed_and_have_the_checksum_of_their_content():
    words = make()
    with pytest.raises(AttributeError):
        words.name = "x"
    with pytest.raises(TypeError):
        words.lists["jobs"] = ()
    assert words.checksum == make().checksum != make(specific=("lady",)).checksum
    assert words.columns == (("she", "woman"), ("he", "man"))
    assert words.protected == ("she", "he", "woman", "man", "queen", "king")


def test_known_keeps_what_is_there_and_names_what_is_lost_by_set():
    words = make(specific=("lady", "sir"))
    kept, lost = words.known({"she", "he", "queen", "king", "nurse", "judge", "woman", "lady"}, limit=0.5)
    assert kept.definitional == (("she", "he"),)
    assert kept.specific == ("lady", "woman")  # woman lost its partner and stays protected
    assert dict(lost) == {"definitional": ("man",), "specific": ("sir",)}
    again, nothing = words.known({*words.protected, "nurse", "judge"})
    assert again == words
    assert not nothing


def test_known_refuses_when_a_set_lost_more_than_the_limit_and_names_the_words():
    """Other tools go on with nan: WEFE #15, #18, #21."""
    with pytest.raises(
        VocabularyError, match=r"w: definitional: 1 of 2 sets are lost, at most 20% may be: 'man' not in"
    ):
        make().known({"she", "he", "queen", "king", "nurse", "judge", "woman"})
    there = {*make().protected, "judge"}
    with pytest.raises(VocabularyError, match=r"jobs: 1 of 2 words are lost, at most 20% may be: 'nurse'"):
        make().known(there)
    assert make().known(there, need=("definitional",))[0].lists["jobs"] == ("judge",)
    assert make().known(there, limit=0.5)[1]["jobs"] == ("nurse",)
    with pytest.raises(OptionError, match="no set 'jobz'.*Did you mean 'jobs'"):
        make().known(there, need=("jobz",))
    with pytest.raises(VocabularyError, match="none of its words"):
        make(lists={}).known({"x"}, limit=1)


def test_case_rules_find_words_and_merge_sets_that_become_one():
    words = WordSets(
        "w",
        definitional=(("She", "He"), ("she", "he"), ("Mary", "John")),
        equalize=(("Dad", "Mom"), ("mom", "dad")),
    )
    low = {"she", "he", "mary", "john", "mom", "dad"}
    kept, lost = words.known(low, case="lower")
    assert kept.definitional == (("she", "he"), ("mary", "john"))
    assert len(kept.equalize) == 1
    assert not lost
    assert words.known({*low, "Mary", "John"}, case="any")[0].definitional == (
        ("she", "he"),
        ("Mary", "John"),
        ("mary", "john"),
    )
    with pytest.raises(VocabularyError, match="case='lower' or 'any'"):
        words.known(low)


def test_case_any_acts_on_every_spelling_and_accent_form_and_pairs_those_that_are_written_alike():
    words = WordSets(
        "w",
        definitional=(("she", "he"), ("mother", "father"), ("él", "ella")),
        equalize=(("fiancee", "fiance"),),
        specific=("lady",),
        lists={"jobs": ("nurse", "judge"), "other": ("clerk",)},
    )
    vocab = "she he She He SHE HE mother father Mother FATHER él ella el El Ella ELLA fiancée fiancé fiancee "
    vocab += "fiance Fiancée lady Lady LADY nurse Nurse Judge JUDGE sHe Clerk clerks"
    kept, lost = words.known(Vocab(vocab.split(), [1] * len(vocab.split())), case="any")
    assert kept.definitional == (
        ("she", "he"),
        ("mother", "father"),
        ("él", "ella"),
        ("She", "He"),
        ("SHE", "HE"),
    )
    assert kept.equalize == (("fiancee", "fiance"), ("fiancée", "fiancé"))
    alone = {"sHe", "Mother", "FATHER", "el", "El", "Ella", "ELLA", "Fiancée"}  # no other word is written so
    assert set(kept.specific) == {"lady", "Lady", "LADY", *alone}
    assert dict(kept.lists) == {"jobs": ("nurse", "Judge"), "other": ("Clerk",)}
    assert not lost
    once, _ = words.known(Vocab(vocab.split(), [1] * len(vocab.split())), case="exact", limit=1)
    assert (once.definitional, once.specific) == (words.definitional, ("lady",))


def test_case_any_leaves_a_form_that_is_listed_itself_to_that_word():
    words = WordSets("w", equalize=(("May", "Mark"), ("may", "can")), specific=("il", "ìl"))
    vocab = ("May", "may", "MAY", "Mark", "mark", "MARK", "can", "Can", "il", "Il")
    kept, _ = words.known(Vocab(list(vocab), [1] * len(vocab)), case="any")
    assert kept.equalize[:2] == (("May", "Mark"), ("may", "can"))
    assert ("MAY", "MARK") in kept.equalize
    assert {"mark", "Can", "Il"} <= set(kept.protected)
    decomposed = Vocab(["me\u0300re", "pe\u0300re"], [1, 1])
    pairs = WordSets("fr", definitional=(("mère", "père"),))
    assert pairs.known(decomposed, case="any")[0].definitional == (("me\u0300re", "pe\u0300re"),)
    thai = WordSets("th", specific=("ม้า",))  # the mark makes another word there
    assert thai.known(Vocab(["ม้า", "มา"], [1, 1]), case="any")[0].specific == ("ม้า",)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_words_have_a_right_checksum_a_source_and_a_licence(name):
    words = getattr(WordSets, name)()
    raw = json.loads((shipped("words") / f"{name}.json").read_text(encoding="utf-8"))
    assert raw["sha256"] == words.checksum
    assert (words.name, words.language, words.licence) == (name, "en", "CC0-1.0")
    assert words.source
    assert len(words.classes) == words.num_classes >= 2
    assert len(words.definitional) >= 5
    every = {*words.protected, *(word for found in words.lists.values() for word in found)}
    assert all(word == word.lower() and word.isascii() for word in every)
    for part, found in words.lists.items():
        if "names" not in part:
            assert not set(found) & set(words.protected), part


def test_shipped_gender_covers_the_planted_corpus():
    truths = json.loads((shipped("planted") / "truths.json").read_text(encoding="utf-8"))
    gender = WordSets.gender()
    assert {*truths["biased_professions"], *truths["unbiased_professions"]} <= set(
        gender.lists["professions"]
    )
    assert {word for pair in truths["relations"]["male-female"] for word in pair} <= set(gender.protected)


@pytest.mark.parametrize("name", SHIPPED)
def test_saved_words_come_back_equal(name, tmp_path):
    words = WordSets.shipped(name)
    words.save(tmp_path / "w.json")
    assert WordSets.load(tmp_path / "w.json") == words


def test_changed_file_is_noticed_by_its_checksum_and_one_without_is_read(tmp_path):
    make().save(path := tmp_path / "w.json")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("queen", "quean"), encoding="utf-8")
    with pytest.raises(FormatError, match=r"w.json: its words have sha256 .*, the file says"):
        WordSets.load(path)
    found = json.loads(text)
    del found["sha256"]
    path.write_text(json.dumps(found), encoding="utf-8")
    assert WordSets.load(path) == make()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "not valid JSON"),
        ("3", "got a int, expected word sets"),
        ('{"a": ["x", "x"]}', "'x' is there twice"),
        ('{"a": "xy"}', "got 'xy' as a, expected a list"),
        ('[{"first_target": {}}]', "not word sets"),
        (
            '{"kind": "word-sets", "name": "n", "specifik": ["a"]}',
            "unknown key 'specifik'.*Did you mean 'specific'",
        ),
        ('{"kind": "word-sets", "specific": ["a"]}', "not word sets"),
    ],
)
def test_bad_file_is_an_error_with_its_name(content, message, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match=message) as caught:
        WordSets.load(path)
    assert str(path) in str(caught.value)


def test_unknown_names_and_missing_files_are_named(tmp_path):
    with pytest.raises(OptionError, match="unknown word sets 'gendre'.*Did you mean 'gender'"):
        WordSets.shipped("gendre")
    with pytest.raises(FormatError, match="no such file"):
        WordSets.load(tmp_path / "none.json")
    with pytest.raises(FormatError, match="definitional_pairs.json: no such file"):
        WordSets.load_debiaswe(tmp_path)


def test_published_debiaswe_files_are_read(data):
    words = WordSets.load_debiaswe(data("debias/debiaswe"))
    sizes = len(words.definitional), len(words.equalize), len(words.specific), len(words.lists["professions"])
    assert sizes == (10, 52, 1441, 320)
    assert words.columns[0][0] == "woman"
    assert "Catholic_priest" in words.protected  # not in the published list of specific words, but equalised


def test_published_weat_files_are_read(data):
    lists = WordSets.load(data("debias/weat/WEAT.json"))
    assert len(lists.lists) == 31
    assert len(lists.pick("male_names", "female_names", "career", "family")) == 4
    tests = WordSets.load(data("debias/weat/weat_caliskan2017.json"))
    assert len(tests.lists) == 40
    assert [name for name in tests.lists if name.startswith("6:")] == [
        "6:male names",
        "6:female names",
        "6:career",
        "6:family",
    ]


def test_places_are_found_in_the_bytes_of_an_opened_vocabulary_as_by_its_index(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    tokens = list(
        dict.fromkeys("".join(random.choice(list("abé語"), random.integers(1, 6))) for _ in range(3000))
    )
    Vectors(Vocab(tokens, [0] * len(tokens)), np.ones((len(tokens), 1), np.float32)).save(tmp_path / "v")
    monkeypatch.setattr(vocab_module, "_SEARCH_FROM", 0)
    monkeypatch.setattr(vocab_module, "_PIECE", 100)
    vocab = Vectors.load(tmp_path / "v").vocab
    wanted = [*tokens[::7], "not there", "x"]
    assert places(vocab, wanted) == {word: tokens.index(word) for word in tokens[::7]}
    assert "tokens" not in vars(vocab)


def test_some_of_the_classes_are_chosen_in_the_order_given_and_the_others_stay_specific():
    religion = WordSets.religion()
    two = religion.choose("muslim", "christian")
    assert two.classes == ("muslim", "christian")
    assert two.definitional[0] == ("islam", "christianity")
    assert all(len(row) == 2 for row in two.equalize)
    assert set(two.protected) == set(religion.protected)
    with pytest.raises(OptionError, match="no class 'muslin'; known: jewish, christian, muslim"):
        religion.choose("jewish", "muslin")
    with pytest.raises(OptionError, match="got the class jewish alone"):
        religion.choose("jewish")
    assert make().choose("2", "1").definitional[0] == ("he", "she")  # classes without names are numbered


def test_shipped_planted_words_are_those_of_the_planted_corpus():
    truths = json.loads((shipped("planted") / "truths.json").read_text(encoding="utf-8"))
    planted = WordSets.shipped("planted")
    biased = truths["biased_professions"]
    assert set(planted.lists["female_jobs"]) == {job for job in biased if biased[job] > 0.5}
    assert set(planted.lists["male_jobs"]) == {job for job in biased if biased[job] < 0.5}
    assert set(planted.lists["fair_jobs"]) == set(truths["unbiased_professions"])
    text = set((shipped("planted") / "text.txt").read_text(encoding="utf-8").split())
    every = {*planted.protected, *(word for words in planted.lists.values() for word in words)}
    assert every <= text


PUBLISHED = {  # the form of each published file, small
    "definitional_pairs.json": [["she", "he"], ["woman", "man"]],
    "equalize_pairs.json": [["monastery", "convent"], ["Dad", "Mom"]],
    "gender_specific_seed.json": ["lady", "gentleman"],
    "professions.json": [["nurse", -0.1, -0.9], ["judge", 0.0, 0.3]],
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_published_file_of_debiaswe_is_read_alone(name, tmp_path):
    (tmp_path / name).write_text(json.dumps(PUBLISHED[name]), encoding="utf-8")
    words = WordSets.load(tmp_path / name)
    assert {
        "definitional_pairs.json": words.definitional == (("she", "he"), ("woman", "man")),
        "equalize_pairs.json": words.equalize == (("monastery", "convent"), ("Dad", "Mom")),
        "gender_specific_seed.json": words.specific == ("lady", "gentleman"),
        "professions.json": dict(words.lists) == {"professions": ("nurse", "judge")},
    }[name]


def test_a_folder_of_debiaswe_files_is_joined_and_its_full_list_goes_before_the_seed(tmp_path):
    for name, content in PUBLISHED.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    words = WordSets.load(tmp_path)
    assert words == WordSets.load_debiaswe(tmp_path)
    assert (words.specific, words.classes) == (("lady", "gentleman"), ("female", "male"))
    (tmp_path / "gender_specific_full.json").write_text('["duchess"]', encoding="utf-8")
    assert WordSets.load(tmp_path).specific == ("duchess",)


def test_words_that_the_authors_took_out_of_a_test_are_left_out(tmp_path):
    parts = ("first_target", "second_target", "first_attribute", "second_attribute")
    test = {
        part: {"name": part, "words": [f"{part[0]}{i}{part[-1]}x{k}" for k in range(3)]}
        for i, part in enumerate(parts)
    }
    test["first_target"]["remove"] = [test["first_target"]["words"][1]]
    (tmp_path / "tests.json").write_text(json.dumps([test]), encoding="utf-8")
    lists = WordSets.load(tmp_path / "tests.json").lists
    assert [len(words) for words in lists.values()] == [2, 3, 3, 3]
