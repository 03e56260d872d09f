/** Buttons that copy. */

import { announce, icon, iconButton } from "./dom.js";

/** A button that copies what `text` gives, and shows that it did. */
export function copyButton(text, label) {
  const button = iconButton("copy", label, async () => {
    const done = await copyText(text());
    button.replaceChildren(icon(done ? "check" : "close"));
    announce(done ? "Copied" : "The browser does not let this page copy");
    setTimeout(() => button.replaceChildren(icon("copy")), 1_500);
  });
  return button;
}

/** Copies a text; gives whether it was. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or not a secure origin
  }
}
