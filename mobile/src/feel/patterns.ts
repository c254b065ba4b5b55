// How each kind of answer sounds and shakes. They differ in rhythm first: pitch is lost in a noisy hall.

import type { Feeling } from "../desk/model";

/** One note: when it begins and how long it sounds, in milliseconds, its pitch in hertz and its timbre. */
export interface Note {
  at: number;
  length: number;
  pitch: number;
  shape: OscillatorType;
}

const note = (at: number, length: number, pitch: number, shape: OscillatorType = "square"): Note => ({
  at,
  length,
  pitch,
  shape,
});

/** KEPT: a dry tick. GOOD: one clear beep. DONE: two rising. ASK: three even ones. WRONG: long and low, twice. */
export const TONES: Record<Feeling, readonly Note[]> = {
  KEPT: [note(0, 35, 660, "triangle")],
  GOOD: [note(0, 110, 1320)],
  DONE: [note(0, 130, 1050), note(150, 260, 1570)],
  ASK: [note(0, 80, 880), note(160, 80, 880), note(320, 80, 880)],
  WRONG: [note(0, 420, 150, "sawtooth"), note(500, 420, 130, "sawtooth")],
};

/** Vibration in turns of on and off, in milliseconds. */
export const SHAKES: Record<Feeling, readonly number[]> = {
  KEPT: [20],
  GOOD: [60],
  DONE: [60, 60, 160],
  ASK: [60, 90, 60, 90, 60],
  WRONG: [400, 100, 400],
};
