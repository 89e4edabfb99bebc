// Screens work without this; it only keeps what is marked data-live fresh while somebody looks.
const EVERY_MS = 2000;

async function refresh() {
  const live = document.querySelector("[data-live]");
  if (live === null || document.hidden || isInUse(live)) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = fresh.querySelector("main");
    const next = fresh.querySelector("[data-live]");
    if (next !== null) live.replaceWith(next);
    else if (main !== null) document.querySelector("main").replaceWith(main);
  } catch {
    // The dashboard is away; the next turn asks again.
  }
}

/** A box somebody opened or text somebody marks must not close under their hands. */
function isInUse(live) {
  return live.querySelector("details[open]") !== null || String(getSelection()) !== "";
}

setInterval(refresh, EVERY_MS);
