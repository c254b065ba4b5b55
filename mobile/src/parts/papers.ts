// Papers that hold an address or a name: the server gives them only with the token, so they are fetched and saved.

import { token } from "../api/client";
import { told } from "../screens/route";

const SAVED_WITHIN_MS = 60_000;

/** Save a PDF on this device; when it cannot be fetched the sentence is told. */
export async function fetchPaper(address: string, name: string, problem: string): Promise<void> {
  told.value = null;
  try {
    const response = await fetch(address, { headers: { authorization: `Bearer ${token() ?? ""}` } });
    if (!response.ok) throw new Error(String(response.status));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `${name}.pdf`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), SAVED_WITHIN_MS);
  } catch {
    told.value = problem;
  }
}
