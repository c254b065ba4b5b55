// What may be done. Every act resolves to null, or to a sentence for the person; none throws for network or refusal.

export { chooseLocation, chooseStation, invite, pair, signIn, signOut, start } from "./account";
export { closeManifest, missingNow } from "./docking";
export { printAnew, settleLabel } from "./doubts";
export { acknowledge, hear, say, sendNow } from "./entering";
export {
  finish,
  leave,
  lookUp,
  openHandover,
  openList,
  openLookUp,
  openPacking,
  openPutBack,
  openSorting,
  refreshJobs,
  sendToHospital,
  takeNext,
} from "./working";
