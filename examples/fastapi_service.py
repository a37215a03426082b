"""A refund-risk service that logs every prediction to a local spool.

Run it with ``uvicorn --factory fastapi_service:create_app`` from this folder.
"""

import json
import math
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel

import driftlog

MODEL: dict[str, float] = json.loads(Path(__file__).with_name("model.json").read_text())


class Claim(BaseModel):
    """What a customer sends to get their money back."""

    amount: float
    account_age_days: int | None = None
    merchant_id: str
    postcode: str
    reason: str
    comment: str = ""


class Risk(BaseModel):
    """How likely the claim is a fraud, and the id under which its truth can be told later."""

    prediction_id: str | None
    risk: float


class Truth(BaseModel):
    """What the claim turned out to be."""

    fraud: bool


def terms(claim: Claim) -> dict[str, float]:
    """Return what the model sees of a claim: amount and age on a scale of about 1, and a 1 for each reason and word."""
    age = claim.account_age_days
    return {
        "bias": 1.0,
        "amount": math.log1p(max(claim.amount, 0.0)) / 4,
        "age": math.log1p(max(age or 0, 0)) / 6,
        "age unknown": float(age is None),
        f"reason {claim.reason}": 1.0,
        **{f"word {word}": 1.0 for word in re.findall(r"\w+", claim.comment.lower())},
    }


def probability(values: dict[str, float], weights: dict[str, float]) -> float:
    """Return the logistic regression's answer; a term without a weight says nothing."""
    logit = sum(weights.get(term, 0.0) * value for term, value in values.items())
    return 1 / (1 + math.exp(-logit))


def score(claim: Claim) -> float:
    """Return the probability of fraud, by the model that train.py fitted."""
    return probability(terms(claim), MODEL)


def create_app(spool: Path | None = None) -> FastAPI:
    """Return the service; its spool is *spool*, or ``DRIFTLOG_SPOOL``, or ``./spool``."""
    logger = driftlog.PredictionLogger(
        model="refund-risk",
        version="3",
        spool=spool or Path(os.environ.get("DRIFTLOG_SPOOL", "spool")),
        service="refunds",
        environment=os.environ.get("ENVIRONMENT", "development"),
        categorical=("merchant_id", "postcode"),
        text=("comment",),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        logger.close()

    app = FastAPI(title="Refund risk", lifespan=lifespan)
    app.add_middleware(driftlog.PredictionMiddleware, logger=logger)

    @app.post("/claims")
    def assess(claim: Claim) -> Risk:
        risk = score(claim)
        prediction_id = driftlog.capture(claim.model_dump(), prediction=risk)
        return Risk(prediction_id=prediction_id, risk=risk)

    @app.post("/claims/{prediction_id}/truth", status_code=204)
    def learn(prediction_id: str, truth: Truth) -> None:
        logger.log_label(prediction_id, truth.fraud)

    return app
