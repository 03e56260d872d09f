/** The conversation scrolls along while the reader is at its end, and stays where it is while they are not. */

import { at, show } from "./dom.js";

const NEAR = 60;
const AHEAD = "800px 0px 0px 0px";

let following = true;
let last = 0;

/** Starts to watch; `earlier` is called when the reader comes near the beginning of what is loaded. */
export function start(earlier) {
  const scroller = at("scroller");
  scroller.addEventListener(
    "scroll",
    () => {
      // Only the reader scrolls up; being away from the end may also mean that the end moved.
      if (atEnd()) following = true;
      else if (scroller.scrollTop < last) following = false;
      last = scroller.scrollTop;
      show(at("newest"), !following);
    },
    { passive: true },
  );
  at("newest").addEventListener("click", () => {
    toNewest();
    at("message").focus({ preventScroll: true });
  });
  new ResizeObserver(() => following && jump()).observe(at("log"));
  new ResizeObserver(() => following && jump()).observe(scroller);
  const seen = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && earlier(), {
    root: scroller,
    rootMargin: AHEAD,
  });
  return (sentinel) => {
    seen.disconnect();
    if (sentinel) seen.observe(sentinel);
  };
}

/** To the end, and along with it from now on. */
export function toNewest() {
  following = true;
  show(at("newest"), false);
  jump();
}

/** Puts something before what is being read, which stays where it is on the screen; not every browser sees to that. */
export function above(insert) {
  const scroller = at("scroller");
  const top = scroller.getBoundingClientRect().top;
  const read = [...at("log").children].find(
    (turn) => turn.matches(".turn") && turn.getBoundingClientRect().bottom > top,
  );
  const before = read?.getBoundingClientRect().top;
  insert();
  if (read && !following) scroller.scrollTop += read.getBoundingClientRect().top - before;
}

function atEnd() {
  const scroller = at("scroller");
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
}

function jump() {
  if (!at("log").childElementCount) return;
  const scroller = at("scroller");
  scroller.scrollTop = scroller.scrollHeight;
}
