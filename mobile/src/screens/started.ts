// Whether what this phone keeps has been read.

import { signal } from "@preact/signals";

export const isStarted = signal(false);
