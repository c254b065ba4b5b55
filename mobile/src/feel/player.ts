// Plays tones and shakes the phone. Browsers let a page sound only after a first tap: `unlock` waits for it.

import type { Feeling } from "../desk/model";
import { SHAKES, TONES } from "./patterns";
import { sounds, vibration } from "./settings";

const LOUDNESS = 0.35;
const EDGE_SECONDS = 0.008;

let context: AudioContext | null = null;

/** Open the phone's sound at the first tap or key. */
export function unlock(target: Window): void {
  const open = () => {
    context ??= "AudioContext" in target ? new AudioContext() : null;
    if (context?.state === "suspended") void context.resume();
  };
  for (const event of ["pointerdown", "keydown"]) target.addEventListener(event, open, { passive: true });
}

/** Let a feeling be heard and felt, as far as the person wants it. */
export function feel(feeling: Feeling): void {
  if (sounds.value) sound(feeling);
  if (vibration.value) shake(feeling);
}

/** Sound a feeling now. */
export function sound(feeling: Feeling): void {
  if (context?.state !== "running") return;
  for (const note of TONES[feeling]) {
    const begin = context.currentTime + note.at / 1000;
    const end = begin + note.length / 1000;
    const oscillator = new OscillatorNode(context, { type: note.shape, frequency: note.pitch });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(LOUDNESS, begin + EDGE_SECONDS);
    gain.gain.setValueAtTime(LOUDNESS, end - EDGE_SECONDS);
    gain.gain.linearRampToValueAtTime(0, end);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(begin);
    oscillator.stop(end);
  }
}

/** Shake a feeling now; devices that cannot do nothing. */
export function shake(feeling: Feeling): void {
  if (canShake()) navigator.vibrate([...SHAKES[feeling]]);
}

/** Whether this device can vibrate at all. */
export function canShake(): boolean {
  return "vibrate" in navigator;
}
