// A session and a walk as the server tells them.

import type { RecordMutation, ScanEntry, SessionFragment, WalkQuery } from "../src/api/generated";

export type { ScanEntry, SessionFragment };
export type Verdict = NonNullable<RecordMutation["scanRecord"]>["verdicts"][number];
export type Walk = NonNullable<WalkQuery["pickList"]>;
export type Line = Walk["lines"][number];

export function session(told: Partial<SessionFragment> = {}): SessionFragment {
  return {
    id: "session-1",
    version: 1,
    job: "PICK",
    step: "PLACE",
    instruction: "Go to A01-01-1.",
    lastSequence: 0,
    questionId: null,
    expects: [],
    emptiedPlaceCode: null,
    wave: null,
    manifest: null,
    supportedActions: ["SCAN", "SKIP", "UNDO"],
    worker: { id: "worker-1" },
    location: { id: "location-1", code: "SZ", name: "Shenzhen" },
    station: null,
    progress: { done: 0, total: 5 },
    lease: { id: "list-1", until: null, pickList: { id: "list-1", number: "L-0001" } },
    parcel: null,
    next: nextOf(line({})),
    ...told,
  };
}

export function nextOf(line: Line, toteCode: string | null = null): NonNullable<SessionFragment["next"]> {
  const { sku, place, lot } = line;
  return {
    placeCode: place.code,
    skuCode: sku.code,
    skuName: sku.nameEn,
    lotCode: lot?.code ?? null,
    remaining: line.quantity - line.pickedQuantity - line.shortQuantity,
    toteCode,
    orderNumber: null,
    slot: null,
    sku,
  };
}

export interface LineSaid {
  id?: string;
  sequence?: number;
  quantity?: number;
  place?: string;
  sku?: string;
  barcodes?: { code: string; unitQuantity: number }[];
  lot?: string;
}

export function line(said: LineSaid): Line {
  const { id = "line-1", sequence = 1, quantity = 2, place = "A01-01-1", sku = "SKU-1" } = said;
  const barcodes = said.barcodes ?? [{ code: "04006381333931", unitQuantity: 1 }];
  const names = { nameZh: "", nameEn: sku, optionZh: "", optionEn: "" };
  return {
    id,
    sequence,
    quantity,
    pickedQuantity: 0,
    shortQuantity: 0,
    status: "OPEN",
    place: { id: place, code: place },
    lot: said.lot === undefined ? null : { code: said.lot, expiresOn: null },
    sku: {
      id: sku,
      code: sku,
      ...names,
      lotTracked: said.lot !== undefined,
      serialTracked: false,
      barcodes,
    },
  };
}

export function walk(lines?: Line[], kind: Walk["wave"]["kind"] = "DISCRETE"): Walk {
  return {
    id: "list-1",
    number: "L-0001",
    version: 1,
    status: "CLAIMED",
    worker: { id: "worker-1", name: "anna" },
    wave: { kind },
    totes: [{ place: { code: "T-0001" } }],
    lines: lines ?? [
      line({}),
      line({
        id: "line-2",
        sequence: 2,
        quantity: 3,
        place: "A01-02-1",
        sku: "SKU-2",
        barcodes: [{ code: "00096385074", unitQuantity: 1 }],
      }),
    ],
  };
}
