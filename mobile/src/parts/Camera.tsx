// The camera's picture under the instruction: where to aim, what was read last, the torch.

import { useEffect, useRef, useState } from "preact/hooks";
import { type CameraHandle, type CameraProblem, openCamera } from "../capture/camera";
import type { Heard } from "../desk/model";
import { t } from "../language";
import { Icon } from "./Icon";
import "./camera.css";

interface Props {
  hear: (heard: Heard) => void;
  /** The codes that would fit now; a trade number that is none of them is read with doubt. */
  expected: () => readonly string[];
  onClose: () => void;
}

export function Camera({ hear, expected, onClose }: Props) {
  const [problem, setProblem] = useState<CameraProblem | null>(null);
  const [last, setLast] = useState<string | null>(null);
  const told = useLatest({ hear, expected });
  const { video, handle } = useCamera({
    hear: (heard) => {
      setLast(heard.raw);
      told.current.hear(heard);
    },
    expected: () => told.current.expected(),
    onProblem: setProblem,
  });
  useEffect(() => {
    if (handle?.isOpen) setProblem(null);
  }, [handle]);
  return (
    <section class="camera" aria-label={t("action.camera")} data-testid="camera" data-problem={problem}>
      <div class="camera-view">
        {/* A live picture of the goods has no sound and nothing to caption. */}
        <video ref={video} class="camera-picture" muted playsInline />
        {!problem && <div class="camera-frame" aria-hidden="true" />}
        {problem && (
          <p class="camera-problem" role="alert">
            {t(`camera.${problem}`)}
          </p>
        )}
      </div>
      <div class="camera-bar">
        {!problem && last && (
          <button
            type="button"
            class="camera-last"
            onClick={() => handle?.resume()}
            data-testid="camera-last"
          >
            <span>{t("camera.last", { code: last })}</span>
            <small>{t("camera.again")}</small>
          </button>
        )}
        {!problem && handle?.hasTorch && <Torch handle={handle} />}
        <button type="button" class="camera-button" onClick={onClose} aria-label={t("action.cameraOff")}>
          <Icon name="cross" />
        </button>
      </div>
    </section>
  );
}

function Torch({ handle }: { handle: CameraHandle }) {
  const [isOn, setOn] = useState(false);
  const toggle = () => {
    setOn(!isOn);
    void handle.setTorch(!isOn);
  };
  return (
    <button
      type="button"
      class="camera-button"
      aria-pressed={isOn}
      onClick={toggle}
      aria-label={t("camera.torch")}
    >
      <Icon name="torch" />
    </button>
  );
}

/** Hold the camera as long as the page is looked at: another app may want it meanwhile. */
function useCamera(options: Parameters<typeof openCamera>[1]) {
  const video = useRef<HTMLVideoElement>(null);
  const [handle, setHandle] = useState<CameraHandle | null>(null);
  const isLookedAt = useLookedAt();
  const latest = useLatest(options);
  useEffect(() => {
    if (!isLookedAt || !video.current) return;
    let isWanted = true;
    let opened: CameraHandle | null = null;
    const told = {
      hear: (heard: Heard) => latest.current.hear(heard),
      expected: () => latest.current.expected(),
      onProblem: (problem: CameraProblem) => isWanted && latest.current.onProblem(problem),
    };
    void openCamera(video.current, told).then((camera) => {
      opened = camera;
      if (isWanted) setHandle(camera);
      else camera.stop();
    });
    return () => {
      isWanted = false;
      opened?.stop();
      setHandle(null);
    };
  }, [isLookedAt, latest]);
  return { video, handle };
}

function useLookedAt(): boolean {
  const [isLookedAt, setLookedAt] = useState(() => !document.hidden);
  useEffect(() => {
    const look = () => setLookedAt(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isLookedAt;
}

/** What was passed last, for callbacks that outlive a drawing of the screen. */
function useLatest<Value>(value: Value): { current: Value } {
  const latest = useRef(value);
  latest.current = value;
  return latest;
}
