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
  KICK_OUT: { icon: "stop", words: "action.KICK_OUT", opens: "kickOut" },
};

/** What some keys mean at a put wall: a tote is empty, pieces are left over that no slot wants. */
const SORTING: Partial<Record<Kind, Action>> = {
  EMPTY: { icon: "tote", words: "action.toteEmpty" },
  NOT_EMPTY: { icon: "stack", words: "action.leftOver", opens: "leftOver" },
  SKIP: { icon: "skip", words: "action.skipPack" },
};
const OF_A_TOTE = new Set<Kind>(["EMPTY", "SHORT"]);

function actionsOf({ job, supportedActions, next }: Session): [Kind, Action][] {
  const all = job === "SORT" ? { ...ACTIONS, ...SORTING } : ACTIONS;
  const isOffered = (kind: Kind) =>
    supportedActions.includes(kind) && !(job === "SORT" && OF_A_TOTE.has(kind) && !next?.toteCode);
  return (Object.entries(all) as [Kind, Action][]).filter(([kind]) => isOffered(kind));
}

export function Actions({ session }: { session: Session }) {
  const actions = actionsOf(session);
  const hasTote = session.job === "SORT" && session.step === "ITEM" && !!session.next?.toteCode;
  if (actions.length === 0) return null;
  return (
    <div class="actions">
      {actions.map(([kind, action]) => {
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
      {hasTote && (
        <button
          type="button"
          class="action"
          data-action="HOSPITAL"
          onClick={() => {
            sheet.value = "hospital";
          }}
        >
          <Icon name="hospital" />
          <span>{t("action.hospital")}</span>
        </button>
      )}
    </div>
  );
}
