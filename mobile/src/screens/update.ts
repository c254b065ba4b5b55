// The app's own copy for starting without network, and how a newer one is taken up.

import { registerSW } from "virtual:pwa-register";
import { signal } from "@preact/signals";
import { isSecure } from "../capture/camera";

const LOOK_EVERY_MS = 30 * 60_000;

/** What loads the new version, once there is one. It never loads by itself: work may be under way. */
export const newVersion = signal<(() => void) | null>(null);

/** Keep a copy of the app on this phone, where the connection is secure enough for the browser to allow it. */
export function keepApp(): void {
  if (!isSecure() || !("serviceWorker" in navigator)) return;
  const update = registerSW({
    onNeedRefresh: () => {
      newVersion.value = () => void update(true);
    },
    onRegisteredSW: (_address, registration) => {
      setInterval(() => void registration?.update().catch(() => undefined), LOOK_EVERY_MS);
    },
  });
}
