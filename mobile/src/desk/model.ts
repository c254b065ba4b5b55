// The words the app's parts share. Screens read the signals of `state.ts` and call the acts of `acts.ts`;
// capture calls `hear`; only `keep/` touches IndexedDB and only `api/` the network.

import type {
  CartonForQuery,
  DoubtFragment,
  ManifestCloseMutation,
  MissingQuery,
  PackLinesQuery,
  RecordMutation,
  ScanEntry,
  ScanKind,
  ScanSource,
  SessionFragment,
  Tone,
  ViewerQuery,
  WalkQuery,
  WallQuery,
} from "../api/generated";

export type Session = SessionFragment;
export type Viewer = ViewerQuery["viewer"];
export type Location = ViewerQuery["locations"][number];
export type Walk = NonNullable<WalkQuery["pickList"]>;
export type WalkLine = Walk["lines"][number];
/** What an order's parcel may take. */
export type PackLine = NonNullable<
  NonNullable<NonNullable<PackLinesQuery["parcel"]>["fulfillmentOrder"]>
>["lines"][number];
/** A slot of a put wall as it stands. */
export type WallSlot = WallQuery["wallSlots"][number];
export type Light = WallSlot["light"];
/** A carton to pack in: one where one takes all. */
export type Carton = NonNullable<CartonForQuery["cartonSuggestion"]>["parts"][number]["carton"];
/** A label that may not be on its parcel: UNSURE or FAILED. */
export type Doubt = DoubtFragment;
export type Verdict = NonNullable<RecordMutation["scanRecord"]>["verdicts"][number];

/** Something read by camera or wedge, typed, or found in a picture; before anyone knows what it means. */
export interface Heard {
  raw: string;
  /** What was read, when it is no text. */
  rawBase64?: string;
  /** The decoder's name or AIM identifier (`]C1`). */
  symbology?: string;
  source: ScanSource;
  /** Read with doubt: it books nothing before the person has confirmed it. */
  doubtful?: boolean;
}

/** What a person does beside scanning: a key, a weight, an answer. */
export type Said = Pick<ScanEntry, "kind"> &
  Partial<
    Pick<ScanEntry, "raw" | "quantity" | "weightG" | "lot" | "serial" | "choice" | "reason" | "answers">
  >;

/** What this phone thinks of an entry before the server has answered; it never says “booked”. */
export interface Guess {
  fits: "FITS" | "UNEXPECTED" | "UNKNOWN";
  /** The line it belongs to and how many pieces it takes, when it fits one. */
  lineId?: string;
  pieces?: number;
}

/** A code read at the dock that does not go with this driver, and what the server said of it. */
export interface Stranger {
  raw: string;
  message: string;
}

/** A parcel that waits for the driver, unscanned. */
export type MissingParcel = NonNullable<MissingQuery["manifest"]>["missing"][number];

/** What became of a manifest that was closed. */
export type Handed = Omit<NonNullable<ManifestCloseMutation["manifestClose"]>, "userErrors"> & {
  sessionId: string;
};

/** KEPT: durable on this phone. ANSWERED: the server's verdict is here. REFUSED: the server took nothing of it. */
export type EntryState = "KEPT" | "ANSWERED" | "REFUSED";

/** One entry as it lies in IndexedDB. */
export interface KeptEntry {
  clientId: string;
  /** The order in which entries were made on this phone, over all sessions. */
  order: number;
  /** Who made it: `<merchant>/<person>`; it is sent only when that person is signed in. */
  owner: string;
  sessionId: string;
  sequence: number;
  recordedAt: string;
  kind: ScanKind;
  said: Omit<ScanEntry, "clientId" | "sequence" | "recordedAt" | "kind">;
  state: EntryState;
  guess: Guess;
  verdict?: Verdict;
  /** Why the server took nothing, in a sentence. */
  problem?: string;
  /** Set while its answer waits for a tap. */
  attention?: 1;
}

/** A session as this phone knows it, so that work goes on without network. */
export interface KeptSession {
  id: string;
  owner: string;
  session: Session;
  /** The list's lines, for picking. */
  walk?: Walk;
  /** The open order's lines, for packing. */
  pack?: PackLine[];
  /** The parcel those lines were read for. */
  packOf?: string;
  /** The warehouse's put walls, for sorting. */
  wall?: WallSlot[];
  /** What was read at the dock and does not go on the manifest, the latest last, and that manifest's number. */
  strangers?: Stranger[];
  strangersOf?: string | undefined;
  /** The next entry gets this number. */
  nextSequence: number;
  openedAt: string;
  closed: boolean;
}

/** How something on the screen is felt; KEPT is this phone's own, the others are the server's. */
export type Feeling = Tone | "KEPT";

/** What the screen shows about the latest entry. */
export interface Shown {
  clientId: string;
  feeling: Feeling;
  /** The server's outcome, or null while the entry is only kept. */
  outcome: Verdict["outcome"] | null;
  /** The server's sentence, or null while the entry is only kept (the screen then says so itself). */
  message: string | null;
  guess: Guess;
  /** What was scanned or done, in short, for the person to recognise. */
  about: string;
  /** Answers to a question; its id goes back as `choice`, with `answers` = clientId. */
  choices: { id: string; label: string }[];
}

/** ONLINE: the last request was answered. OFFLINE: it was not. SIGNED_OUT: the token opens nothing any more. */
export type Link = "ONLINE" | "OFFLINE" | "SIGNED_OUT";

/** A sentence for the person from the server or from this phone. */
export interface Notice {
  tone: "info" | "problem";
  text: string;
  /** The list it is about: the sentence goes when another one is opened. */
  list?: string;
}
