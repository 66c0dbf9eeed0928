"""From a transaction, as JSON, to the row that the model reads. src/services/fraud/transaction_row.cc does the same; a test compares
them. No logarithms or the like: they differ between libraries in the last digit, and trees do not need them."""

import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "boosting"))
from contract_text import user_features, words  # noqa: E402

_CARRIED = [
    "distance_from_home_km",
    "distance_from_last_km",
    "minutes_since_last",
    "transactions_last_hour",
    "transactions_last_day",
    "amount_last_day",
    "declines_last_day",
    "card_age_days",
]
NAMES = [
    "amount",
    "amount_to_average",
    "hour_of_day",
    "day_of_week",
    "merchant_category",
    "channel",
    "foreign_country",
    "country_changed",
    "known_device",
    "known_merchant",
    *_CARRIED,
    "speed_km_per_hour",
    *user_features(),
]
_NAN = float("nan")


def _different(left, right):
    return _NAN if left is None or right is None else float(left != right)


def row(transaction):
    """The numbers, in the order of NAMES; NaN for what is not known."""
    known = transaction.get
    user = known("user", {})
    amount = float(transaction["amount"])
    average = user.get("average_amount_30d", 0.0)
    time = datetime.fromisoformat(transaction["time"].replace("Z", "+00:00")).astimezone(timezone.utc)
    distance, minutes = known("distance_from_last_km"), known("minutes_since_last")
    return [
        amount,
        amount / average if average > 0 else _NAN,
        float(time.hour),
        float(time.weekday()),
        float(words("fraud", "merchant_category").index(transaction["merchant_category"])),
        float(words("fraud", "channel").index(transaction["channel"])),
        _different(known("merchant_country"), known("card_country")),
        _different(known("merchant_country"), known("last_country")),
        float(known("known_device", _NAN)),
        float(known("known_merchant", _NAN)),
        *(float(known(name, _NAN)) for name in _CARRIED),
        _NAN if distance is None or minutes is None else distance / max(minutes, 1.0) * 60.0,
        *(float(user.get(name, _NAN)) for name in user_features()),
    ]


def matrix(transactions):
    return numpy.array([row(transaction) for transaction in transactions], numpy.float64).astype(numpy.float32)
