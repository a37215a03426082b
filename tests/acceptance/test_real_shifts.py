"""The shifts that happened in public data (REAL_SHIFTS.csv), replayed in time order, found by feature and kind."""

import csv

import pandas as pd
import pytest

from tests.acceptance.replayed import Replay, at, found, holding, real


def after_start(minutes: int) -> str:
    """The time of a row of a replay that makes up one row a minute."""
    return (pd.Timestamp("2026-01-01") + pd.Timedelta(minutes=minutes)).isoformat()


@pytest.fixture(scope="module")
def bank(tmp_path_factory) -> Replay:
    """Portuguese bank calls, 2008 to 2010, in the file's order, which is that of time."""
    frame = pd.read_csv(real("bank_marketing/bank-additional-full.csv"), sep=";")
    return Replay.of(
        frame, tmp_path_factory.mktemp("bank"), "bank", "--start", "2026-01-01", "--every", "1m"
    )


@pytest.fixture(scope="module")
def bike(tmp_path_factory) -> list[dict]:
    """Hourly bike rentals in windows of a day, beside January and February 2011."""
    frame = pd.read_csv(real("bike_sharing/hour.csv"))
    frame["at"] = pd.to_datetime(frame.dteday) + pd.to_timedelta(frame.hr, unit="h")
    replay = Replay.of(frame, tmp_path_factory.mktemp("bike"), "bike", "--time", "at")
    replay.baseline("state", "--to", "2011-03-01")
    return replay.analyze("state", "--window", "1d")


@pytest.fixture(scope="module")
def hotel(tmp_path_factory) -> Replay:
    """Hotel bookings by date of arrival."""
    frame = pd.read_csv(
        real("hotel_bookings/hotel_bookings.csv.gz"),
        keep_default_na=False,
        na_values=[""],
        low_memory=False,
    )
    day = frame.arrival_date_day_of_month.astype(str)
    frame["at"] = pd.to_datetime(
        frame.arrival_date_year.astype(str) + "-" + frame.arrival_date_month + "-" + day,
        format="%Y-%B-%d",
    )
    frame = frame.sort_values("at", kind="stable")
    return Replay.of(frame, tmp_path_factory.mktemp("hotel"), "hotel", "--time", "at")


@pytest.fixture(scope="module")
def hotel_weeks(hotel) -> list[dict]:
    """The bookings in windows of a week, beside July to November 2015."""
    hotel.baseline("weeks", "--to", "2015-12-01")
    return hotel.analyze("weeks", "--window", "1w")


@pytest.fixture(scope="module")
def speeches(tmp_path_factory) -> Replay:
    """Sentences of State of the Union addresses."""
    frame = pd.read_csv(real("sotu/sotu_sentences_1900_2020.csv"))
    frame["at"] = pd.to_datetime(frame.year.astype(str) + "-01-01")
    return Replay.of(
        frame, tmp_path_factory.mktemp("sotu"), "sotu", "--time", "at", "--text", "text"
    )


@pytest.mark.parametrize(
    "shift",
    [
        (12_000, 12_357, "contact", "unseen_category", "cellular"),
        (12_000, 12_357, "contact", "category_shift", "cellular"),
        (24_000, 24_013, "poutcome", "unseen_category", "failure"),
        (24_000, 24_013, "pdays", "range", "below"),
        (24_000, 24_051, "euribor3m", "range", "below"),
        (27_500, 27_690, "nr.employed", "range", "below"),
    ],
)
def test_bank_shifts_begin_in_the_window_of_their_first_row(bank, shift):
    """Phone contacts, earlier outcomes, the sentinel 999, interest, employment: found in the window of onset."""
    reference_rows, row, feature, detector, value = shift
    state = f"reference-{reference_rows}"
    if not (bank.spool / state).exists():
        bank.baseline(state, "--to", after_start(reference_rows))
    windows = bank.analyze(state, "--window", "500")

    first = next(found(windows, detector, feature))

    assert holding(windows, row)["rows"] == first["rows"]
    assert value in {change["value"] for change in first["result"]["changes"]}


@pytest.mark.parametrize(
    ("feature", "detector", "rows", "constant"),
    [
        ("hum", "stuck", (1551, 1573), "0"),
        ("hum", "range", (1551, 1573), "below"),
        ("atemp", "stuck", (14131, 14155), "0.2424"),
    ],
)
def test_bike_sensors_that_stuck_are_found_on_their_day(bike, feature, detector, rows, constant):
    """The humidity sensor read zero on 2011-03-10, the felt temperature one value on 2012-08-17."""
    days = {tuple(w["rows"]): w["result"] for w in found(bike, detector, feature)}

    assert rows in days
    assert constant == max(days[rows]["changes"], key=lambda change: change["after"])["value"]


def test_bike_volume_falls_with_the_hurricane(bike):
    """One row instead of 24 on 2012-10-29."""
    assert "2012-10-29" in {w["start"][:10] for w in found(bike, "volume", "")}


@pytest.mark.parametrize(
    ("feature", "value", "begin", "end"),
    [
        ("market_segment", "Online TA", "2016-07-04", "2016-08-29"),
        ("country", "PRT", "2017-06-05", "2017-08-28"),
        ("customer_type", "Contract", "2016-01-04", "2016-02-01"),
        ("meal", "SC", "2016-01-04", "2016-03-28"),
    ],
)
def test_hotel_shares_shift_when_they_did(hotel_weeks, feature, value, begin, end):
    """Every week of the stretch in REAL_SHIFTS.csv is found, and the value that moved is named."""
    stretch = [w for w in hotel_weeks if begin <= w["start"][:10] <= end]

    hits = list(found(stretch, "category_shift", feature))

    assert len(stretch) == len(hits)
    assert all(value in {change["value"] for change in w["result"]["changes"]} for w in hits)


def test_a_rare_unseen_channel_is_first_a_notice_and_then_a_finding(hotel):
    """GDS comes once at row 9,326, no more than usual novelty; it is a finding when it comes regularly."""
    hotel.baseline("channel", "--to", "2015-09-01")
    windows = hotel.analyze("channel", "--window", "30d")
    told = {
        kind: [
            w
            for w in found(windows, "unseen_category", "distribution_channel", kind)
            if _names(w, "GDS")
        ]
        for kind in ("notices", "findings")
    }

    assert holding(windows, 9326)["rows"] == told["notices"][0]["rows"]
    assert "2016-01" <= told["findings"][0]["start"][:7] <= "2016-03"
    assert len(told["findings"]) >= 10


def _names(window: dict, value: str) -> bool:
    return value in {change["value"] for change in window["result"]["changes"]}


def test_speeches_are_unseen_in_the_window_of_the_first_one(speeches):
    """In 1913 Wilson spoke again: 'speech' among the written messages."""
    speeches.baseline("written", "--to", "1912-01-01")
    windows = speeches.analyze("written", "--window", "500")

    first = next(found(windows, "unseen_category", "delivery"))

    with real("sotu/sotu_sentences_1900_2020.csv").open(encoding="utf-8") as file:
        row = next(n for n, line in enumerate(csv.DictReader(file)) if line["delivery"] == "speech")
    assert holding(windows, row)["rows"] == first["rows"]
    assert "speech" == first["result"]["changes"][0]["value"]


def test_new_words_come_with_the_fifties(speeches):
    """Beside 1900 to 1949 no window before 1950 has too many unknown words; from 1953 on every one has."""
    speeches.baseline("words", "--to", "1950-01-01")
    windows = speeches.analyze("words", "--window", "500")

    years = {at(w).year: w["result"] for w in found(windows, "oov_rate", "text")}

    assert 1950 <= min(years) <= 1953
    assert [] == [w["start"] for w in windows if at(w).year >= 1954 and at(w).year not in years]
    assert {"nuclear", "missiles", "Communist"} & {
        change["value"] for change in years[1956]["changes"]
    }


def test_a_price_ten_times_out_of_range_is_told(hotel):
    """One booking of 5,400 a night on 2016-03-25, beside at most 510 before: a notice, for one number is no alert."""
    hotel.baseline("price", "--to", "2016-03-01")
    windows = hotel.analyze("price", "--window", "1d", "--from", "2016-03-20", "--to", "2016-03-28")

    (day,) = found(windows, "range", "adr", "notices")

    assert "2016-03-25" == day["start"][:10]
    assert 5400 == day["result"]["statistics"]["maximum"]
