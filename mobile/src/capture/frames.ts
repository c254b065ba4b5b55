// Frames of a video, one at a time, and only the part of them that the person sees.

import { takesBitmaps } from "./reader";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The part of a frame that `object-fit: cover` shows in a view; what nobody sees must not be scanned. */
export function visiblePart(
  frame: { width: number; height: number },
  view: { width: number; height: number },
): Box {
  if (!view.width || !view.height) return { x: 0, y: 0, ...frame };
  const scale = Math.max(view.width / frame.width, view.height / frame.height);
  const width = Math.min(frame.width, Math.round(view.width / scale));
  const height = Math.min(frame.height, Math.round(view.height / scale));
  return {
    x: Math.floor((frame.width - width) / 2),
    y: Math.floor((frame.height - height) / 2),
    width,
    height,
  };
}

/** Call `then` when the video has a new frame; returns what calls it off. */
export function onFrame(video: HTMLVideoElement, then: () => void): () => void {
  if (typeof video.requestVideoFrameCallback === "function") {
    const handle = video.requestVideoFrameCallback(then);
    return () => video.cancelVideoFrameCallback(handle);
  }
  const timer = setTimeout(then, 66);
  return () => clearTimeout(timer);
}

/** Take the visible part of the frame that shows now; null while there is none. */
export async function grab(video: HTMLVideoElement): Promise<ImageBitmap | ImageData | null> {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !video.videoWidth) return null;
  const frame = { width: video.videoWidth, height: video.videoHeight };
  const part = visiblePart(frame, { width: video.clientWidth, height: video.clientHeight });
  if (takesBitmaps) return createImageBitmap(video, part.x, part.y, part.width, part.height);
  return drawn(video, part);
}

const canvas = typeof document === "undefined" ? null : document.createElement("canvas");

function drawn(video: HTMLVideoElement, part: Box): ImageData | null {
  const surface = canvas?.getContext("2d", { willReadFrequently: true });
  if (!canvas || !surface) return null;
  canvas.width = part.width;
  canvas.height = part.height;
  surface.drawImage(video, part.x, part.y, part.width, part.height, 0, 0, part.width, part.height);
  return surface.getImageData(0, 0, part.width, part.height);
}
