// An error takes the whole screen and waits for a tap. Scans that come meanwhile are still kept and sent.

import { useEffect, useRef } from "preact/hooks";
import type { Shown } from "../desk/model";
import { t } from "../language";
import { Icon } from "./Icon";
import { tell } from "./outcomes";
import { Sentence } from "./Sentence";

interface Props {
  shown: Shown;
  /** How many wait behind this one. */
  more: number;
  onUnderstood: () => void;
}

export function Problem({ shown, more, onUnderstood }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  const told = tell(shown);
  const kind = shown.outcome ? `outcome-${shown.outcome.toLowerCase()}` : "";
  return (
    <dialog
      ref={dialog}
      class={`problem is-${told.feeling.toLowerCase()} ${kind}`}
      role="alertdialog"
      data-testid="problem"
      data-feeling={told.feeling}
      data-outcome={shown.outcome}
      aria-labelledby="problem-title"
      aria-describedby="problem-sentence"
      onCancel={(event) => event.preventDefault()}
    >
      <div class="problem-inside" key={shown.clientId}>
        <div class="problem-words">
          <Icon name={told.icon} />
          <h2 id="problem-title" tabIndex={-1} autofocus>
            {told.title}
          </h2>
          <p id="problem-sentence">
            <Sentence text={told.sentence} />
          </p>
          {told.about && <p class="problem-about">{told.about}</p>}
        </div>
        {more > 0 && <p class="problem-more">{t("verdict.more", { n: more })}</p>}
        <button type="button" class="understood" onClick={onUnderstood}>
          {t("verdict.understood")}
        </button>
      </div>
    </dialog>
  );
}
