// Which build this is: its script's name carries a fingerprint of everything in it.

/** The fingerprint of this build; “dev” while it is not built. */
export const version = /-([\w-]{8})\.js/.exec(import.meta.url)?.[1] ?? "dev";
