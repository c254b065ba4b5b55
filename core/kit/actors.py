"""Who acts: one merchant, one person or app, and the permissions that come with it."""

from dataclasses import dataclass, field
from uuid import UUID

from pickmesh.core.kit import refusals
from pickmesh.core.kit.permissions import ROLE_PERMISSIONS, Permission, Role
from pickmesh.core.kit.texts import sentence


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller bound to one merchant; `warehouse_ids` or `shop_ids` None means all of them."""

    merchant_id: UUID
    person_id: UUID | None
    role: Role
    permissions: frozenset[Permission]
    warehouse_ids: frozenset[UUID] | None = None
    shop_ids: frozenset[UUID] | None = None
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    locale: str = field(default="zh-CN")

    @property
    def acting_id(self) -> UUID | None:
        """Return who is named in logs and keys: the person or the program's key; None for the merchant's machinery."""
        return self.person_id or self.api_key_id

    def may(self, permission: Permission, *, warehouse_id: UUID | None = None, shop_id: UUID | None = None) -> bool:
        """Tell whether this caller has a permission, there."""
        return (
            permission in self.permissions
            and (warehouse_id is None or self.warehouse_ids is None or warehouse_id in self.warehouse_ids)
            and (shop_id is None or self.shop_ids is None or shop_id in self.shop_ids)
        )

    def require(self, permission: Permission, *, warehouse_id: UUID | None = None, shop_id: UUID | None = None) -> None:
        """Refuse with NOT_PERMITTED unless this caller has the permission, there."""
        if not self.may(permission, warehouse_id=warehouse_id, shop_id=shop_id):
            raise refusals.NotPermitted(
                sentence(
                    "This needs the permission {permission}; ask an owner or manager for it or to do it for you.",
                    permission=permission.value,
                ),
                data={"permission": permission.value},
            )


def system_actor(merchant_id: UUID) -> Actor:
    """Return the merchant's own machinery: workers, the command line, reactions."""
    return Actor(merchant_id, None, Role.OWNER, ROLE_PERMISSIONS[Role.OWNER])
