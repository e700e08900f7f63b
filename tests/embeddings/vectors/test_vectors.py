"""embeddings.vectors, neighbours, analogy, similarity; evaluate; the top-k and float-parsing kernels."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, OptionError, ShapeError, VocabularyError
from seqkit.core.files import stored
from seqkit.embeddings.testsets import analogies, similarity
from seqkit.embeddings.vectors import analogy, neighbours
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.evaluate.metrics.rank_correlation import spearman
from seqkit.text.vocab import Vocab


def make(words=40, dim=7, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(words, dim)).astype(np.float32)
    return Vectors(Vocab([f"w{i}" for i in range(words)], np.zeros(words, np.int64)), matrix)


def cosine(vectors, i, j):
    a, b = vectors.matrix[i].astype(np.float64), vectors.matrix[j].astype(np.float64)
    return a @ b / np.sqrt((a @ a) * (b @ b))


def test_nearest_is_a_full_sort_of_cosines():
    vectors = make()
    for word, found in zip(["w3", "w8"], vectors.nearest(["w3", "w8"], 5), strict=True):
        row = int(word[1:])
        expected = sorted((-cosine(vectors, row, j), j) for j in range(40) if j != row)[:5]
        assert [other for other, _ in found] == [f"w{j}" for _, j in expected]
        assert [score for _, score in found] == pytest.approx([-c for c, _ in expected], abs=1e-6)


def test_batched_queries_equal_each_alone():
    vectors = make(300, 16)
    together = vectors.nearest([f"w{i}" for i in range(300)], 4)
    assert all(vectors.nearest([f"w{i}"], 4)[0][0][0] == together[i][0][0] for i in range(300))


def test_queries_by_vector_keep_every_word():
    vectors = make()
    assert vectors.nearest(vectors.matrix[:3], 1) == [[(f"w{i}", pytest.approx(1.0))] for i in range(3)]


@pytest.mark.parametrize("by", ["cosine", "euclidean"])
@pytest.mark.parametrize(
    ("n", "v", "d", "k"), [(1, 1, 1, 1), (3, 7, 2, 20), (5, 1000, 8, 10), (64, 777, 3, 4)]
)
def test_law_blocks_and_backends_equal_a_full_sort(monkeypatch, by, n, v, d, k):
    random = np.random.default_rng(1)
    matrix = random.integers(-2, 3, (v, d)).astype(np.float32)  # many ties and zero rows
    queries = random.integers(-2, 3, (n, d)).astype(np.float32)
    norms = np.sqrt((matrix**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = queries.astype(np.float64) / np.sqrt((queries.astype(np.float64) ** 2).sum(1))[:, None]
        cos = np.nan_to_num(unit @ (matrix / norms[:, None]).T)
    scores = cos if by == "cosine" else -((queries[:, None, :] - matrix[None]) ** 2).sum(2)
    results = []
    for rows, small in ((16384, 1 << 40), (100, 1 << 40), (100, 0)):
        monkeypatch.setattr(neighbours, "ROWS", rows)
        monkeypatch.setattr(neighbours, "SMALL", small)
        ids, best = neighbours.nearest_rows(queries, matrix, norms, k, by=by)
        expected = -np.sort(-scores, axis=1)[:, : min(k, v)]
        np.testing.assert_allclose(best, expected, atol=2e-6)
        np.testing.assert_allclose(np.take_along_axis(scores, ids, 1), expected, atol=2e-6)
        assert all(len(set(row)) == len(row) for row in ids.tolist())
        results.append(ids.tolist())
    assert results[1] == results[2]


def test_most_similar_leaves_given_words_out_and_equals_the_formula():
    vectors = make()
    found = vectors.most_similar(positive=["w1", "w2"], negative=["w3"], topn=3)
    unit = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    target = unit[1] + unit[2] - unit[3]
    scores = unit @ target / np.linalg.norm(target)
    scores[[1, 2, 3]] = -9
    assert [word for word, _ in found] == [f"w{i}" for i in np.argsort(-scores)[:3]]
    assert vectors.most_similar("w5")[0] == vectors.nearest(["w5"])[0][0]


def test_restricted_search_sees_only_frequent_words():
    vectors = make()
    assert all(int(word[1:]) < 10 for word, _ in vectors.most_similar("w20", topn=40, restrict=10))
    assert len(vectors.restrict(10)) == 10
    assert vectors.restrict(["w7", "w2", "w7"]).vocab.tokens == ["w7", "w2"]


def test_rank_counts_the_closer_words():
    vectors = make()
    order = [word for word, _ in vectors.nearest(["w0"], 39)[0]]
    assert [vectors.rank("w0", word) for word in order[:5]] == [1, 2, 3, 4, 5]
    assert set(vectors.closer_than("w0", order[3])) == set(order[:3])


def test_odd_one_out_is_the_least_like_the_mean():
    matrix = np.array([[1, 0], [1, 0.1], [1, -0.1], [-1, 0.5]], np.float32)
    assert Vectors(Vocab(list("abcx"), [0] * 4), matrix).doesnt_match(["a", "b", "x", "c"]) == "x"


def test_unknown_word_has_a_policy_and_near_spellings():
    vectors = Vectors(Vocab(["king", "queen", "<unk>"], [3, 2, 1]), np.eye(3, dtype=np.float32))
    with pytest.raises(
        VocabularyError, match=r"'kign' is not in the vocabulary \(3 tokens\). Did you mean 'king'"
    ):
        vectors["kign"]
    assert vectors.rows(["king", "kign"], missing="skip").tolist() == [0]
    assert vectors.rows(["king", "kign"], missing="unk").tolist() == [0, 2]
    with pytest.raises(VocabularyError, match="nothing to look for"):
        vectors.most_similar("kign", missing="skip")


def test_zero_vector_has_similarity_zero_and_says_so():
    vectors = Vectors(Vocab(["a", "b"], [1, 1]), np.array([[0, 0], [1, 2]], np.float32))
    with pytest.warns(UserWarning, match=r"1 rows are zero \(first: 'a'\)"):
        assert vectors.similarity("a", "b") == 0.0
    assert vectors.similarity("b", "b") == pytest.approx(1.0)


def test_matrix_and_vocabulary_must_agree():
    with pytest.raises(ShapeError, match=r"got a matrix of shape \(3, 2\) for 2 words"):
        Vectors(Vocab(["a", "b"], [1, 1]), np.zeros((3, 2), np.float32))
    with pytest.raises(ShapeError, match=r"got queries of shape \(1, 3\), expected \(N, 7\)"):
        make().nearest(np.zeros((1, 3), np.float32))


def brute_analogy(vectors, a, b, c, method):
    m = vectors.matrix.astype(np.float64)
    u = m / np.linalg.norm(m, axis=1, keepdims=True)
    if method == "3cosadd":
        score = u @ (u[b] - u[a] + u[c])
    elif method == "3cosmul":
        s = (1 + u @ u.T) / 2
        score = s[b] * s[c] / (s[a] + 0.001)
    else:
        score = -((m - (m[b] - m[a] + m[c])) ** 2).sum(1)
    score[[a, b, c]] = -np.inf
    return int(np.argmax(score))


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul", "euclidean"])
def test_analogy_methods_equal_their_formulas(method):
    vectors = make(60, 5)
    questions = np.random.default_rng(2).permuted(np.tile(np.arange(60), (80, 1)), axis=1)[:, :3]
    ids, _ = analogy.solve(vectors.space, questions, method=method, topn=2)
    assert [row[0] for row in ids.tolist()] == [brute_analogy(vectors, *q, method) for q in questions]
    assert all(not set(row) & set(q) for row, q in zip(ids.tolist(), questions.tolist(), strict=True))


def test_analogy_by_the_mean_of_the_other_pairs_equals_its_formula():
    vectors = make(30, 6)
    pairs = [(f"w{2 * i}", f"w{2 * i + 1}") for i in range(6)]
    section = analogies.Section("x", [(*p, *q) for p, q in itertools.permutations(pairs, 2)])
    u = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    right = 0
    for a, b, c, d in section.questions:
        rows = [int(word[1:]) for word in (a, b, c, d)]
        others = [(int(x[1:]), int(y[1:])) for x, y in pairs if (x, y) != (c, d)]
        score = u @ (u[rows[2]] + np.mean([u[y] - u[x] for x, y in others], axis=0))
        score[rows[:3]] = -np.inf
        right += int(np.argmax(score)) == rows[3]
    total = analogies.evaluate(vectors, [section], method="3cosavg").total
    assert total.value * total.count == pytest.approx(right)


def test_questions_with_words_out_of_reach_are_missing_not_wrong():
    vectors = make()
    section = analogies.Section(
        "gram1", [("w0", "w1", "w2", "w3"), ("w0", "w1", "w2", "w30"), ("w0", "w1", "w2", "none")]
    )
    result = analogies.evaluate(vectors, [section], restrict=20)
    assert (result.total.count, result.total.missing) == (1, 2)
    assert (result.semantic.count, result.syntactic.count) == (0, 1)
    assert result.total.signature["question_words"] == "excluded"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (": x\na b c\n", "line 2 has 3 words, expected four"),
        (": x\n", "holds no question"),
        (b"\xff", "0xff is not valid utf-8"),
    ],
)
def test_bad_question_file_names_its_line(tmp_path, text, message):
    path = tmp_path / "q.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FormatError, match=message):
        analogies.read_questions(path)


def test_unknown_method_is_named():
    with pytest.raises(OptionError, match="unknown method '3cossum'.*Did you mean"):
        make().analogy("w0", "w1", "w2", method="3cossum")


def test_golden_glove_analogies(data):
    """646 of 961 answerable Google questions, by unit rows and argmax of b - a + c: computed independently of seqkit."""
    vectors = Vectors.load(data("embeddings/glove.6B.50d.top2446.txt.gz"))
    result = analogies.evaluate(vectors, analogies.read_questions(data("analogy/questions-words.txt")))
    assert (round(result.total.value * result.total.count), result.total.count, result.total.missing) == (
        646,
        961,
        18583,
    )


def test_golden_sizes_of_real_test_sets(data):
    sections = analogies.read_questions(data("analogy/questions-words.txt"))
    assert sum(len(s.questions) for s in sections) == 19544
    assert sum(len(s.questions) for s in sections if not s.syntactic) == 8869
    for name, size in (("EN-WS-353-ALL", 353), ("EN-SIMLEX-999", 999), ("EN-RG-65", 65)):
        assert len(similarity.read_pairs(data(f"similarity/{name}.txt"))) == size


def test_similarity_counts_missing_pairs():
    vectors = make()
    pairs = [(f"w{i}", f"w{i + 1}", float(cosine(vectors, i, i + 1))) for i in range(10)]
    score = similarity.evaluate(vectors, [*pairs, ("w0", "nobody", 3.0)])
    assert (score.value, score.count, score.missing) == (pytest.approx(1.0), 10, 1)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=40))
def test_spearman_equals_scipy(pairs):
    from scipy.stats import spearmanr

    x, y = np.array(pairs, float).T
    if np.ptp(x) and np.ptp(y):
        assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
    else:
        assert np.isnan(spearman(x, y))


NUMBERS = st.one_of(
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**25), 10**25).map(str),
    st.sampled_from(
        [
            "+1",
            "1.",
            ".5",
            "-.5e-3",
            "1e400",
            "1E+2",
            "0.1000000000000000055511151231257827",
            "1_0",
            "nan",
            "inf",
            "٣",
            "1e",
            "-",
            ".",
            "",
            "0x1",
            "1.2.3",
            "1e5x",
            "1 ",
        ]
    ),
)


@given(
    st.lists(
        st.tuples(st.text("ab ", max_size=4), st.lists(NUMBERS, min_size=1, max_size=4)),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 3),
)
def test_law_parsed_numbers_equal_pythons(rows, dim):
    from seqkit.kernels.parse_floats import cpu, reference

    lines = [" ".join([word, *numbers]).encode() for word, numbers in rows]
    data = np.frombuffer(b"\n".join(lines) + b"\n", np.uint8)
    ends = np.flatnonzero(data == 10)[: len(lines)]
    if len(ends) < len(lines):
        return
    starts = np.append(0, ends[:-1] + 1)
    outs = [np.zeros((len(lines), dim), np.float32) for _ in range(2)]
    results = [
        module.parse_rows(data, starts, ends, out) for module, out in zip((reference, cpu), outs, strict=True)
    ]
    assert results[0][1].tolist() == results[1][1].tolist()
    good = results[0][1] == 0
    assert outs[0][good].tobytes() == outs[1][good].tobytes()
    assert results[0][0][good].tolist() == results[1][0][good].tolist()


@pytest.fixture
def large(tmp_path, monkeypatch):
    """Vectors in a file that counts as large, of which a bit in the last row was flipped."""
    for module, name in ((files, "VERIFY_BELOW"), (files, "READ_AT_ONCE"), (stored, "BLOCK")):
        monkeypatch.setattr(module, name, 1 << 10)
    make(400, 50).save(tmp_path / "v")
    (path,) = (tmp_path / "v").glob("arrays-*")
    place = 8 + int.from_bytes(path.read_bytes()[:8], "little") + 4 * 400 * 50 - 3
    whole = bytearray(path.read_bytes())
    whole[place] ^= 1
    path.write_bytes(whole)
    return tmp_path / "v"


def test_row_of_large_vectors_is_checked_when_it_is_read_and_all_of_them_when_searched(large):
    vectors = Vectors.load(large)
    assert (len(vectors), vectors.dim) == (400, 50)
    np.testing.assert_array_equal(vectors["w3"], make(400, 50)["w3"])
    np.testing.assert_array_equal(vectors[["w9", "w3"]], make(400, 50)[["w9", "w3"]])
    assert len(Vectors.load(large, limit=100).nearest(["w3"], 2)[0]) == 2
    for use in (
        lambda: vectors["w399"],
        lambda: vectors.nearest(["w3"], 2),
        lambda: vectors.save(large.parent / "copy"),
        lambda: Vectors.load(large).similarity("w3", "w4"),
    ):
        with pytest.raises(ModelFileError, match="do not match their checksum, so the file is damaged"):
            use()
