// The put wall: every slot with its number, colour and shape, what lies in it and what it waits for.

import type { Light, Session, WallSlot } from "../desk/model";
import { wall as slotsKnown } from "../desk/state";
import { freeWalls, litOf, type Wall, wallOf } from "../desk/wall";
import { t } from "../language";
import { Icon, type IconName } from "./Icon";

const SIGNS: Record<WallSlot["state"], IconName | null> = {
  EMPTY: null,
  WAITING: null,
  COMPLETE: "check",
  STOPPED: "stop",
};

export function WallCard({ session }: { session: Session }) {
  if (session.step === "WALL") return <FreeWalls />;
  const wall = wallOf(session, slotsKnown.value);
  if (!wall || session.step === "OPEN") return null;
  return <Slots wall={wall} session={session} />;
}

function Slots({ wall, session }: { wall: Wall; session: Session }) {
  const lit = litOf(session);
  return (
    <section class="wall" aria-label={t("wall.title", { wall: wall.name })}>
      <p class="wall-head">
        <b>{t("wall.title", { wall: wall.name })}</b>
        <span>{t("wall.complete", { n: wall.complete })}</span>
        <span>{t("wall.waiting", { n: wall.waiting })}</span>
        {wall.stopped > 0 && <b class="is-bad">{t("wall.stopped", { n: wall.stopped })}</b>}
      </p>
      <ol class="slots">
        {wall.slots.map((slot) => (
          <Slot
            key={slot.light.code}
            slot={slot}
            isLit={slot.light.code === lit?.code}
            isOwn={slot.wave === null || slot.wave.id === session.wave?.id}
          />
        ))}
      </ol>
    </section>
  );
}

function Slot({ slot, isLit, isOwn }: { slot: WallSlot; isLit: boolean; isOwn: boolean }) {
  const { light, state, here, wanted } = slot;
  const sign = SIGNS[state];
  const words = { slot: light.label, colour: light.colourName, shape: light.shape, here, wanted };
  const classes = `slot is-${state.toLowerCase()} ${isLit ? "is-lit" : ""} ${isOwn ? "" : "is-other"}`;
  return (
    <li class={classes} data-slot={light.label} data-state={state} aria-current={isLit}>
      <span class="unseen">
        {t("wall.slot", words)} {t(isOwn ? `slot.${state}` : "slot.other")} {slot.orderNumber}
      </span>
      <span class="slot-name" aria-hidden="true">
        <Shape light={light} />
        {light.label}
      </span>
      <span class="slot-state" aria-hidden="true">
        {sign && <Icon name={sign} />}
        {state === "STOPPED" ? t("slot.STOPPED") : wanted > 0 ? `${here}/${wanted}` : "–"}
      </span>
    </li>
  );
}

/** The light's colour, and the shape that tells it apart for who sees no colours. */
export function Shape({ light }: { light: Light }) {
  return <span class={`shape slot-${light.colour.toLowerCase()}`}>{light.shape}</span>;
}

/** No wall yet: any slot of a wall with enough room is scanned. */
function FreeWalls() {
  const walls = freeWalls(slotsKnown.value);
  if (walls.length === 0) return null;
  return (
    <section class="wall">
      <ul class="free-walls">
        {walls.map(({ name, free }) => (
          <li key={name} class={free === 0 ? "is-full" : ""}>
            <b>{name}</b>
            <span>{t("wall.free", { n: free })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
