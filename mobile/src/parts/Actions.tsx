// What the server lets the person do beside scanning, as buttons; nothing it does not offer is shown.

import { say } from "../desk/acts";
import type { Session } from "../desk/model";
import { type PlainKey, t } from "../language";
import { run, type SheetName, sheet } from "../screens/route";
import { Icon, type IconName } from "./Icon";

type Kind = Session["supportedActions"][number];
type Action = { icon: IconName; words: PlainKey; opens?: SheetName; isMain?: boolean };

const ACTIONS: Partial<Record<Kind, Action>> = {
  SEAL: { icon: "seal", words: "action.SEAL", isMain: true },
  WEIGHT: { icon: "scale", words: "action.WEIGHT", opens: "weight", isMain: true },
  QUANTITY: { icon: "hash", words: "action.QUANTITY", opens: "quantity" },
  SHORT: { icon: "missing", words: "action.SHORT", opens: "short" },
  SKIP: { icon: "skip", words: "action.SKIP" },
  UNDO: { icon: "undo", words: "action.UNDO", opens: "undo" },
  NEXT_PARCEL: { icon: "next", words: "action.NEXT_PARCEL" },
  DAMAGED: { icon: "damaged", words: "action.DAMAGED", opens: "damaged" },
  FORCE: { icon: "force", words: "action.FORCE", opens: "force" },
  REPRINT: { icon: "print", words: "action.REPRINT", opens: "reprint" },
};

export function Actions({ session }: { session: Session }) {
  const kinds = (Object.keys(ACTIONS) as Kind[]).filter((kind) => session.supportedActions.includes(kind));
  if (kinds.length === 0) return null;
  return (
    <div class="actions">
      {kinds.map((kind) => {
        const action = ACTIONS[kind] as Action;
        const words = kind === "SKIP" && session.job === "PACK" ? "action.skipPack" : action.words;
        return (
          <button
            type="button"
            key={kind}
            class={`action ${action.isMain ? "is-main" : ""}`}
            data-action={kind}
            onClick={() => {
              if (action.opens) sheet.value = action.opens;
              else void run(say({ kind }));
            }}
          >
            <Icon name={action.icon} />
            <span>{t(words)}</span>
          </button>
        );
      })}
    </div>
  );
}
