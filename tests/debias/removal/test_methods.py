"""Each method against brute force in float64, and the faults of published programs that must not come back."""

from dataclasses import replace

import numpy as np
import pytest
from debias.planted import planted
from scipy.linalg import pinv, sqrtm
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import seqkit
from seqkit.core.errors import FormatError, OptionError, TrainingError, VocabularyError
from seqkit.debias.direction import find_direction
from seqkit.debias.removal.class_maps import leading
from seqkit.debias.removal.methods.double_hard import alignment
from seqkit.debias.removal.methods.leace import moments
from seqkit.debias.removal.methods.soft import solve
from seqkit.debias.removal.methods.transport import transports
from seqkit.debias.removal.statistics import most_biased
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def with_rows(vectors, changes):
    matrix = vectors.matrix.copy()
    for word, row in changes.items():
        matrix[vectors.vocab.index[word]] = row
    return Vectors(vectors.vocab, matrix)


def brute_hard(vectors, words, basis):
    """Word by word, in the order of the paper; equalised words take their sign from where they were."""
    found = {}
    original = {word: unit(vectors[word].astype(np.float64)) for word in vectors}
    for word, x in original.items():
        found[word] = x if word in words.protected else unit(x - basis.T @ (basis @ x))
    for row in words.equalize:
        mean = np.mean([original[word] for word in row], axis=0)
        rest = mean - basis.T @ (basis @ mean)
        for word in row:
            away = basis.T @ (basis @ (original[word] - mean))
            found[word] = rest + np.sqrt(1 - rest @ rest) * unit(away)
    return np.array([found[word] for word in vectors])


@pytest.mark.parametrize("classes", [2, 3])
def test_hard_is_the_loop_over_words(classes):
    vectors, words, *_ = planted(classes, neutral=60)
    eraser = seqkit.HardDebias(dims=classes - 1).fit(vectors, words)
    np.testing.assert_allclose(eraser(vectors).matrix, brute_hard(vectors, words, eraser.basis), atol=2e-7)


def test_equalised_words_that_are_not_specific_keep_their_side():
    """debiaswe equalises after neutralising: for words outside its list rounding then decides which of them becomes male."""
    wrong = 0
    for seed in range(40):
        vectors, words, *_ = planted(seed=seed, neutral=20)
        bare = WordSets("w", words.definitional, words.equalize)
        eraser = seqkit.HardDebias().fit(vectors, bare)
        side = eraser(vectors)[[row[0] for row in bare.equalize]] @ eraser.basis[0]
        wrong += int((side <= 0).sum())
    assert wrong == 0


def test_pairs_that_were_not_whole_are_told_and_their_words_left_alone():
    vectors, words, *_ = planted(neutral=20)
    more = WordSets("w", words.definitional, (*words.equalize, ("n0", "nowhere")), words.specific)
    eraser = seqkit.HardDebias().fit(vectors, more)
    assert eraser.report["lost"] == {"equalize": ["nowhere"]}
    np.testing.assert_allclose(eraser(vectors)["n0"], unit(vectors["n0"]), atol=1e-7)


def test_degenerate_words_are_refused_by_name():
    vectors, words, *_ = planted(neutral=20)
    eraser = seqkit.HardDebias().fit(vectors, words)
    g = eraser.basis[0]
    with pytest.raises(FormatError, match="the vector of 'n3' lies in the subspace.*Make it a specific word"):
        eraser(with_rows(vectors, {"n3": 5 * g}))
    for eraser_ in (eraser, seqkit.DoubleHard(candidates=2).fit(vectors, words)):
        with pytest.raises(FormatError, match="the vector of 'n3' is zero"):
            eraser_(with_rows(vectors, {"n3": 0}))
        assert not eraser_(with_rows(vectors, {"s0.0": 0}))["s0.0"].any()  # specific words may be zero
    with pytest.raises(FormatError, match="the vector of 'e0.0' is zero"):
        eraser(with_rows(vectors, {"e0.0": 0}))
    with pytest.raises(
        FormatError, match=r"'e1.0' does not differ from the mean of \('e1.0', 'e1.1'\) in the subspace"
    ):
        eraser(with_rows(vectors, {"e1.0": vectors["e1.1"]}))


def test_sets_of_three_words_need_two_directions():
    vectors, words, *_ = planted(3, neutral=20)
    with pytest.raises(
        OptionError,
        match=r"hard: got 1 directions, expected 2 or more to equalise \('e0.0', 'e0.1', 'e0.2'\)",
    ):
        seqkit.HardDebias().fit(vectors, words)
    assert seqkit.HardDebias(equalize=False).fit(vectors, words).steps[1].sets == ()


def soft_parts(vectors, words):
    x = unit(vectors.matrix.astype(np.float64))
    neutral = [i for i, word in enumerate(vectors) if word not in words.protected]
    return x, x[neutral], find_direction(vectors, words.definitional).basis


def soft_value(linear, x, neutral, basis, strength):
    kept = ((x @ linear.T @ linear @ x.T - x @ x.T) ** 2).sum() / len(x) ** 2
    return kept + strength * ((neutral @ linear.T @ linear @ basis.T) ** 2).sum() / len(neutral)


def test_soft_is_the_minimum_that_a_search_over_all_maps_finds():
    vectors, words, *_ = planted(dim=5, neutral=60)
    eraser = seqkit.SoftDebias(strength=0.7).fit(vectors, words)
    parts = soft_parts(vectors, words)
    best = minimize(
        lambda t: soft_value(t.reshape(5, 5), *parts, 0.7),
        np.eye(5).ravel(),
        method="BFGS",
        options={"gtol": 1e-9},
    ).fun
    ours = soft_value(eraser.steps[0].linear, *parts, 0.7)
    assert ours == pytest.approx(best, rel=1e-6)
    assert eraser.report["certificate"]["objective"] == pytest.approx(
        ours / soft_value(np.eye(5), *parts, 0.7), rel=1e-9
    )


def test_soft_proves_its_optimum_and_bias_falls_as_strength_rises():
    """A published program takes ten steps of 1e-6 from a random start."""
    vectors, words, rows, *_ = planted(neutral=200)
    x, neutral, basis = soft_parts(vectors, words)
    bias, change = [], []
    for strength in (0.0, 0.01, 0.1, 1.0, 10.0):
        eraser = seqkit.SoftDebias(strength=strength).fit(vectors, words)
        assert eraser.report["certificate"]["gap"] < 1e-12
        assert eraser.report["certificate"]["gradient"] < 1e-10
        s = eraser.steps[0].linear.T @ eraser.steps[0].linear
        bias.append(((neutral @ s @ basis.T) ** 2).sum())
        change.append(((x @ (s - np.eye(len(s))) @ x.T) ** 2).sum())
    assert (np.diff(bias) < 0).all()
    assert (np.diff(change) > 0).all()
    assert change[0] < 1e-20
    assert eraser(vectors).matrix[rows].std() > 0.1


def test_soft_with_the_sum_of_the_paper_is_weaker_the_more_words_there_are():
    vectors, words, *_ = planted(neutral=200)
    same = 0.2 * (len(vectors) - len(words.protected)) / len(vectors) ** 2
    a = seqkit.SoftDebias(strength=0.2, scale="sum").fit(vectors, words).steps[0].linear
    np.testing.assert_allclose(
        a, seqkit.SoftDebias(strength=same).fit(vectors, words).steps[0].linear, atol=1e-12
    )


def test_soft_is_certified_too_where_the_solution_lies_on_the_edge():
    """With neutral words of a very uneven spread X would leave the cone: the projected gradient takes over."""
    random = np.random.default_rng(1)
    values, b, root = np.array([0.01, 0.02, 0.3, 5.0]), random.normal(size=(4, 1)), random.normal(size=(4, 4))
    c = root @ root.T
    found = solve(values, b, c, 3.0)
    assert found.steps > 0
    assert found.gradient < 1e-6
    assert found.gap < 1e-10
    assert np.linalg.eigvalsh(found.x)[0] > -1e-12

    def value(r):
        x = r.reshape(4, 4) @ r.reshape(4, 4).T
        return ((x - np.diag(values)) ** 2).sum() + 3 * (b.T @ x @ c @ x @ b).item()

    starts = [
        minimize(value, random.normal(size=16), method="BFGS", options={"gtol": 1e-10, "maxiter": 5000}).fun
        for _ in range(5)
    ]
    assert value(np.linalg.cholesky(found.x + 1e-15 * np.eye(4)).ravel()) == pytest.approx(
        min(starts), rel=1e-6
    )


def test_soft_refuses_words_that_do_not_span_the_space():
    vectors, words, *_ = planted(neutral=20)
    wide = Vectors(vectors.vocab, np.hstack([vectors.matrix, np.zeros((len(vectors), 1), np.float32)]))
    with pytest.raises(FormatError, match="80 words do not span their 17 dimensions"):
        seqkit.SoftDebias().fit(wide, words)


def test_double_hard_keeps_the_best_component_not_the_last():
    vectors, words, *_ = planted(neutral=300)
    method = seqkit.DoubleHard(candidates=6)
    eraser = method.fit(vectors, words)
    found = eraser.report["frequency"]
    assert found["component"] == int(np.argmin(found["alignments"])) + 1
    assert len(found["alignments"]) == 6
    x = unit(vectors.matrix.astype(np.float64))
    u = np.linalg.svd(x - x.mean(0))[2][found["component"] - 1]
    moved = (
        x - np.outer(x @ u, u) - x.mean(0)
    )  # the vector is projected before the mean is taken off, as in the published code
    sets = Vectors(vectors.vocab, moved.astype(np.float32))
    basis = find_direction(sets, words.definitional).basis
    np.testing.assert_allclose(eraser.basis, basis, atol=1e-6)
    np.testing.assert_allclose(eraser(vectors).matrix, brute_hard(sets, words, basis), atol=2e-6)
    with pytest.raises(OptionError, match="got 20 candidates, expected 1 to 14 for vectors of 16 numbers"):
        seqkit.DoubleHard().fit(vectors, words)


def test_alignment_names_clusters_as_fits_best():
    random = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], 40)
    rows = 10 * np.eye(3)[(classes + 1) % 3] + random.normal(size=(120, 3))
    assert alignment(rows, classes, 1) == 1.0
    assert alignment(random.normal(size=(120, 3)), classes, 1) < 0.55


def test_most_biased_words_are_those_of_a_sort_by_projection():
    vectors, words, *_ = planted(neutral=100)
    rows, classes = most_biased(vectors, words, 10, neutral=True)
    a, b = (unit(vectors[list(column)].astype(np.float64)).mean(0) for column in words.columns)
    score = unit(vectors.matrix.astype(np.float64)) @ (a - b)
    order = np.argsort(-score)
    assert set(rows[classes == 0]) == set(order[:10])
    assert set(rows[classes == 1]) == set(order[-10:])
    assert set(rows[classes == 2]) == set(np.argsort(np.abs(score))[:10])
    with pytest.raises(FormatError, match=r"got 5 words for 2 classes, expected at least 8"):
        most_biased(vectors, words, 10, without=np.arange(len(vectors)) >= 5)


def test_inlp_takes_the_span_of_all_classifiers_so_that_each_stays_blind():
    vectors, words, *_ = planted(neutral=400)
    eraser = seqkit.INLP(rounds=2, margin=0.0, classifier="ridge").fit(vectors, words)
    probe = eraser.report["probe"]
    assert probe["taken"] == len(eraser.basis) == 4
    assert len(probe["accuracy"]) == 2
    np.testing.assert_allclose(eraser.basis @ eraser.basis.T, np.eye(4), atol=1e-12)
    once = seqkit.INLP(rounds=1, margin=0.0, classifier="ridge").fit(vectors, words)
    projection = np.eye(16) - eraser.basis.T @ eraser.basis
    np.testing.assert_allclose(
        projection @ once.basis.T, 0, atol=1e-10
    )  # the first classifier still sees nothing
    np.testing.assert_allclose(eraser(vectors).matrix, vectors.matrix @ projection, atol=1e-5)


def test_inlp_and_leace_take_named_lists_as_classes_and_say_when_nothing_is_left():
    vectors, words, _, truth, _ = planted(neutral=400)
    lists = {f"c{c}": tuple(f"n{i}" for i in np.flatnonzero(truth == c)) for c in (0, 1)}
    named = WordSets("w", words.definitional, lists=lists)
    found = seqkit.INLP(lists=("c0", "c1")).fit(vectors, named).report["probe"]
    assert found["accuracy"][0] > 0.95
    assert found["accuracy"][-1] <= found["largest_class"] + 0.02
    bare = WordSets("w", lists=lists | {"gone": ("n0", "nowhere")})
    assert seqkit.INLP(lists=("c0", "c1")).fit(vectors, bare).report["probe"] == found
    with pytest.raises(VocabularyError, match="gone: 1 of 2 words are lost.*'nowhere'"):
        seqkit.LEACE(lists=("c0", "gone")).fit(vectors, bare)
    with pytest.raises(OptionError, match="'n[0-9]+' is in both"):
        seqkit.LEACE(lists=("c0", "gone"), limit=0.5).fit(
            vectors, WordSets("w", lists=lists | {"gone": lists["c0"][:2]})
        )
    with pytest.raises(OptionError, match="expected none or at least two"):
        seqkit.LEACE(lists=("c0",)).fit(vectors, named)
    random = np.random.default_rng(0)
    wide = Vectors(
        vectors.vocab, vectors.matrix[:, :3] + random.normal(size=(len(vectors), 3)).astype(np.float32)
    )
    with pytest.raises(
        TrainingError, match=r"of 3 directions are taken, and the classes are still told apart"
    ):
        seqkit.INLP(margin=0.0).fit(wide, words)


@pytest.mark.parametrize("classes", [2, 3])
def test_leace_leaves_no_covariance_with_the_classes_and_changes_least(classes):
    vectors, words, rows, truth, _ = planted(classes, neutral=500)
    lists = {f"c{c}": tuple(f"n{i}" for i in np.flatnonzero(truth == c)) for c in range(classes)}
    named = WordSets("w", words.definitional, lists=lists)
    eraser = seqkit.LEACE(lists=tuple(lists)).fit(vectors, named)
    x, z = vectors.matrix[rows].astype(np.float64), np.eye(classes)[truth]
    after = eraser.steps[0].move(x)
    centred = z - z.mean(0)
    assert np.abs(x.T @ centred).max() / len(x) > 0.1
    assert np.abs(after.T @ centred).max() / len(x) < 1e-12
    covariance = np.cov(x.T, bias=True)
    whiten = pinv(np.real(sqrtm(covariance)))
    column = whiten @ (x - x.mean(0)).T @ centred / len(x)
    expected = x - (x - x.mean(0)) @ (pinv(whiten) @ column @ pinv(column) @ whiten).T
    np.testing.assert_allclose(after, expected, atol=1e-8)
    probe = LogisticRegression(C=np.inf, max_iter=5000).fit(after, truth)
    assert probe.score(after, truth) == pytest.approx(np.bincount(truth).max() / len(truth), abs=1e-9)


def test_leace_moments_in_blocks_are_those_of_the_whole(monkeypatch):
    vectors, _, rows, truth, _ = planted(neutral=101)
    whole = moments(vectors, rows, truth)
    monkeypatch.setattr("seqkit.debias.removal.methods.leace.ROWS", 7)
    x, z = vectors.matrix[rows].astype(np.float64), np.eye(2)[truth]
    for got, one, expected in zip(
        moments(vectors, rows, truth),
        whole,
        (x.mean(0), np.cov(x.T, bias=True), (x - x.mean(0)).T @ (z - z.mean(0)) / len(x)),
        strict=True,
    ):
        np.testing.assert_allclose(got, expected, atol=1e-13)
        np.testing.assert_allclose(one, expected, atol=1e-13)


def test_leace_says_when_there_is_nothing_to_erase():
    matrix = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [1, 2, 3], [3, 2, 1]], np.float32)
    vectors = Vectors(Vocab(["a", "b", "c", "d", "she", "he"], [0] * 6), matrix)
    words = WordSets("w", (("she", "he"),), lists={"x": ("a", "b"), "y": ("c", "d")})
    with pytest.raises(FormatError, match="the classes have the same mean"):
        seqkit.LEACE(lists=("x", "y")).fit(vectors, words)


def test_hard_removes_the_direction_from_real_vectors_and_keeps_gendered_words_apart(data):
    vectors = Vectors.load(data("embeddings/glove.6B.50d.top2446.txt.gz"))
    eraser = seqkit.HardDebias(limit=0.5).fit(vectors, WordSets.gender())
    after = eraser(vectors)
    jobs = [word for word in WordSets.gender().lists["professions"] if word in vectors]
    before = unit(vectors[jobs]) @ eraser.basis[0]
    assert np.abs(before).mean() > 0.05
    assert np.abs(after[jobs] @ eraser.basis[0]).max() < 1e-6
    assert after["queen"] @ eraser.basis[0] > 0.1 > -0.1 > after["king"] @ eraser.basis[0]
    assert after.similarity("doctor", "queen") == pytest.approx(after.similarity("doctor", "king"), abs=1e-6)


def test_transports_are_those_of_the_closed_form_for_two_classes_and_end_in_one_covariance_for_more():
    random = np.random.default_rng(0)
    a, b, c = (x.T @ x for x in random.normal(size=(3, 9, 5)))
    root = np.real(sqrtm(a))
    whole = (
        np.linalg.inv(root) @ np.real(sqrtm(root @ b @ root)) @ np.linalg.inv(root)
    )  # takes N(0, a) to N(0, b)
    np.testing.assert_allclose(transports(np.stack([a, b]))[0], (np.eye(5) + whole) / 2, atol=1e-8)
    ends = [t @ own @ t for t, own in zip(transports(np.stack([a, b, c])), (a, b, c), strict=True)]
    np.testing.assert_allclose(ends[1], ends[0], atol=1e-8)
    np.testing.assert_allclose(ends[2], ends[0], atol=1e-8)


def test_after_transport_the_words_that_lead_most_have_one_mean_and_covariance():
    vectors, words, *_ = planted(dim=12, neutral=3000)
    method = seqkit.Transport(pool=600)
    eraser = method.fit(vectors, words)
    centre, _, sides = eraser.steps
    plain = replace(eraser, steps=eraser.steps[:2])(vectors).matrix.astype(np.float64)
    x = centre.move(vectors.matrix)
    which, lead = leading(sides.corners, x @ eraser.basis.T / np.linalg.norm(x, axis=1, keepdims=True))
    free = [i for i, word in enumerate(vectors.vocab.tokens) if word not in set(eraser.protected)]
    pools = [sorted((i for i in free if which[i] == k), key=lambda i: -lead[i])[:600] for k in (0, 1)]
    gone = [plain[pool] @ sides.maps[k].T + sides.shifts[k] for k, pool in enumerate(pools)]
    assert np.abs(plain[pools[0]].mean(0) - plain[pools[1]].mean(0)).max() > 1e-2
    np.testing.assert_allclose(gone[0].mean(0), gone[1].mean(0), atol=1e-6)
    np.testing.assert_allclose(np.cov(gone[0].T), np.cov(gone[1].T), atol=1e-4)


def test_transport_hides_what_leace_and_inlp_leave_to_a_curved_classifier():
    """One side lies spread out along a direction, the other does not: no linear classifier sees that."""
    vectors, words, rows, truth, frame = planted(dim=12, neutral=3000)
    spread = np.linalg.svd(frame)[2][-1]
    x = vectors.matrix.astype(np.float64)
    x -= np.outer(x @ spread, spread)
    x[rows] += np.outer(
        np.where(truth == 0, 4.0, 0.5) * np.random.default_rng(1).choice([-1, 1], len(rows)), spread
    )
    vectors = Vectors(vectors.vocab, x.astype(np.float32))

    def seen(method):
        after = unit(method.fit(vectors, words)(vectors).matrix[rows].astype(np.float64))
        return SVC().fit(after[:500], truth[:500]).score(after[500:], truth[500:])

    assert seen(seqkit.LEACE()) > 0.9
    assert seen(seqkit.INLP(rounds=3, margin=0.0)) > 0.9
    assert seen(seqkit.Transport(sharpness=0.0)) < 0.65  # every word goes all the way
