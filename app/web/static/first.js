/* Before the first paint: the colours that the reader chose. After it: the program that the page names. */
try {
  const chosen = localStorage.getItem("masterx.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's colours it is.
}
const { then } = document.currentScript.dataset;
addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => setTimeout(() => import(then))));
