"""From the JSON of POST /predict-churn to the row that the model reads. src/services/churn/customer_row.cc does the same; a test compares
them."""

import sys
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "boosting"))
from contract_text import user_features  # noqa: E402

_CARRIED = [
    "days_since_last_login",
    "logins_30d",
    "logins_previous_30d",
    "transactions_previous_30d",
    "products",
    "price_rise_percent",
    "open_complaints",
    "bound_by_contract",
]
NAMES = [*user_features(), *_CARRIED, "logins_trend", "transactions_trend"]
_NAN = float("nan")


def _trend(now, before):
    return _NAN if now is None or before is None or before <= 0 else now / before


def row(customer):
    """The numbers, in the order of NAMES; NaN for what is not known."""
    user = customer["user"]
    return [
        *(float(user.get(name, _NAN)) for name in user_features()),
        *(float(customer.get(name, _NAN)) for name in _CARRIED),
        _trend(customer.get("logins_30d"), customer.get("logins_previous_30d")),
        _trend(user.get("transactions_30d"), customer.get("transactions_previous_30d")),
    ]


def matrix(customers):
    return numpy.array([row(customer) for customer in customers], numpy.float64).astype(numpy.float32)
