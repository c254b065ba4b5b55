// The one instruction: put together from the server's next step and, where entries are only kept, this phone's guess.

import type { Light, Session, WalkLine } from "../desk/model";
import { named, type PlainKey } from "../language";
import type { IconName } from "./Icon";

/** What the screen tells to do now; what is not known or not needed is null. */
export interface Goal {
  /** What to do, in a few words. */
  scan: PlainKey;
  icon: IconName;
  /** The code that stands out: a place, a tote. */
  code: string | null;
  /** The slot of the wall that is lit. */
  slot: Light | null;
  /** Whether the goods, not the place, are what is wanted now. */
  isItemNow: boolean;
  name: string | null;
  option: string | null;
  sku: string | null;
  lot: string | null;
  expires: string | null;
  left: number | null;
  total: number | null;
  leftWords: PlainKey;
  tote: string | null;
  order: string | null;
}

type Step = Pick<Goal, "scan" | "icon" | "isItemNow"> & { shows: "PLACE" | "TOTE" | null };

const STEPS: Record<string, Step> = {
  "PICK TOTE": { scan: "scan.tote", icon: "tote", isItemNow: false, shows: "TOTE" },
  "PICK PLACE": { scan: "scan.place", icon: "place", isItemNow: false, shows: "PLACE" },
  "PICK ITEM": { scan: "scan.item", icon: "box", isItemNow: true, shows: "PLACE" },
  "PICK PUT": { scan: "scan.put", icon: "tote", isItemNow: false, shows: "TOTE" },
  "PACK OPEN": { scan: "scan.pack", icon: "tote", isItemNow: false, shows: null },
  "PACK ITEMS": { scan: "scan.verify", icon: "box", isItemNow: true, shows: null },
  "PACK SEAL": { scan: "scan.seal", icon: "seal", isItemNow: false, shows: null },
  "PACK WEIGH": { scan: "scan.weigh", icon: "scale", isItemNow: false, shows: null },
  "SORT OPEN": { scan: "scan.sort", icon: "tote", isItemNow: false, shows: null },
  "SORT WALL": { scan: "scan.wall", icon: "wall", isItemNow: false, shows: null },
  "SORT ITEM": { scan: "scan.piece", icon: "box", isItemNow: true, shows: null },
  "SORT SLOT": { scan: "scan.slot", icon: "wall", isItemNow: false, shows: null },
  "HANDOVER OPEN": { scan: "scan.dock", icon: "truck", isItemNow: false, shows: null },
  "HANDOVER LOADING": { scan: "scan.parcel", icon: "truck", isItemNow: false, shows: null },
  "PUT_BACK ITEM": { scan: "scan.goods", icon: "box", isItemNow: true, shows: "TOTE" },
  "PUT_BACK PLACE": { scan: "scan.bin", icon: "place", isItemNow: false, shows: "PLACE" },
};
const LEFT: Record<string, PlainKey> = {
  PACK: "work.leftPack",
  PUT_BACK: "work.leftBack",
  SORT: "work.inHand",
};

/**
 * Tell what to do now; null when nothing is left of the job. `line` is the line this phone sees next.
 *
 * `isShared` says that a line's pieces go to several orders, each with a tote of its own.
 */
export function goalOf(session: Session, step: string, line: WalkLine | null, isShared = false): Goal | null {
  const known = STEPS[`${session.job} ${step}`];
  if (!known) return null;
  const { shows, ...base } = known;
  const goods = line ? goodsOfLine(line) : goodsOfNext(session);
  const next = session.next;
  const place = line?.place?.code ?? next?.placeCode ?? null;
  const isServers = !line || (isNext(line, next) && !(isShared && leftOf(line) !== next?.remaining));
  const tote = isServers ? (next?.toteCode ?? null) : null;
  const hasGoods = step !== "TOTE" && step !== "OPEN" && step !== "SEAL" && step !== "WEIGH";
  return {
    ...base,
    ...(hasGoods ? goods : NO_GOODS),
    slot: session.job === "SORT" ? (next?.slot ?? null) : null,
    code: shows === "PLACE" ? place : shows === "TOTE" ? tote : null,
    leftWords: LEFT[session.job] ?? "work.left",
    tote: shows === "TOTE" ? null : tote,
    order: isServers ? (next?.orderNumber ?? null) : null,
  };
}

/** The server's tote and order belong to its own next line, and of a shared line to the share it asked for. */
function isNext(line: WalkLine, next: Session["next"]): boolean {
  return line.sku.code === next?.skuCode && (line.place?.code ?? null) === next.placeCode;
}

function leftOf(line: WalkLine): number {
  return Math.max(0, line.quantity - line.pickedQuantity - line.shortQuantity);
}

type Goods = Pick<Goal, "name" | "option" | "sku" | "lot" | "expires" | "left" | "total">;

const NO_GOODS: Goods = {
  name: null,
  option: null,
  sku: null,
  lot: null,
  expires: null,
  left: null,
  total: null,
};

function goodsOfLine(line: WalkLine): Goods {
  const { sku, lot } = line;
  return {
    name: named(sku.nameZh, sku.nameEn),
    option: named(sku.optionZh, sku.optionEn),
    sku: sku.code,
    lot: lot?.code ?? null,
    expires: lot?.expiresOn ?? null,
    left: leftOf(line),
    total: line.quantity,
  };
}

function goodsOfNext(session: Session): Goods {
  const next = session.next;
  if (!next) return NO_GOODS;
  return {
    name: next.sku ? named(next.sku.nameZh, next.sku.nameEn) : next.skuName,
    option: next.sku ? named(next.sku.optionZh, next.sku.optionEn) : null,
    sku: next.skuCode,
    lot: next.lotCode,
    expires: null,
    left: next.skuCode ? next.remaining : null,
    total: null,
  };
}
