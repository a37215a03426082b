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
    times = ("--start", "2026-01-01", "--every", "1m")
    folder = tmp_path_factory.mktemp("bank")
    return Replay.of(frame, folder, "bank", *times, "--prediction", "y")


@pytest.fixture(scope="module")
def bikes(tmp_path_factory) -> Replay:
    """Hourly bike rentals."""
    frame = pd.read_csv(real("bike_sharing/hour.csv"))
    frame["at"] = pd.to_datetime(frame.dteday) + pd.to_timedelta(frame.hr, unit="h")
    return Replay.of(frame, tmp_path_factory.mktemp("bike"), "bike", "--time", "at")


@pytest.fixture(scope="module")
def bike(bikes) -> list[dict]:
    """The rentals in windows of a day, beside January and February 2011."""
    bikes.baseline("state", "--to", "2011-03-01")
    return bikes.analyze("state", "--window", "1d")


@pytest.fixture(scope="module")
def bike_weeks(bikes) -> list[dict]:
    """The rentals of 2012 in windows of a week, beside 2011."""
    bikes.baseline("year", "--to", "2012-01-01")
    return bikes.analyze("year", "--window", "1w", "--from", "2012-01-02")


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


def test_bike_volume_falls_with_the_hurricanes(bike):
    """One row and 11 rows instead of 24 on 2012-10-29 and 30 (Sandy), 18 and 17 on 2011-08-27 and 28 (Irene)."""
    days = {w["start"][:10] for w in found(bike, "volume", "")}

    assert {"2011-08-27", "2011-08-28", "2012-10-29", "2012-10-30"} <= days


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
    """GDS comes once at row 9,326, no more than usual novelty; it is a finding when one window has several.

    Beside 9,117 bookings without it, six of 5,000 have a probability of 0.002 and nine, in May 2016, of 0.0001.
    """
    hotel.baseline("channel", "--to", "2015-09-17")
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
    assert "2016-02" <= told["findings"][0]["start"][:7] <= "2016-05"
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


def test_a_price_ten_times_out_of_range_is_a_finding_of_low_severity(hotel):
    """One booking of 5,400 a night on 2016-03-25, beside at most 510 before: their tail does not reach there."""
    hotel.baseline("price", "--to", "2016-03-01")
    windows = hotel.analyze("price", "--window", "1d", "--from", "2016-03-20", "--to", "2016-03-28")

    (day,) = [w for w in found(windows, "range", "adr") if w["result"]["severity"] == "low"]

    assert "2016-03-25" == day["start"][:10]
    assert 5400 == day["result"]["statistics"]["maximum"]


def test_answers_shift_as_predictions_do(bank):
    """`y`, logged as the model's answer: 5 % yes in 2008 and 37 % from June 2009 on, in the window of onset."""
    bank.baseline("answers", "--to", after_start(24_000))
    windows = bank.analyze("answers", "--window", "500", "--from", after_start(35_500))

    hits = [at(w) for w in found(windows, "prediction_shift", "prediction.y")]

    onset = pd.Timestamp(after_start(36_224), tz="UTC")
    assert any(abs((hit - onset).total_seconds()) <= 500 * 60 for hit in hits)


def test_sentences_grow_shorter_in_the_twenties(speeches):
    """Beside 1900 to 1909, with 31 words a sentence, every window from 1923 to 1929 is found."""
    speeches.baseline("length", "--to", "1910-01-01")
    windows = speeches.analyze("length", "--window", "500", "--to", "1931-01-01")

    hits = {w["start"] for w in found(windows, "numeric_shift", "n_tokens")}

    twenties = [w["start"] for w in windows if 1923 <= at(w).year <= 1929]
    assert twenties
    assert set(twenties) <= hits


def test_rentals_grow_year_on_year(bike_weeks):
    """Beside 2011, the counts of 2012 are found in a week of January, and in most weeks from April on."""
    for feature in ("cnt", "registered"):
        hits = [w["start"] for w in found(bike_weeks, "numeric_shift", feature)]

        summer = {w["start"] for w in bike_weeks if "2012-04" <= w["start"][:7] <= "2012-10"}
        assert len(summer & set(hits)) >= 0.8 * len(summer)
