"""What an accepted entry does, as data: executed for a whole batch at once by commands of picking and packing."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BindTote:
    """A tote is filled for a list and, unless it is mixed, for one order."""

    pick_list_id: UUID
    place_id: UUID
    fulfillment_order_id: UUID | None


@dataclass(frozen=True, slots=True)
class TakeUnits:
    """Pieces of one order's share go from a pick line's bin into a tote."""

    pick_line_id: UUID
    fulfillment_order_id: UUID
    to_place_id: UUID
    quantity: int
    unit_id: UUID | None = None
    item_scan_id: UUID | None = None  # of the goods, when another scan books them


@dataclass(frozen=True, slots=True)
class SwapLot:
    """What a pick line still needs comes from another lot of its bin, of which `quantity` pieces are in hand.

    `settles` when nobody can be asked any more: where it may not be, a person must look.
    """

    pick_line_id: UUID
    lot_id: UUID
    quantity: int
    settles: bool = False


@dataclass(frozen=True, slots=True)
class ReportShort:
    """Pieces of a pick line are not in their bin."""

    pick_line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class NoteConfusion:
    """At a bin one SKU was wanted and another one scanned: hands confuse them."""

    wanted_sku_id: UUID
    scanned_sku_id: UUID


@dataclass(frozen=True, slots=True)
class UndoPick:
    """What an earlier entry took goes back into its bin."""

    scan_id: UUID


@dataclass(frozen=True, slots=True)
class BindWall:
    """A wave is sorted at the wall a slot belongs to."""

    wave_id: UUID
    slot_id: UUID


@dataclass(frozen=True, slots=True)
class SortUnits:
    """Pieces of an order go from a tote into its slot."""

    wave_id: UUID
    fulfillment_order_id: UUID
    sku_id: UUID
    from_place_id: UUID
    to_place_id: UUID
    quantity: int
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class UnsortUnits:
    """Pieces that an earlier entry put into a slot lie in their tote again."""

    client_id: UUID
    fulfillment_order_id: UUID
    sku_id: UUID
    from_place_id: UUID
    to_place_id: UUID
    quantity: int
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KickOut:
    """An order leaves its wave; its goods go from its slot and its totes to the put-back."""

    wave_id: UUID
    fulfillment_order_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class OpenParcel:
    """A parcel is begun for an order."""

    fulfillment_order_id: UUID


@dataclass(frozen=True, slots=True)
class PackUnits:
    """Pieces of an order's line are verified and lie in the parcel."""

    parcel_id: UUID
    fulfillment_line_id: UUID
    quantity: int
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    """A sealed parcel is opened again, because what went in comes out."""

    parcel_id: UUID


@dataclass(frozen=True, slots=True)
class UnpackUnits:
    """Pieces that an earlier entry put into a parcel come out of it again."""

    client_id: UUID
    parcel_id: UUID
    fulfillment_line_id: UUID
    quantity: int
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ChooseCarton:
    """A parcel goes in a carton; `before` is the one it went in."""

    parcel_id: UUID
    carton_id: UUID
    code: str
    before: UUID | None


@dataclass(frozen=True, slots=True)
class RestoreCarton:
    """A parcel goes in what it went in before an earlier entry chose a carton; None: in nothing yet."""

    client_id: UUID
    parcel_id: UUID
    carton_id: UUID | None


@dataclass(frozen=True, slots=True)
class ForcePass:
    """A parcel goes on though the rest of its order was not scanned."""

    parcel_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Weigh:
    """A parcel weighs so many grams; a weight that is not believed passes with a reason."""

    parcel_id: UUID
    weight_g: int
    force_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """A parcel is closed; `another` when its order goes on in a next one."""

    parcel_id: UUID
    another: bool = False


@dataclass(frozen=True, slots=True)
class Reprint:
    """A parcel's label is printed once more."""

    parcel_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class PutBackUnits:
    """Pieces that are out of their bin lie in a bin again."""

    task_id: UUID
    to_place_id: UUID
    quantity: int
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BeginHandover:
    """A first parcel goes on the open manifest of its carrier at the warehouse, which is opened when there is none."""

    parcel_id: UUID
    location_id: UUID


@dataclass(frozen=True, slots=True)
class PutOnManifest:
    """A parcel goes to the driver on a manifest."""

    parcel_id: UUID
    manifest_id: UUID


@dataclass(frozen=True, slots=True)
class TakeOffManifest:
    """A parcel comes off its manifest again."""

    parcel_id: UUID
    manifest_id: UUID


@dataclass(frozen=True, slots=True)
class RaiseTask:
    """A person must look: an entry came too late or fits nothing, and goods may have moved."""

    kind: str
    sku_id: UUID | None = None
    place_id: UUID | None = None
    quantity: int = 0


Effect = (
    BindTote
    | TakeUnits
    | SwapLot
    | ReportShort
    | NoteConfusion
    | UndoPick
    | BindWall
    | SortUnits
    | UnsortUnits
    | KickOut
    | OpenParcel
    | PackUnits
    | Reopen
    | UnpackUnits
    | ChooseCarton
    | RestoreCarton
    | ForcePass
    | Weigh
    | Seal
    | Reprint
    | PutBackUnits
    | BeginHandover
    | PutOnManifest
    | TakeOffManifest
    | RaiseTask
)

BARRIERS = (
    SwapLot,
    ReportShort,
    UndoPick,
    BindWall,
    UnsortUnits,
    KickOut,
    OpenParcel,
    UnpackUnits,
    RestoreCarton,
    ForcePass,
    Weigh,
    Seal,
    Reprint,
    PutBackUnits,
    BeginHandover,
    TakeOffManifest,
)
"""Effects after which the work must be read anew before the session's next entry is judged."""
