// Sheets that ask for a number: how many are there, how many in all, how heavy.

import { useState } from "preact/hooks";
import { say } from "../desk/acts";
import type { Session } from "../desk/model";
import { t } from "../language";
import { run } from "../screens/route";
import type { Goal } from "./goal";
import { Keypad, keyed } from "./Keypad";
import { Sheet } from "./Sheet";

interface Props {
  session: Session;
  goal: Goal | null;
  onClose: () => void;
}

/** Ask how many are there and show what that means before anything is reported. */
export function ShortSheet({ session, goal, onClose }: Props) {
  const [there, setThere] = useState("");
  if (session.job === "PACK") return <ShortOf text={t("short.pack")} onClose={onClose} />;
  if (session.job === "SORT") return <ShortOf text={t("short.sort", unsorted(session))} onClose={onClose} />;
  const wanted = goal?.left ?? 0;
  const count = keyed(there);
  const missing = count === null ? null : wanted - count;
  const words = { n: wanted, sku: goal?.name ?? goal?.sku ?? "" };
  return (
    <Sheet title={t("short.title")} onClose={onClose}>
      <p>{goal?.code ? t("short.hint", { ...words, place: goal.code }) : t("short.hintPlain", words)}</p>
      <Keypad value={there} onChange={setThere} />
      <p class="means" role="status">
        {missing === null && " "}
        {missing !== null && missing < 0 && t("short.tooMany", { n: wanted })}
        {missing === 0 && t("short.allThere")}
        {missing !== null && missing > 0 && t("short.means", { missing })}
      </p>
      <button
        type="button"
        class="main is-warning"
        disabled={missing === null || missing <= 0}
        onClick={() => {
          onClose();
          void run(say({ kind: "SHORT", quantity: missing ?? 0 }));
        }}
      >
        {t("short.confirm", { missing: missing !== null && missing > 0 ? missing : "…" })}
      </button>
    </Sheet>
  );
}

function unsorted(session: Session) {
  return { n: session.next?.remaining ?? 0, tote: session.next?.toteCode ?? "" };
}

/** By the book something is still there, and nothing is. */
function ShortOf({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <Sheet title={t("action.SHORT")} onClose={onClose}>
      <p>{text}</p>
      <button
        type="button"
        class="main is-warning"
        onClick={() => {
          onClose();
          void run(say({ kind: "SHORT" }));
        }}
      >
        {t("short.packConfirm")}
      </button>
    </Sheet>
  );
}

/** A bin that should be empty is not: how many are left, if that can be told. */
export function NotEmptySheet({ session, onClose }: Pick<Props, "session" | "onClose">) {
  const [left, setLeft] = useState("");
  const count = keyed(left);
  const tell = (quantity: number | null) => {
    onClose();
    void run(
      say(quantity === 0 ? { kind: "EMPTY" } : { kind: "NOT_EMPTY", ...(quantity ? { quantity } : {}) }),
    );
  };
  return (
    <Sheet title={t("zero.left")} onClose={onClose}>
      <p>{t("zero.hint", { place: session.emptiedPlaceCode ?? "" })}</p>
      <Keypad value={left} onChange={setLeft} />
      <button type="button" class="main" disabled={count === null} onClick={() => tell(count)}>
        {t("zero.set", { n: count ?? "…" })}
      </button>
      <button type="button" class="plain" onClick={() => tell(null)}>
        {t("zero.some")}
      </button>
    </Sheet>
  );
}

/** Key what the line stands at in all, with what has been scanned already. */
export function QuantitySheet({ goal, onClose }: Props) {
  const [total, setTotal] = useState("");
  const count = keyed(total);
  return (
    <Sheet title={t("quantity.title")} onClose={onClose}>
      <p>{t("quantity.hint", { sku: goal?.name ?? goal?.sku ?? "" })}</p>
      <Keypad value={total} onChange={setTotal} />
      <button
        type="button"
        class="main"
        disabled={!count}
        onClick={() => {
          onClose();
          void run(say({ kind: "QUANTITY", quantity: count ?? 0 }));
        }}
      >
        {t("quantity.set", { n: count ?? "…" })}
      </button>
    </Sheet>
  );
}

/** Key a parcel's weight in grams. */
export function WeightSheet({ session, onClose }: Props) {
  const [grams, setGrams] = useState("");
  const weight = keyed(grams);
  const expected = session.parcel?.expectedWeightG;
  return (
    <Sheet title={t("weight.title")} onClose={onClose}>
      <p>{expected ? t("weight.expected", { n: expected }) : t("weight.hint")}</p>
      <Keypad value={grams} onChange={setGrams} unit="g" />
      <button
        type="button"
        class="main"
        disabled={!weight}
        onClick={() => {
          onClose();
          void run(say({ kind: "WEIGHT", weightG: weight ?? 0 }));
        }}
      >
        {t("weight.set", { n: weight ?? "…" })}
      </button>
    </Sheet>
  );
}
