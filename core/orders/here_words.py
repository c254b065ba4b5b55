"""The sentences in which the choice of a location and of a bin is told."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from pickmesh.core.kit.texts import joined, sentence
from pickmesh.core.orders.bins_weighed import BinBecause
from pickmesh.core.orders.heres import BinChosen, WhyHere
from pickmesh.core.orders.rules import RouteReason

TOLD_MAX = 3
"""Of other warehouses and of bins, so many are named; all of them are in the data."""


def of_order(why: WhyHere, codes: Mapping[UUID, str]) -> str:
    """Return why a fulfillment order goes out of its location, then why its units come from their bins."""
    told = [_located(why, codes.get(why.location_id, "") if why.location_id else "")]
    if why.rule_name is not None:
        told.append(sentence("Rule “{rule}” decided.", rule=why.rule_name))
    told += _weighed(why, codes)
    told += [one.sentence for one in why.bins[:TOLD_MAX]]
    return joined(told[0], *told[1:])


def _located(why: WhyHere, location: str) -> str:
    """Return why the location was chosen."""
    covered = next((one.covered for one in why.weighed if one.is_chosen), 0)
    return {
        RouteReason.ONLY_WAREHOUSE: sentence("{location} is the only warehouse.", location=location),
        RouteReason.COVERS_ORDER: sentence("{location} is the first that had everything.", location=location),
        RouteReason.COVERS_MOST: sentence(
            "No warehouse had everything; {location} had most of it ({covered}).", location=location, covered=covered
        ),
        RouteReason.PRIORITY: sentence("{location} comes first in the order of preference.", location=location),
        RouteReason.CHEAPEST: sentence("Sending it from {location} costs least.", location=location),
        RouteReason.MOST_STOCK: sentence("{location} had the most in stock.", location=location),
        RouteReason.FEWEST_PARCELS: sentence("From {location} it takes the fewest parcels.", location=location),
        RouteReason.RULE: sentence("A rule sends it to {location}.", location=location),
        RouteReason.PREFERRED: sentence("A review rule prefers {location}.", location=location),
        RouteReason.MOVED: sentence("Somebody moved it to {location}.", location=location),
        RouteReason.PARTNER: sentence("{location} is a partner who sends it for you.", location=location),
        RouteReason.UNMAPPED: sentence("It goes nowhere yet: nobody has said which SKU its goods are."),
        RouteReason.NO_WAREHOUSE: sentence("It goes nowhere yet: there is no warehouse."),
    }[RouteReason(why.reason)]


def _weighed(why: WhyHere, codes: Mapping[UUID, str]) -> Iterator[str]:
    others = [one for one in why.weighed if not one.is_chosen]
    for one in others[:TOLD_MAX]:
        yield sentence(
            "{location} had {covered} of {wanted}.",
            location=codes.get(one.location_id, ""),
            covered=one.covered,
            wanted=why.wanted or 0,
        )


def of_bin(one: BinChosen, place: str, sku: str) -> str:
    """Return why units come from their bin; `place` is where they are now."""
    if one.chosen is None:
        return sentence(
            "{quantity} × {sku} have left their bin for {place}.", quantity=one.quantity, sku=sku, place=place
        )
    return sentence(
        "{quantity} × {sku} come from {place}: {why}.", quantity=one.quantity, sku=sku, place=place, why=_because(one)
    )


def _because(one: BinChosen) -> str:
    assert one.chosen is not None
    other = one.others[0].place_code if one.others else ""
    return {
        BinBecause.LEFT: "",
        BinBecause.ONLY_BIN: sentence("no other bin has it free now"),
        BinBecause.EXPIRES_FIRST: sentence(
            "lot {lot} expires first ({day})", lot=one.chosen.lot_code or "", day=str(one.chosen.expires_on or "")
        ),
        BinBecause.CAME_FIRST: sentence("what came first goes first, and {other} was filled later", other=other),
        BinBecause.PICK_FACE: sentence("pick bins come before overflow such as {other}", other=other),
        BinBecause.FEWEST_BINS: sentence("it has all of it in one bin"),
        BinBecause.WALK: sentence("it comes before {other} on the walk", other=other),
        BinBecause.OTHER_NOW: sentence("chosen earlier; by now {other} would come first", other=other),
    }[one.because]
