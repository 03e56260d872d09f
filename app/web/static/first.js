/* Before the first paint: the colours that the reader chose. After it: everything else. */
try {
  const chosen = localStorage.getItem("masterx.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's colours it is.
}
addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => setTimeout(() => import("./chat.js"))));
