"""Each bias measure against plain Python in float64, on random vectors and on real ones; known cases; defects of other tools."""

import itertools
import math

import numpy as np
import pytest
from debias.bias_cases import A, B, X, Y, basis_of, call, changed, letters, make, member

from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError
from seqkit.debias.measuring import association
from seqkit.debias.measuring.base import BiasScore, Options, calibrated
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

FAST = Options(resamples=20, draws=20)
HER = ["she", "her", "woman", "mother", "daughter", "wife"]
HIS = ["he", "his", "man", "father", "son", "husband"]
HOME = ["family", "home", "children", "marriage", "parents", "house"]
WORK = ["business", "office", "career", "company", "executive", "industry"]


@pytest.fixture(params=["random", "glove"])
def case(request):
    """vectors, A, B, X, Y."""
    if request.param == "random":
        return make(3, 300, 12), A, B, X, Y
    data = request.getfixturevalue("data")
    return Vectors.load(data("embeddings/glove.6B.50d.top2446.txt.gz")), HER, HIS, HOME, WORK


def vec(vectors, word):
    return [float(x) for x in vectors.matrix[vectors.vocab.index[word]]]


def dot(x, y):
    return math.fsum(a * b for a, b in zip(x, y, strict=True))


def unit(x):
    return [a / math.sqrt(dot(x, x)) for a in x]


def cos(x, y):
    return dot(x, y) / math.sqrt(dot(x, x) * dot(y, y))


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def middle(rows):
    return [mean(column) for column in zip(*rows, strict=True)]


def sd(values, ddof=1):
    return math.sqrt(math.fsum((v - mean(values)) ** 2 for v in values) / (len(values) - ddof))


def s_of(vectors, w, a, b):
    return mean(cos(vec(vectors, w), vec(vectors, x)) for x in a) - mean(
        cos(vec(vectors, w), vec(vectors, x)) for x in b
    )


def brute_p(sx, sy, sided):
    both = [*sx, *sy]

    def statistic(chosen):
        return sum(both[i] for i in chosen) - sum(both[i] for i in range(len(both)) if i not in chosen)

    found = [statistic(c) for c in itertools.combinations(range(len(both)), len(sx))]
    at_hand = statistic(range(len(sx)))
    if sided == "two":
        found, at_hand = [abs(f) for f in found], abs(at_hand)
    return sum(f >= at_hand - 1e-12 for f in found) / len(found)


@pytest.mark.parametrize("sided", ["one", "two"])
@pytest.mark.parametrize("ddof", [0, 1])
def test_weat_is_the_formula(case, sided, ddof):
    vectors, a, b, x, y = case
    sx, sy = ([s_of(vectors, w, a, b) for w in words] for words in (x, y))
    found = member("weat")(vectors, x, y, a, b, sided=sided, ddof=ddof, options=FAST)
    assert found.value == pytest.approx((mean(sx) - mean(sy)) / sd([*sx, *sy], ddof), abs=1e-9)
    assert found.extra["S"] == pytest.approx(math.fsum(sx) - math.fsum(sy), abs=1e-9)
    assert found.extra["p"] == brute_p(sx, sy, sided)
    assert (found.extra["splits"], found.extra["exact"], found.count) == (math.comb(12, 6), True, 12)
    assert list(found.by_word.values()) == pytest.approx([*sx, *sy], abs=1e-9)


def test_seat_of_the_rows_is_weat_of_the_words(case):
    vectors, a, b, x, y = case
    rows = [vectors[words] for words in (x, y, a, b)]
    one, two = (
        member("weat")(vectors, x, y, a, b, options=FAST),
        member("seat")(*rows, pooling="mean", options=FAST),
    )
    assert (one.value, one.extra, one.interval) == (two.value, two.extra, two.interval)
    assert two.signature["pooling"] == "mean"


def test_sc_weat_is_the_formula(case):
    vectors, a, b, x, _ = case
    expected = []
    for w in x:
        to_a, to_b = ([cos(vec(vectors, w), vec(vectors, o)) for o in words] for words in (a, b))
        expected.append((mean(to_a) - mean(to_b)) / sd([*to_a, *to_b]))
    found = member("sc-weat")(vectors, x, a, b, options=FAST)
    assert list(found.by_word.values()) == pytest.approx(expected, abs=1e-9)
    assert found.value == pytest.approx(mean(expected), abs=1e-9)


@pytest.mark.parametrize("c", [1.0, 0.5, 2.0])
def test_direct_bias_is_the_formula(case, c):
    vectors, _, _, x, _ = case
    rows, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(vectors.dim, 2)))
    for basis in (rows.T[:1], rows.T):
        parts = [math.sqrt(sum(cos(vec(vectors, w), g.tolist()) ** 2 for g in basis)) ** c for w in x]
        found = member("direct-bias")(vectors, x, basis, c=c, options=FAST)
        assert found.value == pytest.approx(mean(parts), abs=1e-9)
    assert member("direct-bias")(vectors, x, 3 * rows.T[0], c=c, options=FAST).value == pytest.approx(
        mean(abs(cos(vec(vectors, w), rows.T[0].tolist())) ** c for w in x), abs=1e-9
    )


def test_indirect_bias_is_the_formula(case):
    vectors, a, b, x, y = case
    g = unit([p - q for p, q in zip(vec(vectors, a[0]), vec(vectors, b[0]), strict=True)])

    def outside(w):
        return [p - dot(w, g) * q for p, q in zip(w, g, strict=True)]

    found = member("indirect-bias")(vectors, y[0], x, np.array([g]), options=FAST)
    w = unit(vec(vectors, y[0]))
    for name in x:
        v = unit(vec(vectors, name))
        numerator = dot(w, v) - cos(outside(w), outside(v))
        assert found.by_word[name] == pytest.approx(numerator / dot(w, v), abs=1e-9)
        assert found.extra["numerator"][name] == pytest.approx(numerator, abs=1e-9)
        assert found.extra["inner"][name] == pytest.approx(dot(w, v), abs=1e-9)


@pytest.mark.parametrize("normalize", [True, False])
def test_rnd_is_the_formula(case, normalize):
    vectors, a, b, x, _ = case
    shape = unit if normalize else list
    one, two = (middle([shape(vec(vectors, w)) for w in words]) for words in (a, b))
    expected = [math.dist(shape(vec(vectors, m)), one) - math.dist(shape(vec(vectors, m)), two) for m in x]
    found = member("rnd")(vectors, x, a, b, normalize=normalize, options=FAST)
    assert found.value == pytest.approx(math.fsum(expected), abs=1e-9)
    again = member("rnd")(vectors, x, a, b, normalize=normalize, average=True, options=FAST)
    assert again.value == pytest.approx(mean(expected), abs=1e-9)


def test_mac_is_the_formula(case):
    vectors, a, b, x, _ = case
    expected = mean(
        mean(1 - cos(vec(vectors, t), vec(vectors, o)) for o in words) for t in x for words in (a, b[:4])
    )
    assert member("mac")(vectors, x, [a, b[:4]], options=FAST).value == pytest.approx(expected, abs=1e-9)


def test_ect_is_the_formula(case):
    vectors, a, b, x, y = case
    means = [middle([unit(vec(vectors, w)) for w in words]) for words in (a, b)]
    one, two = ([cos(vec(vectors, w), m) for w in [*x, *y]] for m in means)
    ranks = [[sum(u < v for u in values) for v in values] for values in (one, two)]  # no ties
    n = len(one)
    expected = 1 - 6 * sum((p - q) ** 2 for p, q in zip(*ranks, strict=True)) / (n * (n * n - 1))
    assert member("ect")(vectors, [*x, *y], a, b, options=FAST).value == pytest.approx(expected, abs=1e-9)


def test_ripa_is_the_formula(case):
    vectors, a, b, x, _ = case
    pairs = list(zip(a, b, strict=True))
    found = member("ripa")(vectors, x, pairs, options=FAST)
    for w in x:
        parts = [
            dot(vec(vectors, w), unit([p - q for p, q in zip(vec(vectors, i), vec(vectors, j), strict=True)]))
            for i, j in pairs
        ]
        assert found.by_word[w] == pytest.approx(mean(parts), abs=1e-9)
        assert found.extra["deviation"][w] == pytest.approx(sd(parts, 0), abs=1e-9)
    assert found.value == pytest.approx(mean(found.by_word.values()), abs=1e-12)


def test_rnsb_is_the_formula_with_a_classifier_solved_by_newton(case):
    vectors, a, b, x, _ = case
    found = member("rnsb")(vectors, x, a, b, splits=4, options=FAST)
    values = []
    for order_a, order_b in zip(
        association.shuffled(6, 6, 4, 1, 0), association.shuffled(6, 6, 4, 1, 1), strict=True
    ):
        train = [unit(vec(vectors, a[i])) for i in order_a[1:]] + [
            unit(vec(vectors, b[i])) for i in order_b[1:]
        ]
        z, t, weights = (
            np.column_stack([train, np.ones(10)]),
            np.repeat([0.0, 1.0], 5),
            np.zeros(vectors.dim + 1),
        )
        penalty = np.eye(vectors.dim + 1)
        penalty[-1, -1] = 0  # the intercept is free
        for _ in range(50):
            p = 1 / (1 + np.exp(-z @ weights))
            weights -= np.linalg.solve(z.T * (p * (1 - p)) @ z + penalty, z.T @ (p - t) + penalty @ weights)
        chance = [1 / (1 + math.exp(-dot([*unit(vec(vectors, w)), 1], weights))) for w in x]
        p = [c / math.fsum(chance) for c in chance]
        values.append(math.fsum(q * math.log(q * len(x)) for q in p))
    assert found.extra["by_split"] == pytest.approx(values, abs=1e-9)
    assert found.value == pytest.approx(mean(values), abs=1e-9)
    assert 0 <= found.extra["accuracy"] <= 1


def test_analogies_are_those_of_a_full_search(case):
    vectors, a, b, *_ = case
    vectors = vectors.restrict(list(dict.fromkeys([a[0], b[0], *vectors.vocab.tokens[:150]])))
    g = unit([p - q for p, q in zip(unit(vec(vectors, a[0])), unit(vec(vectors, b[0])), strict=True)])
    words = {w: unit(vec(vectors, w)) for w in vectors.vocab.tokens if w not in (a[0], b[0])}
    scored = []
    for (x, u), (y, v) in itertools.permutations(words.items(), 2):
        apart = [p - q for p, q in zip(u, v, strict=True)]
        if dot(apart, apart) <= 1 and dot(g, apart) > 0:
            scored.append((-dot(g, apart) / math.sqrt(dot(apart, apart)), x, y))
    expected, used_x, used_y = [], set(), set()
    for score, x, y in sorted(scored):
        if x not in used_x and y not in used_y and len(expected) < 7:
            expected.append((x, y, pytest.approx(-score, abs=1e-9)))
            used_x.add(x)
            used_y.add(y)
    assert member("analogies")(vectors, (a[0], b[0]), topn=7, options=FAST).extra["pairs"] == expected


def plain_words(vectors):
    return [w for w in vectors.vocab.tokens if w.isalpha() and w.islower() and len(w) < 20]


def test_gonen_words_labels_and_accuracies_are_those_of_plain_sorting(case):
    from sklearn.cluster import KMeans
    from sklearn.svm import SVC

    vectors, a, *_ = case
    g = (
        basis_of(vectors)[0].tolist()
        if a is A
        else unit([p - q for p, q in zip(vec(vectors, "she"), vec(vectors, "he"), strict=True)])
    )
    order = sorted(
        (w for w in plain_words(vectors) if w != "herself"), key=lambda w: -cos(vec(vectors, w), g)
    )
    x = np.array([unit(vec(vectors, w)) for w in [*order[:40], *order[-40:]]])
    labels = np.repeat([1, 0], 40)
    found = member("gonen-clusters")(
        vectors, np.array([g]), n=40, seeds=(7,), specific=["herself"], options=FAST
    )
    share = (KMeans(2, n_init=10, random_state=7).fit_predict(x) == labels).mean()
    assert found.value == pytest.approx(max(share, 1 - share), abs=1e-12)
    one, zero = association.shuffled(40, 40, 2, 7)
    inside = [*one[:8], *(40 + zero[:8])]
    outside = [i for i in range(80) if i not in inside]
    expected = (SVC().fit(x[inside], labels[inside]).predict(x[outside]) == labels[outside]).mean()
    probed = member("gonen-svm")(vectors, np.array([g]), n=40, seeds=(7,), specific=["herself"], options=FAST)
    assert (probed.value, probed.count) == (pytest.approx(expected, abs=1e-12), 64)
    assert probed.extra["by_seed"] == {"7": probed.value}


def test_gonen_neighbours_are_those_of_a_full_sort(case):
    vectors, a, b, x, y = case
    g = unit([p - q for p, q in zip(vec(vectors, a[0]), vec(vectors, b[0]), strict=True)])
    if "the" not in vectors:
        vectors = vectors.restrict([*[w for w in vectors.vocab.tokens if w.isalpha()], *x, *y])
    words, shares, sides = plain_words(vectors)[:400], [], []
    for w in [*x, *y]:
        near = sorted(
            (o for o in words if o != w), key=lambda o, w=w: -cos(vec(vectors, w), vec(vectors, o))
        )[:9]
        shares.append(sum(cos(vec(vectors, o), g) > 0 for o in near) / 9)
        sides.append(cos(vec(vectors, w), g))
    last = vectors.vocab.index[words[-1]] + 1
    found = member("gonen-neighbours")(vectors, [*x, *y], np.array(g), k=9, limit=last, options=FAST)
    assert list(found.by_word.values()) == pytest.approx(shares, abs=1e-12)
    spread = mean(p * q for p, q in zip(shares, sides, strict=True)) - mean(shares) * mean(sides)
    assert found.value == pytest.approx(spread / (sd(shares, 0) * sd(sides, 0)), abs=1e-9)


def line(values):
    """Vectors whose associations with A = (1, 0) and B = (-1, 0) are 2 cos = the values."""
    rows = [[1, 0], [-1, 0], *([v / 2, math.sqrt(1 - v * v / 4)] for v in values)]
    return Vectors(
        Vocab(["a", "b", *map(str, range(len(values)))], [1] * len(rows)), np.array(rows, np.float32)
    )


@pytest.mark.parametrize(
    ("values", "sided", "p"),
    [
        ([0.9, 0.8, 0.1, 0.2], "one", 1 / 6),
        ([0.9, 0.8, 0.1, 0.2], "two", 2 / 6),
        ([0.1, 0.2, 0.9, 0.8], "one", 1.0),
        ([0.9, 0.15, 0.8, 0.2], "one", 3 / 6),  # of six sums 1.7, 1.1 and the one at hand, 1.05
        ([0.9, 0.8, 0.7, 0.1, 0.2, 0.3], "two", 2 / 20),
    ],
)
def test_exact_p_of_cases_known_by_hand(values, sided, p):
    words = [str(i) for i in range(len(values))]
    half = len(words) // 2
    found = member("weat")(line(values), words[:half], words[half:], ["a"], ["b"], sided=sided, options=FAST)
    assert found.extra["p"] == pytest.approx(p)
    assert found.band is None
    with pytest.raises(OptionError, match="weat has no null band"):
        calibrated(found)


def test_d_keeps_its_bound_and_reaches_it_when_the_sides_are_apart():
    found = member("weat")(
        line([0.5] * 4 + [-0.5] * 4), list("0123"), list("4567"), ["a"], ["b"], options=FAST
    )
    assert found.value == pytest.approx(2 * math.sqrt(7 / 8))
    assert found.extra["p"] == 2 / 70


def test_sampled_p_draws_without_replacement_and_counts_the_split_at_hand():
    vectors = make(1)
    exact = member("weat")(vectors, X, Y, A, B, options=FAST).extra
    sampled = member("weat")(vectors, X, Y, A, B, exact=10, samples=20_000, options=FAST).extra
    assert (sampled["exact"], sampled["splits"]) == (False, 20_000)
    assert sampled["p"] == pytest.approx(exact["p"], abs=0.012)
    apart = line([0.9] * 12 + [-0.9] * 12)
    words = [str(i) for i in range(24)]
    most = member("weat")(apart, words[:12], words[12:], ["a"], ["b"], samples=999, options=FAST).extra
    assert most["p"] == 1 / 1000  # never 0


def test_sets_of_unequal_size_are_compared_by_means_when_asked():
    vectors = make(2)
    found = member("weat")(vectors, X, Y[:4], A, B, unequal="mean", options=FAST)
    sx, sy = ([s_of(vectors, w, A, B) for w in words] for words in (X, Y[:4]))
    assert found.value == pytest.approx((mean(sx) - mean(sy)) / sd([*sx, *sy]), abs=1e-9)
    both, at_hand = [*sx, *sy], abs(mean(sx) - mean(sy))
    total = math.fsum(both)
    splits = [sum(c) for c in itertools.combinations(both, 6)]
    assert found.extra["p"] == sum(abs(q / 6 - (total - q) / 4) >= at_hand - 1e-12 for q in splits) / len(
        splits
    )


def test_interval_covers_the_value_and_shrinks_with_more_words():
    vectors = make(4, 2000, 8)
    words = [letters(i) for i in range(800)]
    few, many = (member("direct-bias")(vectors, words[:n], basis_of(vectors)) for n in (20, 800))
    assert few.interval[0] < few.value < few.interval[1]
    assert (many.interval[1] - many.interval[0]) < 0.4 * (few.interval[1] - few.interval[0])


@pytest.mark.parametrize(("n", "band"), [(6, 1.13), (8, 0.96), (18, 0.64), (25, 0.55)])
def test_null_band_of_random_vectors_is_the_known_one(n, band):
    s = np.random.default_rng(0).normal(size=5000)
    low, high = association.null(s, n, n, 1, Options(draws=4000))
    assert high == pytest.approx(band, abs=0.06)
    assert low == pytest.approx(-band, abs=0.06)


def test_bias_is_claimed_for_at_most_one_in_twenty_random_word_sets():
    pool, claimed = np.random.default_rng(9).normal(size=(1000, 20)), 0
    pool /= np.linalg.norm(pool, axis=1, keepdims=True)
    for seed in range(20):  # A, B and their null band, then 50 times X and Y
        a, b, rest = pool[:6], pool[6:12], pool[12:]
        s = association.associations(rest, a, b)
        band = association.null(s, 6, 6, 1, Options(seed=seed))
        for i in association.shuffled(len(s), 12, 50, 100 + seed):
            x, y = s[i[:6]], s[i[6:]]
            p, *_ = association.permutation_of(x, y, association.AssociationTest())
            claimed += calibrated(
                BiasScore("weat", float(association.effect(x, y, 1)), 12, band=band, extra={"p": p})
            )
        pool = np.roll(pool, 40, axis=0)
    assert 15 <= claimed <= 50


def test_the_claim_for_words_uses_the_same_band():
    vectors, options = make(9, 1000, 20), Options(resamples=0, draws=200)
    sets = [[letters(j) for j in chosen] for chosen in association.shuffled(1000, 24, 40, 3).tolist()]
    found = [member("weat")(vectors, w[:6], w[6:12], w[12:18], w[18:], options=options) for w in sets]
    assert sum(map(calibrated, found)) <= 6
    assert all(not f.band[0] <= f.value <= f.band[1] and f.extra["p"] <= 0.05 for f in found if calibrated(f))


def test_planted_bias_is_claimed():
    vectors = make(9, 500, 20)
    matrix = vectors.matrix.copy()
    shift = matrix[:6].mean(0) - matrix[6:12].mean(0)
    matrix[12:18] += 2 * shift
    matrix[18:24] -= 2 * shift
    assert calibrated(call("weat", changed(vectors, matrix), options=Options()))
    assert not calibrated(call("weat", vectors, options=Options()))


def test_a_word_inside_the_subspace_has_no_indirect_bias():
    vectors = make()
    g = vectors["x3"].astype(np.float64)
    with pytest.raises(FormatError, match="'x3' lies within the bias subspace"):
        member("indirect-bias")(vectors, "y0", X, g, options=FAST)


def test_degenerate_input_is_named():
    vectors = make()
    with pytest.raises(ShapeError, match="expected as many X as Y|as many X as Y"):
        member("seat")(*(vectors[w] for w in (X, Y[:3], A, B)), pooling="mean")
    with pytest.raises(OptionError, match="pooling is empty"):
        member("seat")(*(vectors[w] for w in (X, Y, A, B)), pooling="")
    with pytest.raises(OptionError, match="ddof: got 2"):
        member("weat")(vectors, X, Y, A, B, ddof=2)
    with pytest.raises(OptionError, match="'same', 'same'"):
        member("ripa")(vectors, X, [("same", "same")])
    with pytest.raises(OptionError, match="c = 0"):
        member("direct-bias")(vectors, X, np.eye(12)[0], c=0)
    with pytest.raises(VocabularyError, match=r"300 words may be chosen, n = 200 needs 400"):
        member("gonen-clusters")(vectors, np.eye(12)[0], n=200)
    with pytest.raises(FormatError, match="no two of 300 words lie within 0.01"):
        member("analogies")(
            vectors.restrict([*A[:1], *B[:1], *vectors.vocab.tokens[24:]]), ("a0", "b0"), delta=0.01
        )
    with pytest.raises(OptionError, match="got k = 400 for 300"):
        member("gonen-neighbours")(vectors, X, np.eye(12)[0], k=400)


# Defects found in other programs for measuring bias, each held off by a test.


def test_defect_cosines_divided_by_the_norm_of_a_whole_matrix():
    vectors = make(3)
    flat = np.concatenate([vectors[w] for w in (X, Y, A, B)]).astype(np.float64)
    wrong = flat / np.linalg.norm(flat)
    s = wrong[:12] @ (wrong[12:18].mean(0) - wrong[18:].mean(0))
    found = call("weat", vectors).value
    assert found != pytest.approx(float(association.effect(s[:6], s[6:], 1)), abs=1e-3)
    stretched = changed(vectors, vectors.matrix * np.geomspace(0.1, 10, len(vectors))[:, None])
    assert call("weat", stretched).value == pytest.approx(
        found, abs=1e-6
    )  # the length of a vector says nothing


def test_defect_p_value_of_the_first_two_rows_only():
    found = call("weat", make(3)).extra
    assert found["splits"] == 924
    assert 0 < found["p"] <= 1


def test_defect_permutations_drawn_with_replacement_and_without_a_seed():
    vectors = make(8)
    one, two = (
        member("weat")(vectors, X, Y, A, B, exact=1, samples=5000, options=FAST).extra["p"] for _ in range(2)
    )
    assert one == two
    assert all(len(set(row)) == 6 for row in association.shuffled(12, 6, 500, 1).tolist())


def test_defect_two_sided_p_compares_with_the_signed_statistic():
    for seed in range(20):
        vectors = make(seed)
        one, two = (call("weat", vectors, a, b).extra for a, b in ((A, B), (B, A)))
        assert one["p"] == two["p"]
        if one["S"] < 0:
            return
    raise AssertionError("no case below zero")


def test_defect_effect_size_of_ddof_0_and_sum_shown_as_effect_size():
    found = call("weat", make(3))
    assert found.signature["ddof"] == 1
    assert found.value == pytest.approx(
        member("weat")(make(3), X, Y, A, B, ddof=0, options=FAST).value * math.sqrt(11 / 12)
    )
    assert found.value != pytest.approx(found.extra["S"], abs=0.01)


def test_defect_typos_in_lists_go_unseen():
    with pytest.raises(OptionError, match="'he' is in list A and in list B"):
        names = [*"uvwxyz", "he", "she", "him", "hers"]
        vectors = Vectors(
            Vocab(names, [1] * 10), np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
        )
        member("weat")(vectors, list("uvw"), list("xyz"), ["he", "him"], ["she", "he"])
    for name in ("gender", "religion", "ethnicity", "age"):
        sets = WordSets.shipped(name)
        assert len({word for column in sets.columns for word in column}) == sum(map(len, sets.columns))


def test_defect_words_sampled_away_until_the_lists_are_equal():
    vectors = make()
    with pytest.raises(OptionError, match=r"X and Y hold 6 and 5 known words \(unknown: none\)"):
        member("weat")(vectors, X, Y[:5], A, B)
    assert member("weat")(vectors, X, Y, A, B[:3], options=FAST).signature["words"] == {
        "X": 6,
        "Y": 6,
        "A": 6,
        "B": 3,
    }


def test_defect_lost_words_give_nan_without_saying_which():
    vectors = make()
    with pytest.raises(
        VocabularyError, match=r"list A has lost 2 of 6 \('gone', 'fled' unknown\), expected at most 20%"
    ):
        member("weat")(vectors, X, Y, [*A[:4], "gone", "fled"], B)
    found = member("weat")(vectors, X, Y, [*A[:5], "gone"], B, options=FAST)
    assert (found.missing, found.lost["A"]) == (1, ["gone"])


def test_defect_pairs_zipped_by_position_hide_unequal_lists():
    with pytest.raises(OptionError, match=r"got the pair \('a0',\)"):
        member("ripa")(make(), X, [("a1", "b1"), ("a0",)])


def test_defect_raw_and_unit_vectors_give_another_number_under_one_name():
    found = [member("rnd")(make(), X, A, B, normalize=n, options=FAST) for n in (True, False)]
    assert found[0].value != pytest.approx(found[1].value, abs=1e-3)
    assert [f.signature["normalized"] for f in found] == [True, False]
