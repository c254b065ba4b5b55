"""What the catalog refuses."""

from pickmesh.core.kit.refusals import Refusal


class DuplicateSku(Refusal):
    """This SKU code stands twice in one batch; keep one of the rows."""

    code = "DUPLICATE_SKU"


class BadBarcode(Refusal):
    """A barcode is empty, too long, or stands twice with different unit quantities."""

    code = "BAD_BARCODE"


class UnknownComponent(Refusal):
    """A bundle's component is not in the catalog; import it before the bundle or together with it."""

    code = "UNKNOWN_COMPONENT"


class BundleCycle(Refusal):
    """A bundle would hold itself; take the bundle out of its own components."""

    code = "BUNDLE_CYCLE"


class BundleTooDeep(Refusal):
    """A bundle may hold bundles of plain SKUs, but no deeper; put the plain SKUs in directly."""

    code = "BUNDLE_TOO_DEEP"


class UnknownShop(Refusal):
    """There is no shop with this code; create the shop first."""

    code = "UNKNOWN_SHOP"


class ShopCodeTaken(Refusal):
    """The shop's code stands for another SKU; take it from that one first, or in the same batch."""

    code = "SHOP_CODE_TAKEN"


class CodeTaken(Refusal):
    """Another SKU or product has this code by now; archive that one first."""

    code = "CODE_TAKEN"


class Archived(Refusal):
    """That is archived and takes no part in anything; restore it first."""

    code = "ARCHIVED"


class StillInUse(Refusal):
    """There is still stock, promised or planned work, or a bundle that needs it; the data tells how much of each."""

    code = "STILL_IN_USE"


class PartArchived(Refusal):
    """A bundle's component is archived; restore that first, or together with the bundle."""

    code = "PART_ARCHIVED"
