// The way to the decoder's thread. It is started once and kept: starting it costs the first codes half a second.

import type { Format, Reading } from "./readings";

export interface Frame {
  number: number;
  picture: ImageBitmap | ImageData;
  formats: readonly Format[];
}

export interface Answer {
  number: number;
  readings: Reading[];
  problem?: string;
}

/** Whether frames can be handed over undrawn; else they are drawn here and their pixels handed over. */
export const takesBitmaps = typeof OffscreenCanvas !== "undefined" && typeof createImageBitmap === "function";

let worker: Worker | null = null;
let numbers = 0;
const waiting = new Map<number, (answer: Answer) => void>();

/** Read the barcodes of one picture; the picture is given away. `problem` tells that the decoder does not work. */
export function read(picture: Frame["picture"], formats: readonly Format[]): Promise<Answer> {
  numbers += 1;
  const frame: Frame = { number: numbers, picture, formats };
  return new Promise((resolve) => {
    waiting.set(frame.number, resolve);
    started().postMessage(frame, [picture instanceof ImageData ? picture.data.buffer : picture]);
  });
}

/** Start the decoder before the first frame is there. */
export function warmUp(): void {
  started();
}

function started(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./reader.worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => settle(data);
  worker.onerror = (event) => {
    worker?.terminate();
    worker = null;
    for (const number of [...waiting.keys()]) settle({ number, readings: [], problem: event.message });
  };
  return worker;
}

function settle(answer: Answer): void {
  waiting.get(answer.number)?.(answer);
  waiting.delete(answer.number);
}
