"""Every table of the product: importing this module fills `Base.metadata`, for migrations and for the walls."""

from pickmesh.core.accounts import tables as accounts
from pickmesh.core.alerts import tables as alerts
from pickmesh.core.catalog import tables as catalog
from pickmesh.core.chats import tables as chats
from pickmesh.core.db.base import Base
from pickmesh.core.floor import tables as floor
from pickmesh.core.journal import tables as journal
from pickmesh.core.mesh import tables as mesh
from pickmesh.core.notices import tables as notices
from pickmesh.core.orders import rule_tables as order_rules
from pickmesh.core.orders import tables as orders
from pickmesh.core.packing import tables as packing
from pickmesh.core.picking import tables as picking
from pickmesh.core.stock import promise_tables as stock_promises
from pickmesh.core.stock import tables as stock
from pickmesh.core.stock import transfer_tables as stock_transfers

ROOMS = (
    journal,
    accounts,
    chats,
    notices,
    catalog,
    stock,
    stock_promises,
    stock_transfers,
    orders,
    order_rules,
    picking,
    packing,
    mesh,
    floor,
    alerts,
)
METADATA = Base.metadata
