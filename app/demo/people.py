"""People of the demo: each merchant's staff, and the buyers its parcels go to.

Nobody here exists. Names are drawn from lists of common ones, house numbers are random, and every telephone number
has 0000 in its middle four digits (`PHONE_PATTERN`), where a subscriber's number has the exchange it was issued at.
"""

from dataclasses import dataclass
from random import Random

from pickmesh.app.demo import regions, vocabulary
from pickmesh.app.demo.world import Merchant

PHONE_PATTERN = r"1[3-9][0-9]0000[0-9]{4}"

JOBS = (
    ("owner", 1),
    ("manager", 1),
    ("purchaser", 1),
    ("picker", 3),
    ("packer", 2),
    ("support", 1),
)
ENGLISH_READERS = frozenset({"picker3", "support"})
RARE_NAME_EVERY = 40
REPEAT_BUYERS = 0.06


@dataclass(frozen=True, slots=True)
class Person:
    """A member of a merchant's staff."""

    sign_in: str
    role: str
    name_zh: str
    name_en: str
    locale: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom a parcel goes to, and where."""

    name: str
    phone: str
    district: regions.District
    street: str


def staff_of(merchant: Merchant, random: Random) -> list[Person]:
    """Staff one merchant, one person or more per role, no two of the same name."""
    people: list[Person] = []
    names: set[str] = set()
    for role, wanted in JOBS:
        for number in range(1, wanted + 1):
            name_zh, name_en = _new_name(random, names)
            login = role if wanted == 1 else f"{role}{number}"
            locale = "en" if login in ENGLISH_READERS else "zh-CN"
            people.append(Person(f"{login}@{merchant.code}", role, name_zh, name_en, locale))
    return people


class Buyers:
    """Draws buyers: most are new, some order again, and every fortieth has a name GBK cannot write."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._known: list[Buyer] = []
        self._phones: set[str] = set()

    def next_buyer(self) -> Buyer:
        """Draw the buyer of the next order."""
        if self._known and self._random.random() < REPEAT_BUYERS:
            return self._random.choice(self._known)
        district = self._random.choices(regions.DISTRICTS, [each.weight for each in regions.DISTRICTS])[0]
        buyer = Buyer(self._name(), self._phone(), district, _street(self._random))
        self._known.append(buyer)
        return buyer

    def _name(self) -> str:
        if len(self._known) % RARE_NAME_EVERY == 0:
            return self._random.choice(vocabulary.SURNAMES)[0] + self._random.choice(vocabulary.RARE_GIVEN_NAMES)[0]
        kind = self._random.random()
        if kind < 0.02:
            return self._random.choice(vocabulary.FOREIGN_NAMES)
        surname = self._random.choice(vocabulary.SURNAMES)[0]
        if kind < 0.12:
            return surname + self._random.choice(("女士", "先生", "小姐"))
        return surname + self._random.choice(vocabulary.GIVEN_NAMES)[0]

    def _phone(self) -> str:
        while True:
            carrier, last = self._random.randrange(130, 200), self._random.randrange(10**4)
            phone = f"{carrier}0000{last:04d}"
            if phone not in self._phones:
                self._phones.add(phone)
                return phone


def _new_name(random: Random, taken: set[str]) -> tuple[str, str]:
    while True:
        (surname_zh, surname_en), (given_zh, given_en) = (
            random.choice(vocabulary.SURNAMES),
            random.choice(vocabulary.GIVEN_NAMES),
        )
        if surname_zh + given_zh not in taken:
            taken.add(surname_zh + given_zh)
            return surname_zh + given_zh, f"{given_en} {surname_en}"


def _street(random: Random) -> str:
    road = f"{random.choice(vocabulary.ROADS)}{random.randrange(1, 900)}号"
    if random.random() < 0.25:
        return f"{road}{random.choice(vocabulary.OFFICES)}{random.choice('ABC')}座{random.randrange(2, 26)}层"
    room = f"{random.randrange(1, 27)}{random.randrange(1, 5):02d}室"
    return f"{road}{random.choice(vocabulary.COMMUNITIES)}{random.randrange(1, 30)}幢{random.randrange(1, 5)}单元{room}"
