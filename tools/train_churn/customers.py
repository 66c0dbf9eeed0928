"""Makes customers who stay or leave. They are SYNTHETIC: no real customer is in them, and what is written here about leaving is our own
guess at it. What a model learns from them says nothing about how well it would do on real ones.

A customer has an activity that changes by a trend; leaving within 90 days is drawn from log-odds that rise with fewer log-ins and
transactions than before, days without either, open complaints, higher prices (much less so for the bound) and contacts with support, and
fall with the account's age and the number of products. On top comes noise that no feature shows. Each value is left out of one customer in
twelve.
"""

import math

import numpy


class Generator:
    """The same seed gives the same customers."""

    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)

    def customers(self, count):
        """Pairs of a customer, as the JSON of POST /predict-churn, and whether they left."""
        for number in range(count):
            customer = self._customer(number)
            left = bool(self.random.random() < 1 / (1 + math.exp(-self._log_odds(customer))))
            for values in (customer, customer["user"]):
                for name in list(values):
                    if name not in ("user", "user_id") and self.random.random() < 1 / 12:
                        del values[name]
            yield customer, left

    def _customer(self, number):
        random = self.random
        activity = math.exp(random.normal(3.0, 0.7))
        trend = math.exp(random.normal(-0.05, 0.5))
        logins = 0.6 * activity
        quiet = float(random.exponential(30 / max(activity * trend, 0.5)))
        return {
            "user_id": f"u-{number}",
            "user": {
                "account_age_days": float(numpy.round(random.gamma(2.0, 600), 0)),
                "transactions_30d": float(random.poisson(activity * trend)),
                "average_amount_30d": float(numpy.round(math.exp(random.normal(3.4, 0.6)), 2)),
                "declines_30d": float(random.poisson(0.4)),
                "countries_30d": float(1 + random.poisson(0.2)),
                "support_contacts_90d": float(random.poisson(0.6)),
                "days_since_last_transaction": round(quiet, 3),
            },
            "days_since_last_login": round(float(random.exponential(30 / max(logins * trend, 0.3))), 2),
            "logins_30d": float(random.poisson(logins * trend)),
            "logins_previous_30d": float(random.poisson(logins)),
            "transactions_previous_30d": float(random.poisson(activity)),
            "products": float(1 + random.binomial(4, 0.3)),
            "price_rise_percent": float(numpy.round(max(0.0, random.normal(2, 5)), 1)),
            "open_complaints": float(random.poisson(0.15)),
            "bound_by_contract": bool(random.random() < 0.35),
        }

    def _log_odds(self, customer):
        user = customer["user"]
        fewer_logins = math.log((customer["logins_30d"] + 1) / (customer["logins_previous_30d"] + 1))
        fewer_transactions = math.log((user["transactions_30d"] + 1) / (customer["transactions_previous_30d"] + 1))
        price = customer["price_rise_percent"] * (0.04 if customer["bound_by_contract"] else 0.14)
        return (
            -2.6
            - 1.2 * fewer_logins
            - 0.9 * fewer_transactions
            + 0.05 * min(customer["days_since_last_login"], 60)
            + 0.04 * min(user["days_since_last_transaction"], 60)
            + 1.1 * customer["open_complaints"]
            + price
            + 0.3 * user["support_contacts_90d"] * (1 + customer["open_complaints"])
            + 0.25 * user["declines_30d"]
            - 0.5 * (customer["products"] - 1)
            - 0.4 * math.log1p(user["account_age_days"] / 365)
            - (1.4 if customer["bound_by_contract"] else 0)
            + self.random.normal(0, 0.8)
        )
