"""What accounts accepts, without asking anybody."""

import re
import zoneinfo
from collections.abc import Iterable
from uuid import UUID

from pickmesh.core.kit import languages, refusals
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import ROLE_PERMISSIONS, Permission, Role
from pickmesh.core.kit.texts import sentence

NAME_LENGTH_MAX = 200
_MERCHANT_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_SHOP_CODE = re.compile(r"[^\s:;,*]{1,64}")
_SIGN_IN = re.compile(r"\S{3,200}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def require_merchant_code(code: str) -> None:
    """Refuse what cannot stand in addresses and file names."""
    if not _MERCHANT_CODE.fullmatch(code):
        message = sentence("“{code}” is no merchant code; use 1 to 64 small letters, digits and hyphens.", code=code)
        raise refusals.InvalidInput(message, field=("code",))


def require_shop_code(code: str) -> None:
    """Refuse what cannot stand in a file's shop column."""
    if not _SHOP_CODE.fullmatch(code):
        message = sentence(
            "“{code}” is no shop code; use 1 to 64 characters without spaces, colons, semicolons, commas or stars.",
            code=code,
        )
        raise refusals.InvalidInput(message, field=("code",))


def require_sign_in(name: str) -> None:
    """Refuse names nobody can type."""
    if not _SIGN_IN.fullmatch(name):
        message = sentence("“{name}” is no sign-in name; use 3 to 200 characters without spaces.", name=name)
        raise refusals.InvalidInput(message, field=("signIn",))


def require_name(name: str) -> None:
    """Refuse an empty or endless name."""
    if not 1 <= len(name.strip()) <= NAME_LENGTH_MAX:
        raise refusals.InvalidInput(
            sentence("A name has 1 to {most} characters.", most=NAME_LENGTH_MAX), field=("name",)
        )


def require_time_zone(name: str) -> None:
    """Refuse what is no IANA time zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        message = sentence("“{name}” is no time zone; use an IANA name such as Asia/Shanghai.", name=name)
        raise refusals.InvalidInput(message, field=("timeZone",)) from None


def require_currency(code: str) -> None:
    """Refuse what is no ISO 4217 code."""
    if not _CURRENCY.fullmatch(code):
        message = sentence("“{code}” is no currency; use its three capital letters, such as CNY.", code=code)
        raise refusals.InvalidInput(message, field=("currency",))


def require_locale(locale: str) -> None:
    """Refuse a language nobody has translated to."""
    if locale not in languages.LOCALES:
        message = sentence(
            "“{name}” is no language of ours; use one of {locales}.", name=locale, locales=", ".join(languages.LOCALES)
        )
        raise refusals.InvalidInput(message, field=("locale",))


def require_no_more_than(
    actor: Actor,
    permissions: Iterable[Permission],
    *,
    warehouse_ids: frozenset[UUID] | None = None,
    shop_ids: frozenset[UUID] | None = None,
) -> None:
    """Refuse to let an actor hand out what they do not have: permissions, warehouses or shops (None: all of them)."""
    within = (
        frozenset(permissions) <= actor.permissions
        and _is_within(warehouse_ids, actor.warehouse_ids)
        and _is_within(shop_ids, actor.shop_ids)
    )
    if not within:
        raise refusals.NotPermitted("You cannot give more rights than you have; ask an owner to do it.")


def permissions_of(role: Role) -> frozenset[Permission]:
    """Return what a role may do."""
    return ROLE_PERMISSIONS[role]


def ids_in(listed: list[str] | None) -> frozenset[UUID] | None:
    """Return a stored set of ids; None stands for all of them."""
    return None if listed is None else frozenset(UUID(value) for value in listed)


def listed(ids: frozenset[UUID] | None) -> list[str] | None:
    """Return a set of ids as it is stored; None stands for all of them."""
    return None if ids is None else sorted(str(id_) for id_ in ids)


def _is_within(given: frozenset[UUID] | None, held: frozenset[UUID] | None) -> bool:
    return held is None or (given is not None and given <= held)
