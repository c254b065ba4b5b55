// The ways to scan, under the thumb: camera, typing, a picture where there is no camera, the list, the history.

import { canUseCamera } from "../capture/camera";
import { t } from "../language";
import { isCameraOn, openSheet, type SheetName } from "../screens/route";
import { Icon, type IconName } from "./Icon";
import { PictureButton } from "./PictureButton";

export function Dock({ hasWalk }: { hasWalk: boolean }) {
  return (
    <nav class="dock">
      {canUseCamera() ? (
        <CameraButton />
      ) : (
        <PictureButton label={t("action.picture")} className="dock-button is-main" />
      )}
      <Opens name="type" icon="keyboard" label={t("action.type")} />
      {hasWalk && <Opens name="walk" icon="list" label={t("action.walk")} />}
      <Opens name="history" icon="history" label={t("action.history")} />
    </nav>
  );
}

export function CameraButton() {
  const isOn = isCameraOn.value;
  return (
    <button
      type="button"
      class="dock-button is-main"
      data-testid="camera-toggle"
      aria-pressed={isOn}
      onClick={() => {
        isCameraOn.value = !isOn;
      }}
    >
      <Icon name={isOn ? "cameraOff" : "camera"} />
      <span>{t(isOn ? "action.cameraOff" : "action.camera")}</span>
    </button>
  );
}

export function Opens({ name, icon, label }: { name: SheetName; icon: IconName; label: string }) {
  return (
    <button type="button" class="dock-button" data-opens={name} onClick={() => openSheet(name)}>
      <Icon name={icon} />
      <span>{label}</span>
    </button>
  );
}
