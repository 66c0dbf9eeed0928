"""Makes card transactions. They are SYNTHETIC: no real card, customer or fraud is in them, and what is written here about fraud is our
own guess at it. What a model learns from them says nothing about how well it would do on real ones.

A customer has a home country, an account of some age, an amount that is usual, and habits: how often the card is used, how often abroad,
how often online. A legitimate transaction follows the habits; one in twelve belongs to a journey, far from home in another country. One in
fifty is fraud, of one of four kinds:

  stolen card       used soon and far from where it was last used, for several times the usual amount, in shops that resell well
  account takeover  online, on a new device, often at night, for gift cards, electronics and online services
  card testing      many small amounts within the hour, some declined
  quiet             one in seven of the frauds: nothing but a new merchant sets it apart

One legitimate transaction in sixty looks odd too: a new phone, a large purchase, a burst of small ones. Each value that a bank might not
have is left out of one transaction in twelve.
"""

import math
from datetime import datetime, timedelta, timezone

import numpy

COUNTRIES = ["DE", "FR", "NL", "ES", "IT", "PL", "GB", "US"]
FAR = ["BR", "TH", "NG", "US", "CN", "ZA"]
EVERYDAY = ["groceries", "fuel", "restaurants", "clothing", "household", "health", "travel", "entertainment", "online_services", "cash"]
EVERYDAY_SHARES = [0.3, 0.1, 0.18, 0.08, 0.07, 0.06, 0.03, 0.06, 0.08, 0.04]
RESELLS = ["electronics", "jewellery", "gift_cards", "gambling", "cash"]
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
OPTIONAL = [
    "merchant_country", "card_country", "last_country", "known_device", "known_merchant", "distance_from_home_km", "distance_from_last_km",
    "minutes_since_last", "transactions_last_hour", "transactions_last_day", "amount_last_day", "declines_last_day", "card_age_days",
]  # fmt: skip


class Generator:
    """The same seed gives the same transactions."""

    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)

    def transactions(self, count):
        """Pairs of a transaction, as the JSON of POST /score-transaction, and whether it is fraud."""
        for number in range(count):
            fraud = bool(self.random.random() < 0.02)
            transaction = self._legitimate(number)
            if fraud:
                kind = self.random.choice(["stolen", "takeover", "testing", "quiet"], p=[0.36, 0.3, 0.2, 0.14])
                getattr(self, f"_{kind}")(transaction)
            elif self.random.random() < 1 / 60:
                self._odd(transaction)
            for name in OPTIONAL:
                if self.random.random() < 1 / 12:
                    del transaction[name]
            for name in list(transaction["user"]):
                if self.random.random() < 1 / 12:
                    del transaction["user"][name]
            yield transaction, fraud

    def _amount(self, usual, spread=0.7):
        return round(max(0.5, usual * math.exp(self.random.normal(0, spread))), 2)

    def _hour(self, awake):
        """Most legitimate hours lie around the afternoon."""
        return int(self.random.normal(14.5, 4.2)) % 24 if awake else int(self.random.integers(0, 6))

    def _legitimate(self, number):
        random = self.random
        home = str(random.choice(COUNTRIES, p=[0.4, 0.12, 0.1, 0.1, 0.1, 0.08, 0.07, 0.03]))
        usual = float(numpy.round(math.exp(random.normal(3.3, 0.6)), 2))
        activity = float(math.exp(random.normal(3.2, 0.6)))  # transactions in 30 days
        age = float(numpy.round(random.gamma(2.0, 700), 0))
        journey = random.random() < 1 / 12
        online = random.random() < 0.28
        day = timedelta(days=int(random.integers(0, 300)), hours=self._hour(random.random() < 0.97), seconds=int(random.integers(0, 3600)))
        minutes = float(numpy.round(random.exponential(43200 / activity), 1))
        distance_home = float(numpy.round(random.gamma(2, 1500) if journey else random.gamma(1.2, 9), 1))
        recent = int(random.poisson(activity / 30))
        abroad = str(random.choice(COUNTRIES + FAR)) if journey else home
        return {
            "transaction_id": f"t-{number}",
            "time": (START + day).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "amount": self._amount(usual),
            "merchant_category": str(random.choice(EVERYDAY + ["electronics"], p=[*(0.97 * s for s in EVERYDAY_SHARES), 0.03])),
            "channel": "online" if online else str(random.choice(["chip", "contactless", "magnetic_stripe"], p=[0.3, 0.66, 0.04])),
            "merchant_country": abroad if not online or random.random() < 0.2 else home,
            "card_country": home,
            "last_country": abroad if random.random() < 0.7 else home,
            "known_device": bool(random.random() < 0.93),
            "known_merchant": bool(random.random() < (0.25 if journey else 0.68)),
            "distance_from_home_km": distance_home,
            "distance_from_last_km": float(numpy.round(random.gamma(1.2, 60 if journey else 6), 1)),
            "minutes_since_last": minutes,
            "transactions_last_hour": float(random.poisson(0.15)),
            "transactions_last_day": float(recent),
            "amount_last_day": round(sum(self._amount(usual) for _ in range(recent)), 2),
            "declines_last_day": float(random.random() < 0.02),
            "card_age_days": float(numpy.round(min(age, random.gamma(2.0, 300)), 0)),
            "user": {
                "account_age_days": age,
                "transactions_30d": float(random.poisson(activity)),
                "average_amount_30d": round(usual * math.exp(random.normal(0.2, 0.2)), 2),
                "declines_30d": float(random.poisson(0.3)),
                "countries_30d": float(1 + random.poisson(0.9 if journey else 0.1)),
                "support_contacts_90d": float(random.poisson(0.4)),
                "days_since_last_transaction": round(minutes / 1440, 3),
            },
        }

    def _stolen(self, transaction):
        random = self.random
        transaction["merchant_category"] = str(random.choice(RESELLS + ["clothing"]))
        transaction["channel"] = str(random.choice(["magnetic_stripe", "contactless", "chip", "online"], p=[0.4, 0.3, 0.1, 0.2]))
        transaction["merchant_country"] = str(random.choice(FAR)) if random.random() < 0.6 else transaction["card_country"]
        transaction["last_country"] = transaction["card_country"]
        transaction["amount"] = round(transaction["amount"] * float(random.gamma(3, 1.8)) + 20, 2)
        transaction["known_merchant"] = bool(random.random() < 0.05)
        transaction["distance_from_last_km"] = float(numpy.round(random.gamma(1.5, 900), 1))
        transaction["distance_from_home_km"] = float(numpy.round(random.gamma(1.5, 1200), 1))
        transaction["minutes_since_last"] = float(numpy.round(random.exponential(120), 1))
        transaction["transactions_last_hour"] = float(random.poisson(1.2))

    def _takeover(self, transaction):
        random = self.random
        transaction["merchant_category"] = str(random.choice(["gift_cards", "electronics", "online_services", "gambling"], p=[0.35, 0.3, 0.2, 0.15]))
        transaction["channel"] = "online"
        transaction["known_device"] = bool(random.random() < 0.08)
        transaction["known_merchant"] = bool(random.random() < 0.1)
        transaction["amount"] = round(transaction["amount"] * float(random.gamma(2.5, 1.6)) + 10, 2)
        if random.random() < 0.55:
            transaction["time"] = transaction["time"][:11] + f"{self._hour(False):02d}" + transaction["time"][13:]
        transaction["user"]["support_contacts_90d"] += float(random.poisson(0.8))
        transaction["declines_last_day"] += float(random.poisson(0.5))

    def _testing(self, transaction):
        random = self.random
        transaction["channel"] = "online"
        transaction["merchant_category"] = str(random.choice(["online_services", "entertainment", "gift_cards"]))
        transaction["amount"] = round(0.5 + float(random.exponential(2.5)), 2)
        transaction["transactions_last_hour"] = float(2 + random.poisson(4))
        transaction["transactions_last_day"] += transaction["transactions_last_hour"]
        transaction["minutes_since_last"] = float(numpy.round(random.exponential(4), 1))
        transaction["declines_last_day"] += float(random.poisson(1.6))
        transaction["known_merchant"] = bool(random.random() < 0.1)

    def _quiet(self, transaction):
        transaction["known_merchant"] = False

    def _odd(self, transaction):
        random = self.random
        oddity = random.integers(0, 3)
        if oddity == 0:
            transaction["known_device"] = False
            transaction["channel"] = "online"
        elif oddity == 1:
            transaction["amount"] = round(transaction["amount"] * float(random.gamma(3, 2)), 2)
            transaction["merchant_category"] = str(random.choice(["electronics", "jewellery", "travel", "household"]))
        else:
            transaction["transactions_last_hour"] = float(1 + random.poisson(2))
            transaction["minutes_since_last"] = float(numpy.round(random.exponential(15), 1))
