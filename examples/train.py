"""Fit the example's model, a logistic regression, and write it to model.json: ``python train.py``."""

import json
from itertools import islice
from pathlib import Path

from claims import TRAINING, claims
from fastapi_service import Claim, probability, terms

EPOCHS = 5
RATE = 0.05
DIGITS = 3


def fit() -> dict[str, float]:
    """Return the weight of each term, by stochastic gradient descent on the log loss."""
    rows = [
        (terms(Claim.model_validate(claim)), fraud)
        for claim, fraud in islice(claims(seed=1), TRAINING)
    ]
    weights: dict[str, float] = {}
    for epoch in range(EPOCHS):
        for values, fraud in rows:
            step = RATE / (epoch + 1) * (fraud - probability(values, weights))
            for term, value in values.items():
                weights[term] = weights.get(term, 0.0) + step * value
    return {term: round(weight, DIGITS) for term, weight in sorted(weights.items())}


if __name__ == "__main__":
    Path(__file__).with_name("model.json").write_text(json.dumps(fit(), indent=1) + "\n")
