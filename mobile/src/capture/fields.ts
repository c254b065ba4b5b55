// Text fields as a scanner finds them: which have the focus, and how to take out again what it typed into one.

export type TextField = HTMLInputElement | HTMLTextAreaElement;

const TEXT_TYPES = new Set(["text", "search", "tel", "url", "email", "number", "password"]);

/** The text field an event goes to, or null. */
export function textFieldOf(event: Event): TextField | null {
  const element = event.target as (Partial<TextField> & { tagName?: string }) | null;
  if (!element?.tagName || element.readOnly || element.disabled) return null;
  if (element.tagName === "TEXTAREA") return element as TextField;
  return element.tagName === "INPUT" && TEXT_TYPES.has(element.type ?? "text")
    ? (element as TextField)
    : null;
}

/** Passwords are typed by machines as fast as by scanners; nothing is heard there, nor under data-wedge="off". */
export function isPrivate(field: TextField): boolean {
  return field.type === "password" || field.dataset?.wedge === "off";
}

export function isList(event: Event): boolean {
  return (event.target as Partial<HTMLElement> | null)?.tagName === "SELECT";
}

/** A field as it was before a scanner typed into it. */
export interface Before {
  field: TextField;
  value: string;
  selection: [start: number, end: number] | null;
}

export function remember(field: TextField): Before {
  const { value, selectionStart, selectionEnd } = field;
  return {
    field,
    value,
    selection: selectionStart === null ? null : [selectionStart, selectionEnd ?? selectionStart],
  };
}

/** Put a field back and tell the page, so that what it keeps of the field follows. */
export function restore(before: Before): void {
  const { field, value, selection } = before;
  if (field.value === value) return;
  field.value = value;
  if (selection) field.setSelectionRange(...selection);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
