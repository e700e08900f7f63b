"""Runs with one fault planted in each, and one without: texts of six topics, and what was done wrong with them."""

import numpy as np

from seqkit.diagnosis.parts import Part
from seqkit.models.classifier.model import TextClassifier

TOPICS = 6
SIZES = {"train": 900, "train-dev": 300, "dev": 300, "test": 300}
SOUND = {"unit": "whitespace", "embed_dim": 16, "epochs": 8, "batch": 32, "lr": 0.1}


def part(count, seed, *, elsewhere=0.0, sure=0.3):
    """Texts of about 14 words: `sure` of them of the topic's own 30 words, the rest common; elsewhere: so many are other words."""
    draw = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        topic, size = draw.integers(TOPICS), draw.integers(10, 19)
        own, other = draw.random(size) < sure, draw.random(size) < elsewhere
        words = draw.integers(30, size=size), draw.integers(150, size=size)
        row = [
            f"{'new' if o else 'own'}{topic}w{a}" if s else f"the{b}"
            for s, o, a, b in zip(own, other, *words, strict=True)
        ]
        texts.append(" ".join(row))
        labels.append(f"topic {topic}")
    return Part(texts, labels)


def parts(**changes):
    made = {name: part(count, seed) for seed, (name, count) in enumerate(SIZES.items())}
    return made | changes


def wrong_labels(rows, share, seed):
    draw = np.random.default_rng(seed)
    other = [f"topic {(int(label[-1]) + draw.integers(1, TOPICS)) % TOPICS}" for label in rows.labels]
    return Part(
        rows.texts, [b if draw.random() < share else a for a, b in zip(rows.labels, other, strict=True)]
    )


def sound():
    return TextClassifier(**SOUND), parts()


def too_small():
    return TextClassifier(**SOUND | {"embed_dim": 1}), parts()


def no_regularisation():
    return TextClassifier(**SOUND | {"epochs": 60, "dropout": 0.0, "embed_dim": 200}), parts(
        train=part(120, 0)
    )


def dev_from_elsewhere():
    return TextClassifier(**SOUND), parts(dev=part(300, 2, elsewhere=0.6), test=part(300, 3, elsewhere=0.6))


def label_noise():
    return TextClassifier(**SOUND), {
        name: wrong_labels(rows, 0.2, seed) for seed, (name, rows) in enumerate(parts().items())
    }


def leaked_test():
    made = parts()
    train, test = made["train"], made["test"]
    texts = [*train.texts[:60], *(f"{text} the1" for text in train.texts[60:90]), *test.texts[90:]]
    return TextClassifier(**SOUND), made | {"test": Part(texts, [*train.labels[:90], *test.labels[90:]])}


def rate_too_high():
    return TextClassifier(**SOUND | {"lr": 100.0}), parts()


FAULTS = {
    "sound": None,
    "too_small": "avoidable bias",
    "no_regularisation": "variance",
    "dev_from_elsewhere": "data mismatch",
    "label_noise": "label noise",
    "leaked_test": "leaked test",
    "rate_too_high": "learning rate too high",
}
