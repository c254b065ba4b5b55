"""Mesh chats notices alerts."""

import sqlalchemy as sa
from alembic import op

from pickmesh.core.db import base, walls

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("detail", base.Json, nullable=False),
        sa.Column("raised_at", base.UtcTime(), nullable=False),
        sa.Column("changed_at", base.UtcTime(), nullable=False),
        sa.Column("snoozed_until", base.UtcTime(), nullable=True),
        sa.Column("resolved_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('LOW_STOCK', 'SHORT_PICK', 'INTERCEPTED', 'DROPSHIP_WAITING')", name=op.f("ck_alert_kind_known")
        ),
        sa.CheckConstraint("severity IN ('INFO', 'WARNING', 'CRITICAL')", name=op.f("ck_alert_severity_known")),
        sa.CheckConstraint("state IN ('OPEN', 'SNOOZED', 'RESOLVED')", name=op.f("ck_alert_state_known")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_alert")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index("ix_alert_state", ["merchant_id", "state", "raised_at", "id"], unique=False)
        batch_op.create_index(
            "uq_alert_subject",
            ["merchant_id", "kind", "subject_id"],
            unique=True,
            postgresql_where=sa.text("resolved_at IS NULL"),
            sqlite_where=sa.text("resolved_at IS NULL"),
        )

    op.create_table(
        "chat_update",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("messenger", sa.Text(), nullable=False),
        sa.Column("update_id", sa.Text(), nullable=False),
        sa.Column("at", base.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "messenger", "update_id", name=op.f("pk_chat_update")),
    )
    with op.batch_alter_table("chat_update", schema=None) as batch_op:
        batch_op.create_index("ix_chat_update_at", ["merchant_id", "at"], unique=False)

    op.create_table(
        "button_key",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("arguments", base.Json, nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("subject_version", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("expires_at", base.UtcTime(), nullable=False),
        sa.Column("used_at", base.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id", "person_id"], ["person.merchant_id", "person.id"], name=op.f("fk_button_key_person_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "key", name=op.f("pk_button_key")),
    )
    with op.batch_alter_table("button_key", schema=None) as batch_op:
        batch_op.create_index("ix_button_key_expires_at", ["merchant_id", "expires_at"], unique=False)

    op.create_table(
        "chat_invitation",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("expires_at", base.UtcTime(), nullable=False),
        sa.Column("used_at", base.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id", "person_id"], ["person.merchant_id", "person.id"], name=op.f("fk_chat_invitation_person_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_chat_invitation")),
    )
    with op.batch_alter_table("chat_invitation", schema=None) as batch_op:
        batch_op.create_index("uq_chat_invitation_token_hash", ["merchant_id", "token_hash"], unique=True)

    op.create_table(
        "chat_link",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("messenger", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", base.UtcTime(), nullable=False),
        sa.Column("ended_at", base.UtcTime(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("messenger IN ('TELEGRAM', 'TERMINAL')", name=op.f("ck_chat_link_messenger_known")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "person_id"], ["person.merchant_id", "person.id"], name=op.f("fk_chat_link_person_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_chat_link")),
    )
    with op.batch_alter_table("chat_link", schema=None) as batch_op:
        batch_op.create_index("ix_chat_link_person_id", ["merchant_id", "person_id"], unique=False)
        batch_op.create_index(
            "uq_chat_link_account",
            ["merchant_id", "messenger", "account"],
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "notice",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("text", base.Json, nullable=False),
        sa.Column("posted_at", base.UtcTime(), nullable=False),
        sa.Column("changed_at", base.UtcTime(), nullable=False),
        sa.Column("read_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('ALERT', 'DROPSHIP', 'SHORT_PICK', 'INTERCEPTION', 'ANNOUNCEMENT')",
            name=op.f("ck_notice_kind_known"),
        ),
        sa.CheckConstraint("state IN ('OPEN', 'TOLD', 'CLOSED')", name=op.f("ck_notice_state_known")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "person_id"], ["person.merchant_id", "person.id"], name=op.f("fk_notice_person_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_person_id", ["merchant_id", "person_id", "changed_at", "id"], unique=False)
        batch_op.create_index("ix_notice_subject_id", ["merchant_id", "subject_id"], unique=False)
        batch_op.create_index("uq_notice_subject", ["merchant_id", "person_id", "kind", "subject_id"], unique=True)

    op.create_table(
        "partnership",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("partner_code", sa.Text(), nullable=False),
        sa.Column("partner_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("hours_to_answer", sa.BigInteger(), nullable=False),
        sa.Column("auto_accept", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("auto_route", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("ended_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "status IN ('INVITED', 'ASKED', 'ACTIVE', 'ENDED')", name=op.f("ck_partnership_status_known")
        ),
        sa.CheckConstraint("hours_to_answer > 0", name=op.f("ck_partnership_hours_to_answer_positive")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "location_id"],
            ["location.merchant_id", "location.id"],
            name=op.f("fk_partnership_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "shop_id"], ["shop.merchant_id", "shop.id"], name=op.f("fk_partnership_shop_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_partnership")),
    )
    with op.batch_alter_table("partnership", schema=None) as batch_op:
        batch_op.create_index("uq_partnership_partner_id", ["merchant_id", "partner_id"], unique=True)

    op.create_table(
        "chat_message",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("sent_at", base.UtcTime(), nullable=False),
        sa.Column("edited_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "link_id"], ["chat_link.merchant_id", "chat_link.id"], name=op.f("fk_chat_message_link_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_chat_message")),
    )
    with op.batch_alter_table("chat_message", schema=None) as batch_op:
        batch_op.create_index("uq_chat_message_subject", ["merchant_id", "link_id", "about", "subject_id"], unique=True)

    op.create_table(
        "notice_delivery",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sent_at", base.UtcTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("medium IN ('APP', 'CHAT')", name=op.f("ck_notice_delivery_medium_known")),
        sa.CheckConstraint("state IN ('WAITING', 'SENT', 'FAILED')", name=op.f("ck_notice_delivery_state_known")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "notice_id"], ["notice.merchant_id", "notice.id"], name=op.f("fk_notice_delivery_notice_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "notice_id", "medium", name=op.f("pk_notice_delivery")),
    )
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notice_delivery_waiting",
            ["merchant_id", "medium", "notice_id"],
            unique=False,
            postgresql_where=sa.text("state = 'WAITING'"),
            sqlite_where=sa.text("state = 'WAITING'"),
        )

    op.create_table(
        "offer",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partnership_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.Column("share_percent", sa.BigInteger(), nullable=False),
        sa.Column("told_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.Column("withdrawn_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("price_micros >= 0", name=op.f("ck_offer_price_micros_not_negative")),
        sa.CheckConstraint("share_percent BETWEEN 1 AND 100", name=op.f("ck_offer_share_percent_known")),
        sa.CheckConstraint("told_quantity >= 0", name=op.f("ck_offer_told_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "partnership_id"],
            ["partnership.merchant_id", "partnership.id"],
            name=op.f("fk_offer_partnership_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_offer_sku_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_offer")),
    )
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.create_index("ix_offer_sku_id", ["merchant_id", "sku_id"], unique=False)
        batch_op.create_index("uq_offer_sku_id", ["merchant_id", "partnership_id", "sku_id"], unique=True)

    op.create_table(
        "partner_offer",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partnership_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("barcodes", base.Json, nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.Column("told_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("told_at", base.UtcTime(), nullable=False),
        sa.Column("withdrawn_at", base.UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("told_quantity >= 0", name=op.f("ck_partner_offer_told_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "partnership_id"],
            ["partnership.merchant_id", "partnership.id"],
            name=op.f("fk_partner_offer_partnership_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_partner_offer")),
    )
    with op.batch_alter_table("partner_offer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_partner_offer_partnership_id", ["merchant_id", "partnership_id", "code"], unique=False
        )

    op.create_table(
        "reorder_point",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("low_at", sa.BigInteger(), nullable=False),
        sa.Column("enough_at", sa.BigInteger(), nullable=False),
        sa.Column("is_low", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("changed_at", base.UtcTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("enough_at > low_at", name=op.f("ck_reorder_point_enough_above_low")),
        sa.CheckConstraint("low_at >= 0", name=op.f("ck_reorder_point_low_at_not_negative")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "location_id"],
            ["location.merchant_id", "location.id"],
            name=op.f("fk_reorder_point_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_reorder_point_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_reorder_point")),
    )
    with op.batch_alter_table("reorder_point", schema=None) as batch_op:
        batch_op.create_index("uq_reorder_point_sku", ["merchant_id", "sku_id", "location_id"], unique=True)

    op.create_table(
        "dropship",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("partnership_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("goods_minor", sa.BigInteger(), nullable=False),
        sa.Column("hops", base.Json, nullable=False),
        sa.Column("submitted_at", base.UtcTime(), nullable=False),
        sa.Column("answer_by", base.UtcTime(), nullable=False),
        sa.Column("answered_at", base.UtcTime(), nullable=True),
        sa.Column("shipped_at", base.UtcTime(), nullable=True),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heard", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("side IN ('DISTRIBUTOR', 'SUPPLIER')", name=op.f("ck_dropship_side_known")),
        sa.CheckConstraint(
            "status IN ('SUBMITTED', 'ACCEPTED', 'REJECTED', 'CANCELLATION_REQUESTED', 'CANCELLED', 'SHIPPED')",
            name=op.f("ck_dropship_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "fulfillment_order_id"],
            ["fulfillment_order.merchant_id", "fulfillment_order.id"],
            name=op.f("fk_dropship_fulfillment_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["sales_order.merchant_id", "sales_order.id"],
            name=op.f("fk_dropship_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "partnership_id"],
            ["partnership.merchant_id", "partnership.id"],
            name=op.f("fk_dropship_partnership_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_dropship")),
    )
    with op.batch_alter_table("dropship", schema=None) as batch_op:
        batch_op.create_index("ix_dropship_fulfillment_order_id", ["merchant_id", "fulfillment_order_id"], unique=False)
        batch_op.create_index("ix_dropship_order_id", ["merchant_id", "order_id"], unique=False)
        batch_op.create_index("ix_dropship_status", ["merchant_id", "side", "status", "id"], unique=False)
        batch_op.create_index("uq_dropship_number", ["merchant_id", "number"], unique=True)

    op.create_table(
        "partner_sku",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("partnership_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("partner_offer_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", base.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "partner_offer_id"],
            ["partner_offer.merchant_id", "partner_offer.id"],
            name=op.f("fk_partner_sku_partner_offer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "partnership_id"],
            ["partnership.merchant_id", "partnership.id"],
            name=op.f("fk_partner_sku_partnership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_partner_sku_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "partnership_id", "sku_id", name=op.f("pk_partner_sku")),
    )
    with op.batch_alter_table("partner_sku", schema=None) as batch_op:
        batch_op.create_index("ix_partner_sku_sku_id", ["merchant_id", "sku_id"], unique=False)

    op.create_table(
        "book_entry",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partnership_id", sa.Uuid(), nullable=False),
        sa.Column("dropship_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("at", base.UtcTime(), nullable=False),
        sa.CheckConstraint("account IN ('PARTNER', 'GOODS')", name=op.f("ck_book_entry_account_known")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "dropship_id"],
            ["dropship.merchant_id", "dropship.id"],
            name=op.f("fk_book_entry_dropship_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "partnership_id"],
            ["partnership.merchant_id", "partnership.id"],
            name=op.f("fk_book_entry_partnership_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_book_entry")),
    )
    with op.batch_alter_table("book_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_book_entry_partnership_id", ["merchant_id", "partnership_id", "currency"], unique=False
        )
        batch_op.create_index(
            "uq_book_entry_source", ["merchant_id", "dropship_id", "source_id", "account"], unique=True
        )

    op.create_table(
        "dropship_line",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("dropship_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_line_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("shipped_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_dropship_line_quantity_positive")),
        sa.CheckConstraint("shipped_quantity <= quantity", name=op.f("ck_dropship_line_shipped_in_bounds")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "dropship_id"],
            ["dropship.merchant_id", "dropship.id"],
            name=op.f("fk_dropship_line_dropship_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "sku_id"], ["sku.merchant_id", "sku.id"], name=op.f("fk_dropship_line_sku_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "dropship_id", "line", name=op.f("pk_dropship_line")),
    )
    op.create_table(
        "dropship_parcel",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("dropship_id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("waybill", sa.Text(), nullable=False),
        sa.Column("shipped_at", base.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "dropship_id"],
            ["dropship.merchant_id", "dropship.id"],
            name=op.f("fk_dropship_parcel_dropship_id"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "dropship_id", "parcel_id", name=op.f("pk_dropship_parcel")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_hold_reason_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_hold_reason_known"),
            "reason IN ('PAYMENT', 'FRAUD', 'ADDRESS', 'OPERATOR', 'CLIENT', 'APP', 'UNMAPPED_SKU', 'DROPSHIP')",
        )

    with op.batch_alter_table("shop", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_shop_platform_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_shop_platform_known"),
            "platform IN ('TAOBAO', 'TMALL', 'JD', 'PDD', 'DOUYIN', 'SHOPIFY', 'RETAIL', 'PARTNER', 'OTHER')",
        )

    walls.raise_walls(
        op.get_bind(),
        [
            "alert",
            "chat_update",
            "button_key",
            "chat_invitation",
            "chat_link",
            "notice",
            "partnership",
            "chat_message",
            "notice_delivery",
            "offer",
            "partner_offer",
            "reorder_point",
            "dropship",
            "partner_sku",
            "book_entry",
            "dropship_line",
            "dropship_parcel",
        ],
    )


def downgrade() -> None:
    with op.batch_alter_table("shop", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_shop_platform_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_shop_platform_known"),
            "platform IN ('TAOBAO', 'TMALL', 'JD', 'PDD', 'DOUYIN', 'SHOPIFY', 'RETAIL', 'OTHER')",
        )

    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_hold_reason_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_hold_reason_known"),
            "reason IN ('PAYMENT', 'FRAUD', 'ADDRESS', 'OPERATOR', 'CLIENT', 'APP', 'UNMAPPED_SKU')",
        )

    op.drop_table("dropship_parcel")
    op.drop_table("dropship_line")
    with op.batch_alter_table("book_entry", schema=None) as batch_op:
        batch_op.drop_index("uq_book_entry_source")
        batch_op.drop_index("ix_book_entry_partnership_id")

    op.drop_table("book_entry")
    with op.batch_alter_table("partner_sku", schema=None) as batch_op:
        batch_op.drop_index("ix_partner_sku_sku_id")

    op.drop_table("partner_sku")
    with op.batch_alter_table("dropship", schema=None) as batch_op:
        batch_op.drop_index("uq_dropship_number")
        batch_op.drop_index("ix_dropship_status")
        batch_op.drop_index("ix_dropship_order_id")
        batch_op.drop_index("ix_dropship_fulfillment_order_id")

    op.drop_table("dropship")
    with op.batch_alter_table("reorder_point", schema=None) as batch_op:
        batch_op.drop_index("uq_reorder_point_sku")

    op.drop_table("reorder_point")
    with op.batch_alter_table("partner_offer", schema=None) as batch_op:
        batch_op.drop_index("ix_partner_offer_partnership_id")

    op.drop_table("partner_offer")
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_index("uq_offer_sku_id")
        batch_op.drop_index("ix_offer_sku_id")

    op.drop_table("offer")
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notice_delivery_waiting",
            postgresql_where=sa.text("state = 'WAITING'"),
            sqlite_where=sa.text("state = 'WAITING'"),
        )

    op.drop_table("notice_delivery")
    with op.batch_alter_table("chat_message", schema=None) as batch_op:
        batch_op.drop_index("uq_chat_message_subject")

    op.drop_table("chat_message")
    with op.batch_alter_table("partnership", schema=None) as batch_op:
        batch_op.drop_index("uq_partnership_partner_id")

    op.drop_table("partnership")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("uq_notice_subject")
        batch_op.drop_index("ix_notice_subject_id")
        batch_op.drop_index("ix_notice_person_id")

    op.drop_table("notice")
    with op.batch_alter_table("chat_link", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_chat_link_account",
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_chat_link_person_id")

    op.drop_table("chat_link")
    with op.batch_alter_table("chat_invitation", schema=None) as batch_op:
        batch_op.drop_index("uq_chat_invitation_token_hash")

    op.drop_table("chat_invitation")
    with op.batch_alter_table("button_key", schema=None) as batch_op:
        batch_op.drop_index("ix_button_key_expires_at")

    op.drop_table("button_key")
    with op.batch_alter_table("chat_update", schema=None) as batch_op:
        batch_op.drop_index("ix_chat_update_at")

    op.drop_table("chat_update")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_alert_subject",
            postgresql_where=sa.text("resolved_at IS NULL"),
            sqlite_where=sa.text("resolved_at IS NULL"),
        )
        batch_op.drop_index("ix_alert_state")

    op.drop_table("alert")
