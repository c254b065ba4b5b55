// The one instruction, large enough to read at arm's length.

import type { Light } from "../desk/model";
import { t } from "../language";
import type { Goal } from "./goal";
import { Icon } from "./Icon";
import { Sentence } from "./Sentence";

export function GoalCard({ goal, sentence }: { goal: Goal; sentence: string | null }) {
  return (
    <section class={`goal ${goal.isItemNow ? "wants-item" : "wants-code"}`} aria-live="polite">
      <p class="goal-scan">
        <Icon name={goal.icon} />
        <span>{t(goal.scan)}</span>
      </p>
      {goal.code && <p class={`goal-code ${sizeOf(goal.code)}`}>{goal.code}</p>}
      {goal.slot && <Lit light={goal.slot} />}
      {goal.sku && <Goods goal={goal} />}
      {(goal.tote || goal.order) && (
        <p class="goal-where">
          {goal.tote && (
            <span>
              {t("work.tote")} <b>{goal.tote}</b>
            </span>
          )}
          {goal.order && (
            <span>
              {t("work.order")} <b>{goal.order}</b>
            </span>
          )}
        </p>
      )}
      {sentence && (
        <p class="goal-sentence">
          <Sentence text={sentence} />
        </p>
      )}
    </section>
  );
}

/** The slot to put into, as it is called out: its number, its colour, its shape. */
function Lit({ light }: { light: Light }) {
  return (
    <p class={`lit slot-${light.colour.toLowerCase()}`} data-lit={light.label}>
      <span class="lit-shape" aria-hidden="true">
        {light.shape}
      </span>
      <b>{light.label}</b>
      <span class="lit-words">
        {light.colourName}
        <small>{light.code}</small>
      </span>
    </p>
  );
}

function Goods({ goal }: { goal: Goal }) {
  return (
    <div class="goods">
      <div class="goods-words">
        {goal.name && <p class="goods-name">{goal.name}</p>}
        {goal.option && <p class="goods-option">{goal.option}</p>}
        <p class="goods-code">{goal.sku}</p>
        {goal.lot && (
          <p class="goods-lot">
            {t("work.lot")} <b>{goal.lot}</b>
            {goal.expires && <span> · {t("work.expires", { date: goal.expires })}</span>}
          </p>
        )}
      </div>
      {goal.left !== null && (
        <p class="goods-count">
          <b>{goal.left}</b>
          <span>{t(goal.leftWords)}</span>
          {goal.total !== null && goal.total !== goal.left && (
            <small>{t("work.progress", { done: goal.total - goal.left, total: goal.total })}</small>
          )}
        </p>
      )}
    </div>
  );
}

/** Long codes get smaller letters; none is ever cut. */
function sizeOf(code: string): string {
  if (code.length <= 8) return "is-short";
  return code.length <= 13 ? "is-middle" : "is-long";
}
