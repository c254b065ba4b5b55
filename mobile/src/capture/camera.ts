// The camera as a scanner: opened, read frame by frame, paused, lit, and let go of again.

import type { Heard } from "../desk/model";
import { grab, onFrame } from "./frames";
import { read, warmUp } from "./reader";
import { chosen, FORMATS, formatsFor, heardOf } from "./readings";
import { Sight } from "./sight";

/** Why there is no camera; the screens have a sentence for each. */
export type CameraProblem = "denied" | "missing" | "inUse" | "insecure" | "lost" | "noDecoder";

export interface CameraOptions {
  /** Called once for each look at a code. */
  hear: (heard: Heard) => void;
  /** The codes that would fit now. */
  expected: () => readonly string[];
  onProblem: (problem: CameraProblem) => void;
}

export interface CameraHandle {
  /** Whether there is a picture; else `onProblem` was told why. */
  readonly isOpen: boolean;
  readonly hasTorch: boolean;
  setTorch(on: boolean): Promise<void>;
  pause(): void;
  /** Go on; what is in view is reported once more. */
  resume(): void;
  /** Let go of the camera for good. */
  stop(): void;
}

/** The torch is no part of the DOM's types. */
type Light = MediaTrackCapabilities & { torch?: boolean };

const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
};

/** Whether the browser trusts this connection; without that there is no camera and no start without network. */
export function isSecure(): boolean {
  return globalThis.isSecureContext === true;
}

export function canUseCamera(): boolean {
  return (
    isSecure() && typeof navigator.mediaDevices?.getUserMedia === "function" && typeof Worker === "function"
  );
}

/**
 * Show the camera in a video and call `hear` for what it reads, until stopped.
 *
 * Trade numbers nobody expects are reported as doubtful; a code is reported once while it stays in view. Where there
 * is no camera, `onProblem` is told why and a handle comes back all the same.
 */
export async function openCamera(video: HTMLVideoElement, options: CameraOptions): Promise<CameraHandle> {
  if (!canUseCamera()) {
    options.onProblem("insecure");
    return new Camera(video, null, options);
  }
  warmUp();
  try {
    const stream = await navigator.mediaDevices.getUserMedia(WANTED);
    const camera = new Camera(video, stream, options);
    await camera.show();
    return camera;
  } catch (error) {
    options.onProblem(problemOf(error));
    return new Camera(video, null, options);
  }
}

function problemOf(error: unknown): CameraProblem {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return "inUse";
}

class Camera implements CameraHandle {
  private readonly sight = new Sight();
  private readonly track: MediaStreamTrack | null;
  private isRunning = false;
  private frames = 0;
  private callOff = () => {};

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly stream: MediaStream | null,
    private readonly options: CameraOptions,
  ) {
    this.track = stream?.getVideoTracks()[0] ?? null;
  }

  get isOpen(): boolean {
    return this.track?.readyState === "live";
  }

  get hasTorch(): boolean {
    return (this.track?.getCapabilities?.() as Light | undefined)?.torch === true;
  }

  async show(): Promise<void> {
    this.track?.addEventListener("ended", () => this.options.onProblem("lost"));
    this.video.srcObject = this.stream;
    this.video.muted = true;
    this.video.playsInline = true;
    // A video that may not play by itself still plays once it is touched; its frames are awaited either way.
    await this.video.play().catch(() => {});
    this.resume();
  }

  async setTorch(on: boolean): Promise<void> {
    const light = { torch: on } as MediaTrackConstraintSet;
    await this.track?.applyConstraints({ advanced: [light] }).catch(() => {});
  }

  pause(): void {
    this.isRunning = false;
    this.callOff();
  }

  resume(): void {
    this.sight.forget();
    if (this.isRunning || !this.stream) return;
    this.isRunning = true;
    this.await();
  }

  stop(): void {
    this.pause();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    if (this.video.srcObject === this.stream) this.video.srcObject = null;
  }

  private await(): void {
    if (!this.isRunning) return;
    this.callOff();
    this.callOff = onFrame(this.video, () => void this.look());
  }

  /** Read the frame that shows now; the next one is taken when this one is done, so none queue up. */
  private async look(): Promise<void> {
    try {
      const picture = await grab(this.video);
      if (picture && this.isRunning) await this.readFrame(picture);
      else if (picture && "close" in picture) picture.close();
    } catch {
      // A frame may be gone before it is taken; the next one comes.
    }
    this.await();
  }

  private async readFrame(picture: ImageBitmap | ImageData): Promise<void> {
    const middle = { x: picture.width / 2, y: picture.height / 2 };
    this.frames += 1;
    const first = this.frames % 2 ? formatsFor(this.options.expected()) : null;
    const answer = await read(picture, first ?? FORMATS);
    if (!this.isRunning) return;
    if (answer.problem !== undefined) {
      this.stop();
      this.options.onProblem("noDecoder");
      return;
    }
    const expected = this.options.expected();
    const believed = answer.readings.filter((each) => heardOf(each, expected) !== null);
    const reading = chosen(believed, middle, expected);
    const heard = reading && heardOf(reading, expected);
    if (heard && this.sight.see(heard.raw, performance.now())) this.options.hear(heard);
  }
}
