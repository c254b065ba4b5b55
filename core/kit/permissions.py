"""What each role may do."""

from enum import StrEnum


class Permission(StrEnum):
    """One thing a person or app may do at a merchant."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    RECIPIENTS_READ = "recipients:read"
    FLOOR_READ = "floor:read"
    FLOOR_WORK = "floor:work"
    FLOOR_MANAGE = "floor:manage"
    PACK_FORCE = "pack:force"
    EVENTS_READ = "events:read"


class Role(StrEnum):
    """A person's standing at a merchant."""

    OWNER = "OWNER"
    MANAGER = "MANAGER"
    PURCHASER = "PURCHASER"
    PICKER = "PICKER"
    PACKER = "PACKER"
    SUPPORT = "SUPPORT"
    APP = "APP"


_ALL = frozenset(Permission)
_FLOOR = frozenset({Permission.CATALOG_READ, Permission.STOCK_READ, Permission.FLOOR_READ, Permission.FLOOR_WORK})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _ALL,
    Role.MANAGER: _ALL - {Permission.ACCOUNT_WRITE},
    Role.PURCHASER: frozenset(
        {
            Permission.ACCOUNT_READ,
            Permission.CATALOG_READ,
            Permission.CATALOG_WRITE,
            Permission.STOCK_READ,
            Permission.ORDERS_READ,
            Permission.EVENTS_READ,
        }
    ),
    Role.PICKER: _FLOOR,
    Role.PACKER: _FLOOR | {Permission.ORDERS_READ, Permission.RECIPIENTS_READ},
    Role.SUPPORT: frozenset(
        {
            Permission.ACCOUNT_READ,
            Permission.CATALOG_READ,
            Permission.STOCK_READ,
            Permission.ORDERS_READ,
            Permission.ORDERS_WRITE,
            Permission.RECIPIENTS_READ,
            Permission.FLOOR_READ,
        }
    ),
    Role.APP: frozenset(),
}
