"""Customers of the example service: ``python traffic.py URL`` sends claims until it is stopped.

Of every tenth claim it tells the truth afterwards. After a while half of the claims come from a new
app, which does not send the account's age and knows a reason that the model has never seen.
"""

import argparse
import json
import random
import sys
import time
import urllib.error
import urllib.request

from claims import claims

LABELLED = 10
PAUSE = 5.0


def send(url: str, body: object) -> bytes:
    """Post a JSON body and return the reply's."""
    request = urllib.request.Request(  # noqa: S310 - the caller's URL
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - as above
        return bytes(reply.read())


def from_new_app(claim: dict[str, object]) -> dict[str, object]:
    """Return the claim as the new app sends it."""
    rest = {name: value for name, value in claim.items() if name != "account_age_days"}
    return rest | {"reason": "chargeback"}


def visit(url: str, rate: float, healthy: float, count: int | None) -> None:
    """Send so many claims, for ever where None; `rate` a second, unspoiled for `healthy` seconds."""
    draw = random.Random(2)  # noqa: S311 - a simulation
    began = time.monotonic()
    for number, (claim, fraud) in enumerate(claims(seed=int(time.time()))):
        if number == count:
            return
        spoiled = time.monotonic() - began >= healthy and draw.random() < 0.5  # noqa: PLR2004 - half
        try:
            reply = json.loads(send(f"{url}/claims", from_new_app(claim) if spoiled else claim))
            if number % LABELLED == 0:
                send(f"{url}/claims/{reply['prediction_id']}/truth", {"fraud": fraud})
        except (OSError, urllib.error.URLError) as error:
            sys.stderr.write(f"{url}: {error}; trying again in {PAUSE:g} s\n")
            time.sleep(PAUSE)
        time.sleep(1 / rate)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Send refund claims to the example service.")
    parser.add_argument("url", help="such as http://localhost:8000")
    parser.add_argument("--rate", type=float, default=5.0, help="claims a second")
    parser.add_argument("--healthy", type=float, default=1200.0, help="seconds until the new app")
    parser.add_argument("--count", type=int, help="claims to send; without it, for ever")
    given = parser.parse_args()
    try:
        visit(given.url, given.rate, given.healthy, given.count)
    except KeyboardInterrupt:
        sys.exit(130)
