"""Simulated refund claims: what the example's model learns from, and what its customers send.

``python claims.py FILE`` writes training data, with what the model says of each claim and what the claim was.
"""

import csv
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

REASONS = ("not received", "not as described", "changed mind", "duplicate")
SHARES = (0.3, 0.25, 0.35, 0.1)
PLAIN = [
    "the parcel was late",
    "wrong size",
    "not my colour",
    "came two weeks ago",
    "a refund please",
]
TELLING = ["the box was empty", "it never came", "stolen", "it is a fake", "urgent", "my lawyer"]
UNKNOWN_AGE = 0.03
TRAINING = 20_000


def claims(seed: int) -> Iterator[tuple[dict[str, object], bool]]:
    """Draw claims for ever, each with whether it is a fraud; the seed decides them all."""
    draw = random.Random(seed)  # noqa: S311 - a simulation
    while True:
        fraud = draw.random() < 0.1  # noqa: PLR2004 - one claim in ten
        said = draw.choices(PLAIN, k=draw.randint(1, 4))
        said += draw.choices(TELLING, k=draw.randint(0, 2 if fraud else 1))
        age = min(int(draw.expovariate(1 / (200 if fraud else 900))), 5000)
        yield (
            {
                "amount": round(math.exp(draw.gauss(4.4 if fraud else 3.6, 0.8)), 2),
                "account_age_days": None if draw.random() < UNKNOWN_AGE else age,
                "merchant_id": f"m-{int(draw.paretovariate(0.9)) % 500:03}",
                "postcode": f"{draw.randint(1, 99):02}000",
                "reason": "not received" if fraud else draw.choices(REASONS, SHARES)[0],
                "comment": ", ".join(said),
            },
            fraud,
        )


def write_training(file: Path, count: int = TRAINING) -> None:
    """Write claims, the model's score of each, and the truth as CSV."""
    from fastapi_service import Claim, score  # noqa: PLC0415 - train.py imports this module first

    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        for number, (claim, fraud) in zip(range(count), claims(seed=1), strict=False):
            if not number:
                writer.writerow([*claim, "score", "fraud"])
            writer.writerow([*claim.values(), score(Claim.model_validate(claim)), fraud])


if __name__ == "__main__":
    write_training(Path(sys.argv[1]))
