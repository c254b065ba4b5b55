// Sheets that ask before something is done: undo, damaged, force and reprint with a reason, leaving.

import { useState } from "preact/hooks";
import { finish, leave, say, sendToHospital } from "../desk/acts";
import type { Said } from "../desk/model";
import { type PlainKey, t } from "../language";
import { run } from "../screens/route";
import { Sheet } from "./Sheet";

interface Props {
  onClose: () => void;
}

interface AskProps extends Props {
  title: PlainKey;
  hint: PlainKey;
  button: PlainKey;
  said: Said;
  isWarning?: boolean;
}

function Ask({ title, hint, button, said, isWarning = false, onClose }: AskProps) {
  return (
    <Sheet title={t(title)} onClose={onClose}>
      <p>{t(hint)}</p>
      <button
        type="button"
        class={`main ${isWarning ? "is-warning" : ""}`}
        onClick={() => {
          onClose();
          void run(say(said));
        }}
      >
        {t(button)}
      </button>
      <button type="button" class="plain" onClick={onClose}>
        {t("app.cancel")}
      </button>
    </Sheet>
  );
}

export function UndoSheet({ onClose }: Props) {
  return (
    <Ask title="undo.title" hint="undo.hint" button="undo.do" said={{ kind: "UNDO" }} onClose={onClose} />
  );
}

export function DamagedSheet({ onClose }: Props) {
  return (
    <Ask
      title="damaged.title"
      hint="damaged.hint"
      button="damaged.do"
      said={{ kind: "DAMAGED" }}
      isWarning
      onClose={onClose}
    />
  );
}

export function LeftOverSheet({ onClose }: Props) {
  return (
    <Ask
      title="leftOver.title"
      hint="leftOver.hint"
      button="leftOver.do"
      said={{ kind: "NOT_EMPTY" }}
      isWarning
      onClose={onClose}
    />
  );
}

const REASONS = {
  FORCE: ["reason.codeUnreadable", "reason.checkedByEye", "reason.scaleWrong", "reason.packaging"],
  REPRINT: ["reason.paperJam", "reason.labelSpoiled", "reason.labelLost"],
  KICK_OUT: ["reason.goesLater", "reason.goodsMissing", "reason.damagedGoods"],
  HOSPITAL: ["reason.mixedGoods", "reason.damagedGoods", "reason.toteBroken"],
} as const satisfies Record<string, readonly PlainKey[]>;

const TITLES = {
  FORCE: ["force.title", "force.hint", "force.do"],
  REPRINT: ["reprint.title", "reprint.hint", "reprint.do"],
  KICK_OUT: ["kickOut.title", "kickOut.hint", "kickOut.do"],
  HOSPITAL: ["hospital.title", "hospital.hint", "hospital.do"],
} as const;

interface ReasonProps extends Props {
  kind: "FORCE" | "REPRINT" | "KICK_OUT" | "HOSPITAL";
  /** What is sent to the hospital. */
  tote?: string;
}

/** Force, reprint, out of its wave or out of use: a reason is chosen, or written; the server asks for one too. */
export function ReasonSheet({ kind, tote = "", onClose }: ReasonProps) {
  const [own, setOwn] = useState("");
  const [title, hint, button] = TITLES[kind];
  const send = (reason: string) => {
    onClose();
    void run(kind === "HOSPITAL" ? sendToHospital(tote, reason) : say({ kind, reason }));
  };
  return (
    <Sheet title={t(title)} onClose={onClose}>
      <p>{t(hint)}</p>
      <div class="choices">
        {REASONS[kind].map((reason) => (
          <button type="button" class="choice" key={reason} onClick={() => send(t(reason))}>
            {t(reason)}
          </button>
        ))}
      </div>
      <label class="field">
        <span>{t("reason.own")}</span>
        <input
          type="text"
          value={own}
          maxLength={200}
          autoComplete="off"
          onInput={(event) => setOwn(event.currentTarget.value)}
        />
      </label>
      <button type="button" class="main" disabled={!own.trim()} onClick={() => send(own.trim())}>
        {t(button)}
      </button>
    </Sheet>
  );
}

/** Leave the work: it stays mine, or my turn at it ends. */
export function LeaveSheet({ onClose }: Props) {
  return (
    <Sheet title={t("work.leaveTitle")} onClose={onClose}>
      <p>{t("work.leaveHint")}</p>
      <button
        type="button"
        class="main"
        onClick={() => {
          onClose();
          void run(leave());
        }}
      >
        {t("work.leaveDo")}
      </button>
      <p>{t("work.finishHint")}</p>
      <button
        type="button"
        class="plain"
        onClick={() => {
          onClose();
          void run(finish());
        }}
      >
        {t("work.finish")}
      </button>
    </Sheet>
  );
}
