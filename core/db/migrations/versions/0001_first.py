"""The first schema: journal, accounts, catalog, stock, orders, picking, packing, floor."""

import sqlalchemy as sa
from alembic import op

from pickmesh.core.db import base, walls

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WALLED = [
    "allocation",
    "api_key",
    "barcode",
    "bundle_component",
    "carrier_account",
    "counter",
    "cursor",
    "event",
    "exception_task",
    "fulfillment_line",
    "fulfillment_order",
    "hold",
    "idempotency_key",
    "inbox",
    "location",
    "look_alike",
    "lot",
    "membership",
    "merchant",
    "order_line",
    "order_recipient",
    "outbox",
    "pairing",
    "parcel",
    "parcel_item",
    "person",
    "pick",
    "pick_line",
    "pick_list",
    "place",
    "print_job",
    "product",
    "reservation",
    "sales_order",
    "scan",
    "scan_session",
    "search_term",
    "session",
    "shipment",
    "shop",
    "sign_in_attempt",
    "sku",
    "sku_map",
    "station",
    "stock_balance",
    "stock_level",
    "stock_move",
    "stock_unit",
    "timer",
    "tote_use",
    "wave",
    "wave_order",
    "waybill",
]


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("permissions", base.Json, nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("ended_at", base.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_api_key")),
    )
    op.create_index("uq_api_key_token_hash", "api_key", ["merchant_id", "token_hash"], unique=True)
    op.create_table(
        "carrier_account",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("settings", base.Json, nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("archived_at", base.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_carrier_account")),
    )
    op.create_index("uq_carrier_account_code", "carrier_account", ["merchant_id", "code"], unique=True)
    op.create_table(
        "counter",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "kind", name=op.f("pk_counter")),
    )
    op.create_table(
        "cursor",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "consumer", name=op.f("pk_cursor")),
    )
    op.create_table(
        "directory_entry",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key_hash", name=op.f("pk_directory_entry")),
    )
    op.create_table(
        "event",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("payload", base.Json, nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("at", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "seq", name=op.f("pk_event")),
    )
    op.create_index("ix_event_subject", "event", ["merchant_id", "subject_id", "seq"], unique=False)
    op.create_table(
        "exception_task",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("detail", base.Json, nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("done_at", base.UtcTime(), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('SHORT_PICK', 'PUT_BACK', 'LATE_SCAN', 'MISFIT_SCAN')", name=op.f("ck_exception_task_kind_known")
        ),
        sa.CheckConstraint("status IN ('OPEN', 'DONE')", name=op.f("ck_exception_task_status_known")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_exception_task")),
    )
    op.create_index(
        "ix_exception_task_status", "exception_task", ["merchant_id", "location_id", "status", "id"], unique=False
    )
    op.create_index("ix_exception_task_subject_id", "exception_task", ["merchant_id", "subject_id"], unique=False)
    op.create_index("uq_exception_task_number", "exception_task", ["merchant_id", "number"], unique=True)
    op.create_table(
        "idempotency_key",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("mutation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("answer", base.Json, nullable=False),
        sa.Column("at", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "caller", "mutation", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index("ix_idempotency_key_at", "idempotency_key", ["merchant_id", "at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("received_at", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "sender", "message_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "location",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("partner_merchant_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sa.BigInteger(), server_default="100", nullable=False),
        sa.Column("scan_policy", sa.Text(), nullable=False),
        sa.Column("waybill_at", sa.Text(), nullable=False),
        sa.Column("ship_at", sa.Text(), nullable=False),
        sa.Column("weight_tolerance_g", sa.BigInteger(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("archived_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("kind IN ('WAREHOUSE', 'PARTNER')", name=op.f("ck_location_kind_known")),
        sa.CheckConstraint(
            "scan_policy IN ('PLACE', 'ITEM', 'PLACE_AND_ITEM', 'EVERY_UNIT')",
            name=op.f("ck_location_scan_policy_known"),
        ),
        sa.CheckConstraint("ship_at IN ('SEAL', 'WEIGH', 'HANDOVER')", name=op.f("ck_location_ship_at_known")),
        sa.CheckConstraint("waybill_at IN ('RELEASE', 'PACK')", name=op.f("ck_location_waybill_at_known")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_location")),
    )
    op.create_index(
        "uq_location_code",
        "location",
        ["merchant_id", "code"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "merchant",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_merchant")),
    )
    op.create_table(
        "merchant_wake",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("due_at", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "consumer", name=op.f("pk_merchant_wake")),
    )
    op.create_index("ix_merchant_wake_due_at", "merchant_wake", ["due_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("payload", base.Json, nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("due_at", base.UtcTime(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sent_at", base.UtcTime(), nullable=True),
        sa.Column("dead_at", base.UtcTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_due_at",
        "outbox",
        ["merchant_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
        sqlite_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "person",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sign_in", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("archived_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_person")),
    )
    op.create_index(
        "uq_person_sign_in",
        "person",
        ["merchant_id", "sign_in"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "product",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("archived_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_product")),
    )
    op.create_index(
        "uq_product_code",
        "product",
        ["merchant_id", "code"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "scan",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("symbology", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("doubtful", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("entry", base.Json, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("verdict", base.Json, nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", base.UtcTime(), nullable=False),
        sa.Column("received_at", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_scan")),
    )
    op.create_index("ix_scan_session_id", "scan", ["merchant_id", "session_id", "sequence"], unique=False)
    op.create_index("uq_scan_client_id", "scan", ["merchant_id", "client_id"], unique=True)
    op.create_table(
        "shop",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("shortage_policy", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("archived_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "platform IN ('TAOBAO', 'TMALL', 'JD', 'PDD', 'DOUYIN', 'SHOPIFY', 'RETAIL', 'OTHER')",
            name=op.f("ck_shop_platform_known"),
        ),
        sa.CheckConstraint(
            "shortage_policy IN ('WAIT_FOR_ALL', 'SHIP_AVAILABLE')", name=op.f("ck_shop_shortage_policy_known")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_shop")),
    )
    op.create_index(
        "uq_shop_code",
        "shop",
        ["merchant_id", "code"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("at", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_person_id", "sign_in_attempt", ["merchant_id", "person_id", "at"], unique=False)
    op.create_table(
        "sign_in_throttle",
        sa.Column("name_hash", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("since", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name=op.f("pk_sign_in_throttle")),
    )
    op.create_index("ix_sign_in_throttle_since", "sign_in_throttle", ["since"], unique=False)
    op.create_table(
        "stock_move",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("from_place_id", sa.Uuid(), nullable=False),
        sa.Column("to_place_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("unit_cost_micros", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("at", base.UtcTime(), nullable=False),
        sa.CheckConstraint("from_place_id <> to_place_id", name=op.f("ck_stock_move_goes_elsewhere")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_move_quantity_positive")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_stock_move")),
    )
    op.create_index("ix_stock_move_document_id", "stock_move", ["merchant_id", "document_id"], unique=False)
    op.create_index("ix_stock_move_sku_id", "stock_move", ["merchant_id", "sku_id", "id"], unique=False)
    op.create_table(
        "timer",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "kind", "subject_id", name=op.f("pk_timer")),
    )
    op.create_index("ix_timer_due_at", "timer", ["merchant_id", "due_at"], unique=False)
    op.create_table(
        "worker_lease",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "merchant_id", name=op.f("pk_worker_lease")),
    )
    op.create_table(
        "membership",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("warehouse_ids", base.Json, nullable=True),
        sa.Column("shop_ids", base.Json, nullable=True),
        sa.CheckConstraint(
            "role IN ('OWNER', 'MANAGER', 'PURCHASER', 'PICKER', 'PACKER', 'SUPPORT', 'APP')",
            name=op.f("ck_membership_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "person_id"], ["person.merchant_id", "person.id"], name=op.f("fk_membership_person_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "person_id", name=op.f("pk_membership")),
    )
    op.create_table(
        "pairing",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("expires_at", base.UtcTime(), nullable=False),
        sa.Column("used_at", base.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id", "person_id"], ["person.merchant_id", "person.id"], name=op.f("fk_pairing_person_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_pairing")),
    )
    op.create_index("uq_pairing_token_hash", "pairing", ["merchant_id", "token_hash"], unique=True)
    op.create_table(
        "place",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("walk_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("x_mm", sa.BigInteger(), nullable=True),
        sa.Column("y_mm", sa.BigInteger(), nullable=True),
        sa.Column("tote_state", sa.Text(), nullable=True),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("archived_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('BIN', 'DOCK', 'TOTE', 'CART_SLOT', 'WALL_SLOT', 'BENCH', 'PARCEL', 'HOSPITAL', 'MISSING', 'TRANSIT', 'SUPPLIER', 'CUSTOMER', 'ADJUSTMENT', 'SCRAP')",
            name=op.f("ck_place_kind_known"),
        ),
        sa.CheckConstraint(
            "pool IN ('SELLABLE', 'DEFECTIVE', 'RETURNS', 'QUARANTINE')", name=op.f("ck_place_pool_known")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "location_id"], ["location.merchant_id", "location.id"], name=op.f("fk_place_location_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_place")),
    )
    op.create_index("ix_place_code", "place", ["merchant_id", "code"], unique=False)
    op.create_index(
        "uq_place_code",
        "place",
        ["merchant_id", "location_id", "code"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "reservation",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("rank_at", base.UtcTime(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('OPEN', 'LOST', 'RELEASED', 'CONSUMED')", name=op.f("ck_reservation_status_known")
        ),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_reservation_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "location_id"],
            ["location.merchant_id", "location.id"],
            name=op.f("fk_reservation_location_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_reservation")),
    )
    op.create_index("ix_reservation_line_id", "reservation", ["merchant_id", "line_id"], unique=False)
    op.create_index(
        "ix_reservation_open",
        "reservation",
        ["merchant_id", "location_id", "sku_id", "rank_at"],
        unique=False,
        postgresql_where=sa.text("status = 'OPEN'"),
        sqlite_where=sa.text("status = 'OPEN'"),
    )
    op.create_table(
        "sales_order",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("goods_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("freight_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cod_due_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ordered_at", base.UtcTime(), nullable=False),
        sa.Column("paid_at", base.UtcTime(), nullable=True),
        sa.Column("ship_by", base.UtcTime(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("seller_flag", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("cancelled_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "payment_status IN ('UNPAID', 'PARTLY_PAID', 'PAID', 'PARTLY_REFUNDED', 'REFUNDED', 'COD')",
            name=op.f("ck_sales_order_payment_status_known"),
        ),
        sa.CheckConstraint(
            "type IN ('SALE', 'EXCHANGE', 'RESHIPMENT', 'GIFT')", name=op.f("ck_sales_order_type_known")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "shop_id"], ["shop.merchant_id", "shop.id"], name=op.f("fk_sales_order_shop_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_sales_order")),
    )
    op.create_index("ix_sales_order_external_id", "sales_order", ["merchant_id", "external_id"], unique=False)
    op.create_index("uq_sales_order_external_id", "sales_order", ["merchant_id", "shop_id", "external_id"], unique=True)
    op.create_index("uq_sales_order_number", "sales_order", ["merchant_id", "number"], unique=True)
    op.create_table(
        "scan_session",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("state", base.Json, nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("opened_at", base.UtcTime(), nullable=False),
        sa.Column("closed_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("job IN ('PICK', 'PACK', 'PUT_BACK', 'LOOK_UP')", name=op.f("ck_scan_session_job_known")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "worker_id"], ["person.merchant_id", "person.id"], name=op.f("fk_scan_session_worker_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_scan_session")),
    )
    op.create_index("ix_scan_session_subject_id", "scan_session", ["merchant_id", "subject_id"], unique=False)
    op.create_index("ix_scan_session_worker_id", "scan_session", ["merchant_id", "worker_id", "id"], unique=False)
    op.create_table(
        "session",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("expires_at", base.UtcTime(), nullable=False),
        sa.Column("ended_at", base.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id", "person_id"], ["person.merchant_id", "person.id"], name=op.f("fk_session_person_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_session")),
    )
    op.create_index("uq_session_token_hash", "session", ["merchant_id", "token_hash"], unique=True)
    op.create_table(
        "sku",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("option_zh", sa.Text(), nullable=False),
        sa.Column("option_en", sa.Text(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=True),
        sa.Column("length_mm", sa.BigInteger(), nullable=True),
        sa.Column("width_mm", sa.BigInteger(), nullable=True),
        sa.Column("height_mm", sa.BigInteger(), nullable=True),
        sa.Column("price_micros", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("is_bundle", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lot_tracked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("expiry_tracked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("serial_tracked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("archived_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "product_id"], ["product.merchant_id", "product.id"], name=op.f("fk_sku_product_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_sku")),
    )
    op.create_index("ix_sku_product_id", "sku", ["merchant_id", "product_id"], unique=False)
    op.create_index(
        "uq_sku_code",
        "sku",
        ["merchant_id", "code"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "wave",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("released_at", base.UtcTime(), nullable=True),
        sa.Column("done_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('SINGLE_ITEM', 'HOT_SALE', 'PUT_WALL', 'CLUSTER', 'DISCRETE')", name=op.f("ck_wave_kind_known")
        ),
        sa.CheckConstraint(
            "status IN ('PLANNED', 'RELEASED', 'IN_PROGRESS', 'DONE', 'CANCELLED')", name=op.f("ck_wave_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "location_id"], ["location.merchant_id", "location.id"], name=op.f("fk_wave_location_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_wave")),
    )
    op.create_index("ix_wave_status", "wave", ["merchant_id", "location_id", "status", "id"], unique=False)
    op.create_index("uq_wave_number", "wave", ["merchant_id", "number"], unique=True)
    op.create_table(
        "allocation",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("work_line_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("bin_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.CheckConstraint("status IN ('OPEN', 'RELEASED', 'CONSUMED')", name=op.f("ck_allocation_status_known")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_allocation_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "place_id"], ["place.merchant_id", "place.id"], name=op.f("fk_allocation_place_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "reservation_id"],
            ["reservation.merchant_id", "reservation.id"],
            name=op.f("fk_allocation_reservation_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_allocation")),
    )
    op.create_index("ix_allocation_line_id", "allocation", ["merchant_id", "line_id"], unique=False)
    op.create_index(
        "ix_allocation_open",
        "allocation",
        ["merchant_id", "place_id", "sku_id"],
        unique=False,
        postgresql_where=sa.text("status = 'OPEN'"),
        sqlite_where=sa.text("status = 'OPEN'"),
    )
    op.create_index("ix_allocation_work_line_id", "allocation", ["merchant_id", "work_line_id"], unique=False)
    op.create_table(
        "barcode",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit_quantity", sa.BigInteger(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("archived_at", base.UtcTime(), nullable=True),
        sa.CheckConstraint("unit_quantity > 0", name=op.f("ck_barcode_unit_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_barcode_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_barcode")),
    )
    op.create_index("ix_barcode_sku_id", "barcode", ["merchant_id", "sku_id"], unique=False)
    op.create_index(
        "uq_barcode_code",
        "barcode",
        ["merchant_id", "code", "sku_id"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "bundle_component",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("bundle_sku_id", sa.Uuid(), nullable=False),
        sa.Column("component_sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bundle_sku_id <> component_sku_id", name=op.f("ck_bundle_component_not_of_itself")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_bundle_component_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "bundle_sku_id"],
            ["sku.merchant_id", "sku.id"],
            name=op.f("fk_bundle_component_bundle_sku_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "component_sku_id"],
            ["sku.merchant_id", "sku.id"],
            name=op.f("fk_bundle_component_component_sku_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "bundle_sku_id", "component_sku_id", name=op.f("pk_bundle_component")),
    )
    op.create_table(
        "fulfillment_order",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("request_status", sa.Text(), nullable=False),
        sa.Column("rejection_reason", sa.Text(), nullable=True),
        sa.Column("route_reason", sa.Text(), nullable=False),
        sa.Column("shortage_policy", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fulfill_at", base.UtcTime(), nullable=True),
        sa.Column("ship_by", base.UtcTime(), nullable=False),
        sa.Column("short_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hold_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("intercepted_at", base.UtcTime(), nullable=True),
        sa.Column("shipped_at", base.UtcTime(), nullable=True),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "progress IN ('OPEN', 'RELEASED', 'IN_PROGRESS', 'PACKED', 'SHIPPED', 'CANCELLED', 'MERGED')",
            name=op.f("ck_fulfillment_order_progress_known"),
        ),
        sa.CheckConstraint(
            "request_status IN ('UNSUBMITTED', 'SUBMITTED', 'ACCEPTED', 'REJECTED', 'CANCELLATION_REQUESTED', 'CANCELLATION_ACCEPTED', 'CANCELLATION_REJECTED', 'CLOSED')",
            name=op.f("ck_fulfillment_order_request_status_known"),
        ),
        sa.CheckConstraint("hold_count >= 0", name=op.f("ck_fulfillment_order_hold_count_not_negative")),
        sa.CheckConstraint("short_quantity >= 0", name=op.f("ck_fulfillment_order_short_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["sales_order.merchant_id", "sales_order.id"],
            name=op.f("fk_fulfillment_order_order_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_fulfillment_order")),
    )
    op.create_index(
        "ix_fulfillment_order_intercepted",
        "fulfillment_order",
        ["merchant_id", "progress"],
        unique=False,
        postgresql_where=sa.text("intercepted_at IS NOT NULL"),
        sqlite_where=sa.text("intercepted_at IS NOT NULL"),
    )
    op.create_index("ix_fulfillment_order_order_id", "fulfillment_order", ["merchant_id", "order_id"], unique=False)
    op.create_index(
        "ix_fulfillment_order_progress",
        "fulfillment_order",
        ["merchant_id", "location_id", "progress", "ship_by", "id"],
        unique=False,
    )
    op.create_index("uq_fulfillment_order_number", "fulfillment_order", ["merchant_id", "number"], unique=True)
    op.create_table(
        "look_alike",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("other_sku_id", sa.Uuid(), nullable=False),
        sa.Column("wrong_scans", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_seen_at", base.UtcTime(), nullable=False),
        sa.CheckConstraint("sku_id < other_sku_id", name=op.f("ck_look_alike_ordered")),
        sa.CheckConstraint("wrong_scans >= 0", name=op.f("ck_look_alike_wrong_scans_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "other_sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_look_alike_other_sku_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_look_alike_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "sku_id", "other_sku_id", name=op.f("pk_look_alike")),
    )
    op.create_table(
        "lot",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("blocked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_lot_sku_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_lot")),
    )
    op.create_index("uq_lot_code", "lot", ["merchant_id", "sku_id", "code"], unique=True)
    op.create_table(
        "order_line",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("external_line_id", sa.Text(), nullable=False),
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price_micros", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancelled_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "cancelled_quantity + refunded_quantity <= quantity", name=op.f("ck_order_line_not_more_than_ordered")
        ),
        sa.CheckConstraint("cancelled_quantity >= 0", name=op.f("ck_order_line_cancelled_quantity_not_negative")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_line_quantity_positive")),
        sa.CheckConstraint("refunded_quantity >= 0", name=op.f("ck_order_line_refunded_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["sales_order.merchant_id", "sales_order.id"],
            name=op.f("fk_order_line_order_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_order_line")),
    )
    op.create_index(
        "uq_order_line_external_line_id", "order_line", ["merchant_id", "order_id", "external_line_id"], unique=True
    )
    op.create_table(
        "order_recipient",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("phone_key", sa.Text(), nullable=False),
        sa.Column("phone_last4_key", sa.Text(), nullable=False),
        sa.Column("erased_at", base.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["sales_order.merchant_id", "sales_order.id"],
            name=op.f("fk_order_recipient_order_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "order_id", name=op.f("pk_order_recipient")),
    )
    op.create_index("ix_order_recipient_address_key", "order_recipient", ["merchant_id", "address_key"], unique=False)
    op.create_index("ix_order_recipient_phone_key", "order_recipient", ["merchant_id", "phone_key"], unique=False)
    op.create_index(
        "ix_order_recipient_phone_last4_key", "order_recipient", ["merchant_id", "phone_last4_key"], unique=False
    )
    op.create_table(
        "pick_list",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", base.UtcTime(), nullable=True),
        sa.Column("lease_until", base.UtcTime(), nullable=True),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("done_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "status IN ('READY', 'CLAIMED', 'PAUSED', 'DONE', 'CANCELLED')", name=op.f("ck_pick_list_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "wave_id"], ["wave.merchant_id", "wave.id"], name=op.f("fk_pick_list_wave_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_pick_list")),
    )
    op.create_index("ix_pick_list_status", "pick_list", ["merchant_id", "location_id", "status", "id"], unique=False)
    op.create_index("ix_pick_list_wave_id", "pick_list", ["merchant_id", "wave_id"], unique=False)
    op.create_index("uq_pick_list_number", "pick_list", ["merchant_id", "number"], unique=True)
    op.create_table(
        "search_term",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("term", sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql"), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_search_term_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "term", "sku_id", name=op.f("pk_search_term")),
    )
    op.create_index("ix_search_term_sku_id", "search_term", ["merchant_id", "sku_id"], unique=False)
    op.create_table(
        "shipment",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("waybill", sa.Text(), nullable=False),
        sa.Column("lines", base.Json, nullable=False),
        sa.Column("shipped_at", base.UtcTime(), nullable=False),
        sa.Column("undone_at", base.UtcTime(), nullable=True),
        sa.Column("told_at", base.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["sales_order.merchant_id", "sales_order.id"],
            name=op.f("fk_shipment_order_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_shipment")),
    )
    op.create_index("ix_shipment_order_id", "shipment", ["merchant_id", "order_id"], unique=False)
    op.create_index("ix_shipment_waybill", "shipment", ["merchant_id", "waybill"], unique=False)
    op.create_table(
        "sku_map",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("shop_code", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "shop_id"], ["shop.merchant_id", "shop.id"], name=op.f("fk_sku_map_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_sku_map_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "shop_id", "shop_code", name=op.f("pk_sku_map")),
    )
    op.create_index("ix_sku_map_sku_id", "sku_map", ["merchant_id", "sku_id"], unique=False)
    op.create_table(
        "station",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("printer_format", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "location_id"], ["location.merchant_id", "location.id"], name=op.f("fk_station_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "place_id"], ["place.merchant_id", "place.id"], name=op.f("fk_station_place_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_station")),
    )
    op.create_index("uq_station_code", "station", ["merchant_id", "location_id", "code"], unique=True)
    op.create_table(
        "stock_balance",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("allocated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_in_at", base.UtcTime(), nullable=False),
        sa.CheckConstraint("allocated <= quantity", name=op.f("ck_stock_balance_allocated_is_there")),
        sa.CheckConstraint("allocated >= 0", name=op.f("ck_stock_balance_allocated_not_negative")),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_stock_balance_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "place_id"], ["place.merchant_id", "place.id"], name=op.f("fk_stock_balance_place_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "place_id", "sku_id", "lot_id", name=op.f("pk_stock_balance")),
    )
    op.create_index("ix_stock_balance_sku_id", "stock_balance", ["merchant_id", "location_id", "sku_id"], unique=False)
    op.create_table(
        "stock_level",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("non_sellable", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("buffer", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("incoming", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("buffer >= 0", name=op.f("ck_stock_level_buffer_not_negative")),
        sa.CheckConstraint("incoming >= 0", name=op.f("ck_stock_level_incoming_not_negative")),
        sa.CheckConstraint("non_sellable >= 0", name=op.f("ck_stock_level_non_sellable_not_negative")),
        sa.CheckConstraint("on_hand - non_sellable - reserved >= 0", name=op.f("ck_stock_level_free_not_negative")),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_stock_level_on_hand_not_negative")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_level_reserved_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "location_id"],
            ["location.merchant_id", "location.id"],
            name=op.f("fk_stock_level_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_stock_level_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "location_id", "sku_id", name=op.f("pk_stock_level")),
    )
    op.create_index("ix_stock_level_sku_id", "stock_level", ["merchant_id", "sku_id"], unique=False)
    op.create_table(
        "stock_unit",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.CheckConstraint("state IN ('IN_STOCK', 'SHIPPED', 'GONE')", name=op.f("ck_stock_unit_state_known")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "place_id"], ["place.merchant_id", "place.id"], name=op.f("fk_stock_unit_place_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_stock_unit_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_stock_unit")),
    )
    op.create_index("ix_stock_unit_place_id", "stock_unit", ["merchant_id", "place_id", "sku_id"], unique=False)
    op.create_index("uq_stock_unit_serial", "stock_unit", ["merchant_id", "serial", "sku_id"], unique=True)
    op.create_table(
        "fulfillment_line",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("bundle_sku_id", sa.Uuid(), nullable=True),
        sa.Column("per_unit", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("picked_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("packed_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("shipped_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_short", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("intercepted_at", base.UtcTime(), nullable=True),
        sa.CheckConstraint("packed_quantity <= picked_quantity", name=op.f("ck_fulfillment_line_packed_in_bounds")),
        sa.CheckConstraint("per_unit > 0", name=op.f("ck_fulfillment_line_per_unit_positive")),
        sa.CheckConstraint("picked_quantity <= quantity", name=op.f("ck_fulfillment_line_picked_in_bounds")),
        sa.CheckConstraint("picked_quantity >= 0", name=op.f("ck_fulfillment_line_picked_quantity_not_negative")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_fulfillment_line_quantity_positive")),
        sa.CheckConstraint("shipped_quantity <= packed_quantity", name=op.f("ck_fulfillment_line_shipped_in_bounds")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfillment_order_id"],
            ["fulfillment_order.merchant_id", "fulfillment_order.id"],
            name=op.f("fk_fulfillment_line_fulfillment_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_line_id"],
            ["order_line.merchant_id", "order_line.id"],
            name=op.f("fk_fulfillment_line_order_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_fulfillment_line_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_fulfillment_line")),
    )
    op.create_index(
        "ix_fulfillment_line_fulfillment_order_id",
        "fulfillment_line",
        ["merchant_id", "fulfillment_order_id"],
        unique=False,
    )
    op.create_index(
        "ix_fulfillment_line_order_line_id", "fulfillment_line", ["merchant_id", "order_line_id"], unique=False
    )
    op.create_index(
        "ix_fulfillment_line_short",
        "fulfillment_line",
        ["merchant_id", "sku_id"],
        unique=False,
        postgresql_where=sa.text("is_short"),
        sqlite_where=sa.text("is_short"),
    )
    op.create_table(
        "hold",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Uuid(), nullable=True),
        sa.Column("held_at", base.UtcTime(), nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", base.UtcTime(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('PAYMENT', 'FRAUD', 'ADDRESS', 'OPERATOR', 'CLIENT', 'APP', 'UNMAPPED_SKU')",
            name=op.f("ck_hold_reason_known"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfillment_order_id"],
            ["fulfillment_order.merchant_id", "fulfillment_order.id"],
            name=op.f("fk_hold_fulfillment_order_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_hold")),
    )
    op.create_index(
        "uq_hold_handle",
        "hold",
        ["merchant_id", "fulfillment_order_id", "reason", "handle"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
        sqlite_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "parcel",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=True),
        sa.Column("expected_weight_g", sa.BigInteger(), nullable=True),
        sa.Column("forced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("sealed_at", base.UtcTime(), nullable=True),
        sa.Column("shipped_at", base.UtcTime(), nullable=True),
        sa.Column("handed_over_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('OPEN', 'SEALED', 'SHIPPED', 'HANDED_OVER', 'VOIDED')", name=op.f("ck_parcel_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfillment_order_id"],
            ["fulfillment_order.merchant_id", "fulfillment_order.id"],
            name=op.f("fk_parcel_fulfillment_order_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_parcel")),
    )
    op.create_index("uq_parcel_number", "parcel", ["merchant_id", "number"], unique=True)
    op.create_index("uq_parcel_sequence", "parcel", ["merchant_id", "fulfillment_order_id", "sequence"], unique=True)
    op.create_table(
        "pick_line",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pick_list_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("picked_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("short_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('OPEN', 'DONE', 'CANCELLED')", name=op.f("ck_pick_line_status_known")),
        sa.CheckConstraint(
            "picked_quantity + short_quantity <= quantity", name=op.f("ck_pick_line_not_more_than_asked")
        ),
        sa.CheckConstraint("picked_quantity >= 0", name=op.f("ck_pick_line_picked_quantity_not_negative")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_pick_line_quantity_positive")),
        sa.CheckConstraint("short_quantity >= 0", name=op.f("ck_pick_line_short_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "pick_list_id"],
            ["pick_list.merchant_id", "pick_list.id"],
            name=op.f("fk_pick_line_pick_list_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_pick_line")),
    )
    op.create_index("ix_pick_line_pick_list_id", "pick_line", ["merchant_id", "pick_list_id", "sequence"], unique=False)
    op.create_table(
        "tote_use",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("pick_list_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=True),
        sa.Column("bound_at", base.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "pick_list_id"],
            ["pick_list.merchant_id", "pick_list.id"],
            name=op.f("fk_tote_use_pick_list_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "place_id"], ["place.merchant_id", "place.id"], name=op.f("fk_tote_use_place_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "place_id", name=op.f("pk_tote_use")),
    )
    op.create_index("ix_tote_use_pick_list_id", "tote_use", ["merchant_id", "pick_list_id"], unique=False)
    op.create_table(
        "wave_order",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('IN', 'KICKED_OUT', 'DONE')", name=op.f("ck_wave_order_state_known")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfillment_order_id"],
            ["fulfillment_order.merchant_id", "fulfillment_order.id"],
            name=op.f("fk_wave_order_fulfillment_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "wave_id"], ["wave.merchant_id", "wave.id"], name=op.f("fk_wave_order_wave_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "wave_id", "fulfillment_order_id", name=op.f("pk_wave_order")),
    )
    op.create_index(
        "uq_wave_order_live",
        "wave_order",
        ["merchant_id", "fulfillment_order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'IN'"),
        sqlite_where=sa.text("state = 'IN'"),
    )
    op.create_table(
        "parcel_item",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_line_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_parcel_item_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfillment_line_id"],
            ["fulfillment_line.merchant_id", "fulfillment_line.id"],
            name=op.f("fk_parcel_item_fulfillment_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "parcel_id"], ["parcel.merchant_id", "parcel.id"], name=op.f("fk_parcel_item_parcel_id")
        ),
        sa.PrimaryKeyConstraint(
            "merchant_id", "parcel_id", "fulfillment_line_id", "lot_id", name=op.f("pk_parcel_item")
        ),
    )
    op.create_table(
        "pick",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pick_line_id", sa.Uuid(), nullable=False),
        sa.Column("allocation_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_line_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("from_place_id", sa.Uuid(), nullable=False),
        sa.Column("to_place_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("scan_id", sa.Uuid(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("at", base.UtcTime(), nullable=False),
        sa.Column("undone_at", base.UtcTime(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_pick_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "pick_line_id"],
            ["pick_line.merchant_id", "pick_line.id"],
            name=op.f("fk_pick_pick_line_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_pick")),
    )
    op.create_index("ix_pick_pick_line_id", "pick", ["merchant_id", "pick_line_id"], unique=False)
    op.create_index("ix_pick_scan_id", "pick", ["merchant_id", "scan_id"], unique=False)
    op.create_table(
        "print_job",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("waybill_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("done_at", base.UtcTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('QUEUED', 'PRINTING', 'PRINTED', 'FAILED')", name=op.f("ck_print_job_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "parcel_id"], ["parcel.merchant_id", "parcel.id"], name=op.f("fk_print_job_parcel_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "station_id"], ["station.merchant_id", "station.id"], name=op.f("fk_print_job_station_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_print_job")),
    )
    op.create_index("ix_print_job_state", "print_job", ["merchant_id", "station_id", "state", "id"], unique=False)
    op.create_table(
        "waybill",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("sort_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", base.UtcTime(), nullable=False),
        sa.Column("issued_at", base.UtcTime(), nullable=True),
        sa.Column("voided_at", base.UtcTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('REQUESTED', 'ISSUED', 'FAILED', 'VOIDED')", name=op.f("ck_waybill_state_known")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "parcel_id"], ["parcel.merchant_id", "parcel.id"], name=op.f("fk_waybill_parcel_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_waybill")),
    )
    op.create_index("ix_waybill_parcel_id", "waybill", ["merchant_id", "parcel_id"], unique=False)
    op.create_index(
        "uq_waybill_number",
        "waybill",
        ["merchant_id", "carrier", "number"],
        unique=True,
        postgresql_where=sa.text("number IS NOT NULL"),
        sqlite_where=sa.text("number IS NOT NULL"),
    )

    if op.get_context().dialect.name == "postgresql":
        for statement in walls.policy_statements(WALLED):
            op.execute(statement)


def downgrade() -> None:
    op.drop_index(
        "uq_waybill_number",
        table_name="waybill",
        postgresql_where=sa.text("number IS NOT NULL"),
        sqlite_where=sa.text("number IS NOT NULL"),
    )
    op.drop_index("ix_waybill_parcel_id", table_name="waybill")
    op.drop_table("waybill")
    op.drop_index("ix_print_job_state", table_name="print_job")
    op.drop_table("print_job")
    op.drop_index("ix_pick_scan_id", table_name="pick")
    op.drop_index("ix_pick_pick_line_id", table_name="pick")
    op.drop_table("pick")
    op.drop_table("parcel_item")
    op.drop_index(
        "uq_wave_order_live",
        table_name="wave_order",
        postgresql_where=sa.text("state = 'IN'"),
        sqlite_where=sa.text("state = 'IN'"),
    )
    op.drop_table("wave_order")
    op.drop_index("ix_tote_use_pick_list_id", table_name="tote_use")
    op.drop_table("tote_use")
    op.drop_index("ix_pick_line_pick_list_id", table_name="pick_line")
    op.drop_table("pick_line")
    op.drop_index("uq_parcel_sequence", table_name="parcel")
    op.drop_index("uq_parcel_number", table_name="parcel")
    op.drop_table("parcel")
    op.drop_index(
        "uq_hold_handle",
        table_name="hold",
        postgresql_where=sa.text("released_at IS NULL"),
        sqlite_where=sa.text("released_at IS NULL"),
    )
    op.drop_table("hold")
    op.drop_index(
        "ix_fulfillment_line_short",
        table_name="fulfillment_line",
        postgresql_where=sa.text("is_short"),
        sqlite_where=sa.text("is_short"),
    )
    op.drop_index("ix_fulfillment_line_order_line_id", table_name="fulfillment_line")
    op.drop_index("ix_fulfillment_line_fulfillment_order_id", table_name="fulfillment_line")
    op.drop_table("fulfillment_line")
    op.drop_index("uq_stock_unit_serial", table_name="stock_unit")
    op.drop_index("ix_stock_unit_place_id", table_name="stock_unit")
    op.drop_table("stock_unit")
    op.drop_index("ix_stock_level_sku_id", table_name="stock_level")
    op.drop_table("stock_level")
    op.drop_index("ix_stock_balance_sku_id", table_name="stock_balance")
    op.drop_table("stock_balance")
    op.drop_index("uq_station_code", table_name="station")
    op.drop_table("station")
    op.drop_index("ix_sku_map_sku_id", table_name="sku_map")
    op.drop_table("sku_map")
    op.drop_index("ix_shipment_waybill", table_name="shipment")
    op.drop_index("ix_shipment_order_id", table_name="shipment")
    op.drop_table("shipment")
    op.drop_index("ix_search_term_sku_id", table_name="search_term")
    op.drop_table("search_term")
    op.drop_index("uq_pick_list_number", table_name="pick_list")
    op.drop_index("ix_pick_list_wave_id", table_name="pick_list")
    op.drop_index("ix_pick_list_status", table_name="pick_list")
    op.drop_table("pick_list")
    op.drop_index("ix_order_recipient_phone_last4_key", table_name="order_recipient")
    op.drop_index("ix_order_recipient_phone_key", table_name="order_recipient")
    op.drop_index("ix_order_recipient_address_key", table_name="order_recipient")
    op.drop_table("order_recipient")
    op.drop_index("uq_order_line_external_line_id", table_name="order_line")
    op.drop_table("order_line")
    op.drop_index("uq_lot_code", table_name="lot")
    op.drop_table("lot")
    op.drop_table("look_alike")
    op.drop_index("uq_fulfillment_order_number", table_name="fulfillment_order")
    op.drop_index("ix_fulfillment_order_progress", table_name="fulfillment_order")
    op.drop_index("ix_fulfillment_order_order_id", table_name="fulfillment_order")
    op.drop_index(
        "ix_fulfillment_order_intercepted",
        table_name="fulfillment_order",
        postgresql_where=sa.text("intercepted_at IS NOT NULL"),
        sqlite_where=sa.text("intercepted_at IS NOT NULL"),
    )
    op.drop_table("fulfillment_order")
    op.drop_table("bundle_component")
    op.drop_index(
        "uq_barcode_code",
        table_name="barcode",
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.drop_index("ix_barcode_sku_id", table_name="barcode")
    op.drop_table("barcode")
    op.drop_index("ix_allocation_work_line_id", table_name="allocation")
    op.drop_index(
        "ix_allocation_open",
        table_name="allocation",
        postgresql_where=sa.text("status = 'OPEN'"),
        sqlite_where=sa.text("status = 'OPEN'"),
    )
    op.drop_index("ix_allocation_line_id", table_name="allocation")
    op.drop_table("allocation")
    op.drop_index("uq_wave_number", table_name="wave")
    op.drop_index("ix_wave_status", table_name="wave")
    op.drop_table("wave")
    op.drop_index(
        "uq_sku_code",
        table_name="sku",
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.drop_index("ix_sku_product_id", table_name="sku")
    op.drop_table("sku")
    op.drop_index("uq_session_token_hash", table_name="session")
    op.drop_table("session")
    op.drop_index("ix_scan_session_worker_id", table_name="scan_session")
    op.drop_index("ix_scan_session_subject_id", table_name="scan_session")
    op.drop_table("scan_session")
    op.drop_index("uq_sales_order_number", table_name="sales_order")
    op.drop_index("uq_sales_order_external_id", table_name="sales_order")
    op.drop_index("ix_sales_order_external_id", table_name="sales_order")
    op.drop_table("sales_order")
    op.drop_index(
        "ix_reservation_open",
        table_name="reservation",
        postgresql_where=sa.text("status = 'OPEN'"),
        sqlite_where=sa.text("status = 'OPEN'"),
    )
    op.drop_index("ix_reservation_line_id", table_name="reservation")
    op.drop_table("reservation")
    op.drop_index(
        "uq_place_code",
        table_name="place",
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.drop_index("ix_place_code", table_name="place")
    op.drop_table("place")
    op.drop_index("uq_pairing_token_hash", table_name="pairing")
    op.drop_table("pairing")
    op.drop_table("membership")
    op.drop_table("worker_lease")
    op.drop_index("ix_timer_due_at", table_name="timer")
    op.drop_table("timer")
    op.drop_index("ix_stock_move_sku_id", table_name="stock_move")
    op.drop_index("ix_stock_move_document_id", table_name="stock_move")
    op.drop_table("stock_move")
    op.drop_index("ix_sign_in_throttle_since", table_name="sign_in_throttle")
    op.drop_table("sign_in_throttle")
    op.drop_index("ix_sign_in_attempt_person_id", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_index(
        "uq_shop_code",
        table_name="shop",
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.drop_table("shop")
    op.drop_index("uq_scan_client_id", table_name="scan")
    op.drop_index("ix_scan_session_id", table_name="scan")
    op.drop_table("scan")
    op.drop_index(
        "uq_product_code",
        table_name="product",
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.drop_table("product")
    op.drop_index(
        "uq_person_sign_in",
        table_name="person",
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.drop_table("person")
    op.drop_index(
        "ix_outbox_due_at",
        table_name="outbox",
        postgresql_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
        sqlite_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
    )
    op.drop_table("outbox")
    op.drop_index("ix_merchant_wake_due_at", table_name="merchant_wake")
    op.drop_table("merchant_wake")
    op.drop_table("merchant")
    op.drop_index(
        "uq_location_code",
        table_name="location",
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.drop_table("location")
    op.drop_table("inbox")
    op.drop_index("ix_idempotency_key_at", table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index("uq_exception_task_number", table_name="exception_task")
    op.drop_index("ix_exception_task_subject_id", table_name="exception_task")
    op.drop_index("ix_exception_task_status", table_name="exception_task")
    op.drop_table("exception_task")
    op.drop_index("ix_event_subject", table_name="event")
    op.drop_table("event")
    op.drop_table("directory_entry")
    op.drop_table("cursor")
    op.drop_table("counter")
    op.drop_index("uq_carrier_account_code", table_name="carrier_account")
    op.drop_table("carrier_account")
    op.drop_index("uq_api_key_token_hash", table_name="api_key")
    op.drop_table("api_key")
