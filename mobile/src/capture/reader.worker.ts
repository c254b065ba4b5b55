/// <reference lib="webworker" />
// The decoder, in a thread of its own: a frame comes in, its barcodes go out. Its WebAssembly is ours to serve.

import { prepareZXingModule, type ReadResult, readBarcodes } from "zxing-wasm/reader";
import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm?url";
import type { Answer, Frame } from "./reader";
import type { Reading } from "./readings";

const SYMBOLS_MAX = 4;
const scope = self as unknown as DedicatedWorkerGlobalScope;
let surface: OffscreenCanvasRenderingContext2D | null = null;

prepareZXingModule({ overrides: { locateFile: () => wasmUrl } });

scope.onmessage = async ({ data }: MessageEvent<Frame>) => {
  scope.postMessage(await answer(data));
};

async function answer(frame: Frame): Promise<Answer> {
  try {
    const picture = frame.picture instanceof ImageData ? frame.picture : pixelsOf(frame.picture);
    const results = await readBarcodes(picture, {
      formats: [...frame.formats],
      tryHarder: true,
      tryRotate: true,
      tryInvert: false,
      maxNumberOfSymbols: SYMBOLS_MAX,
      textMode: "Plain",
    });
    return { number: frame.number, readings: results.map(readingOf) };
  } catch (error) {
    return { number: frame.number, readings: [], problem: String(error) };
  }
}

/** Draw a frame to get at its pixels; the bitmap's memory is given back at once. */
function pixelsOf(bitmap: ImageBitmap): ImageData {
  const { width, height } = bitmap;
  if (surface?.canvas.width !== width || surface.canvas.height !== height) {
    surface = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  }
  if (!surface) throw new Error("This browser draws nothing in a worker.");
  surface.drawImage(bitmap, 0, 0);
  bitmap.close();
  return surface.getImageData(0, 0, width, height);
}

function readingOf(result: ReadResult): Reading {
  const { text, bytes, format, symbologyIdentifier, position } = result;
  return { text, bytes: bytes.slice(), format, identifier: symbologyIdentifier, corners: { ...position } };
}
