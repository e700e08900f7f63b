"""scikit-learn's tools take the classifier as one of theirs; its own checks of estimators are run and counted."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted, validate_data

from seqkit.models.classifier.model import TextClassifier

TEXTS = ["a good film", "a bad film", "good and warm", "bad and cold"] * 10
LABELS = ["pos", "neg"] * 20


def small(**settings):
    return TextClassifier(**({"unit": "whitespace", "embed_dim": 8, "epochs": 2} | settings))


def test_clone_keeps_every_setting_and_forgets_the_training():
    model = small(reader="recurrent", class_weight={"pos": 2.0}, schedule_settings={"final": 0.1}).fit(
        TEXTS, LABELS
    )
    again = clone(model)
    assert again.get_params() == model.get_params()
    assert not again.__sklearn_is_fitted__()
    assert is_classifier(again)
    check_is_fitted(model)


def test_a_setting_given_to_another_reader_is_that_readers_usual_one_unless_it_was_given():
    model = clone(small()).set_params(reader="recurrent")
    assert (model.fit_options.batch, model.fit_options.lr) == (32, 0.002)
    assert clone(small(lr=0.3)).set_params(reader="recurrent").fit_options.lr == 0.3


def test_cross_validation_searches_and_pipelines_take_it():
    assert cross_val_score(small(epochs=6), TEXTS, LABELS, cv=2).tolist() == [1.0, 1.0]
    order = ["not good but bad", "not bad but good", "good and not bad", "bad and not good"] * 10
    search = GridSearchCV(small(epochs=6), {"ngrams": [1, 2], "reader": ["averaged", "summed"]}, cv=2).fit(
        order, [0, 1, 1, 0] * 10
    )
    assert (search.best_params_["ngrams"], search.best_score_) == (2, 1.0)
    shouted = make_pipeline(
        FunctionTransformer(lambda texts: [text.lower() for text in texts]), small(epochs=6)
    )
    assert shouted.fit([text.upper() for text in TEXTS], LABELS).predict(["GOOD"]).tolist() == ["pos"]
    assert shouted.set_params(textclassifier__epochs=1).get_params()["textclassifier__epochs"] == 1


def test_arrays_of_texts_and_labels_are_taken():
    model = small(epochs=6).fit(np.array(TEXTS), np.array(LABELS))
    assert model.predict(np.array(["good"], dtype=object)).tolist() == ["pos"]
    assert model.fit(TEXTS, np.array([1, 0] * 20)).classes_.dtype == np.int64


class Spelled(TextClassifier):
    """Takes tables of numbers, as scikit-learn's checks give them, and reads each row as a text."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False
        return tags

    def fit(self, X, y=None):
        X, y = validate_data(self, X, y, multi_output=True)
        return super().fit(spelled(X), y)

    def predict(self, X):
        check_is_fitted(self)
        return super().predict(spelled(validate_data(self, X, reset=False)))

    def predict_proba(self, X):
        check_is_fitted(self)
        return super().predict_proba(spelled(validate_data(self, X, reset=False)))

    def score(self, X, y):
        return super().score(spelled(validate_data(self, X, y, reset=False)[0]), y)


def spelled(X):
    return [" ".join(f"{i}={np.round(x, 1)}" for i, x in enumerate(row)) for row in X]


def statuses(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(model, on_fail=None, on_skip=None)
    return {
        status: {one["check_name"] for one in found if one["status"] == status}
        for status in ("passed", "failed", "skipped")
    }


def test_all_checks_that_scikit_learn_has_for_estimators_of_text_pass():
    assert statuses(small()) == {"passed": {"check_estimator_cloneable"}, "failed": set(), "skipped": set()}


REFUSED = {  # checks that a classifier of texts with settings by name does not pass, and why
    "check_no_attributes_set_in_init": "settings are kept in groups",
    "check_dont_overwrite_parameters": "history, coverage and padding have no underscore, as in every model here",
    "check_do_not_raise_errors_in_init_or_set_params": "a wrong setting is refused at once",
    "check_set_params": "a wrong setting is refused at once",
    "check_estimators_nan_inf": "labels that are fractions are refused",
    "check_classifiers_regression_target": "the same, as FormatError",
    "check_classifier_multioutput": "p of the classes of each task, not of pairs",
    "check_supervised_y_2d": "a column of labels is a task",
    "check_classifiers_one_label": "one class is refused, as FormatError",
    "check_fit2d_1sample": "the same",
    "check_classifiers_train": "errors are SeqkitErrors, not ValueErrors",
    "check_n_features_in_after_fitting": "texts have no features",
    "check_fit_score_takes_y": "the same",
}


@pytest.mark.slow
def test_of_the_checks_for_tables_those_that_can_apply_to_rows_read_as_texts_pass():
    found = statuses(Spelled(unit="whitespace", embed_dim=8, epochs=2))
    assert found["failed"] - set(REFUSED) == set()
    assert len(found["passed"]) >= 40
