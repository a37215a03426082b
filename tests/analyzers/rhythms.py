"""Traffic with a rhythm, in a spool: 60 events every eight hours."""

from datetime import timedelta

from driftlog._segment import header, new_id
from tests.analyzers.cases import random_source
from tests.analyzers.spools import BEGIN, MODEL, document, write_lines

SHIFT = timedelta(hours=8)
PER_SHIFT = 60
PER_DAY = 3


def flat(_):
    """The same at all times: share of the channel web, and mean of the amount."""
    return 0.3, 0.0


def weekly(day):
    """Another mix and another mean on every weekday, far apart."""
    weekday = int(day) % 7
    return 0.05 + 0.14 * weekday, 3.0 * weekday


def growing(day):
    """A mix and a mean that go on and on."""
    return min(0.9, 0.1 + 0.005 * day), 0.1 * day


def log_days(spool, traffic, days, *, faulty=1e9, silent=(), version="7"):
    """Log some days; from the day `faulty` on the feature `amount` is null, and web and app change places."""
    rng = random_source()
    lines = [header(new_id(), MODEL, version, "host", BEGIN.isoformat()).rstrip()]
    for shift in range(days * PER_DAY):
        day = shift / PER_DAY
        share, mean = traffic(day)
        web = rng.random(PER_SHIFT) < (1.0 - share if day >= faulty else share)
        amounts = rng.normal(mean, 1.0, PER_SHIFT)
        if int(day) in silent:
            continue
        for n in range(PER_SHIFT):
            parts = {"cat": {"channel": "web" if web[n] else "app"}}
            parts |= {"na": ["amount"]} if day >= faulty else {"num": {"amount": float(amounts[n])}}
            hours = 8 * (shift + n / PER_SHIFT)
            one = document(shift * PER_SHIFT + n, hours=hours, **parts)
            one["driftlog"]["model"]["version"] = version
            lines.append(one)
    write_lines(spool / "0.ndjson", lines)
    return spool


def day(number):
    """When a day begins."""
    return BEGIN + timedelta(days=number)
