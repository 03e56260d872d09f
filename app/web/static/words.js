/** Figures and dates as people read them. */

const NUMBER = new Intl.NumberFormat();
const SMALL = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });

/** A whole number. */
export const count = (n) => NUMBER.format(n);

/** Milliseconds, as milliseconds or seconds. */
export function duration(ms) {
  return ms < 1_000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** US dollars, however few. */
export function dollars(amount) {
  return amount === 0 ? "free" : amount < 0.01 ? `$${SMALL.format(amount)}` : `$${amount.toFixed(2)}`;
}

/** A word of the service, such as `quick_answer`, as words. */
export const plain = (name) => name.replaceAll("_", " ");

/** When something was, the shorter the nearer. */
export function when(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const now = new Date();
  if (date.toDateString() === now.toDateString())
    return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const sameYear = date.getFullYear() === now.getFullYear();
  return date.toLocaleDateString([], { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
}

/** A title out of a first message: its first words, on one line. */
export function titleOf(message) {
  const line = message.replace(/[\s\p{Cc}]+/gu, " ").trim();
  if (line.length <= 60) return line;
  const cut = line.slice(0, 60);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), 40)).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** What a session is called in lists. */
export const nameOf = (session) => session.title || session.subject || "Untitled session";
