// Screens work without this; it only keeps what is marked data-live fresh while somebody looks.
const EVERY_MS = 2000;

async function refresh() {
  const parts = [...document.querySelectorAll("[data-live]")];
  if (parts.length === 0 || document.hidden || String(getSelection()) !== "") return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = fresh.querySelector("main");
    const next = fresh.querySelectorAll("[data-live]");
    if (next.length === parts.length) for (const [i, part] of parts.entries()) replace(part, next[i]);
    else if (main !== null && !parts.some(isInUse)) document.querySelector("main").replaceWith(main);
  } catch {
    // The dashboard is away; the next turn asks again.
  }
}

/** What was sent for a part the last time; the part itself changes when somebody plays or opens something in it. */
const sent = new WeakMap();

function replace(part, next) {
  if ((sent.get(part) ?? part.outerHTML) === next.outerHTML || isInUse(part)) return;
  sent.set(next, next.outerHTML);
  part.replaceWith(next);
}

/** What somebody opened, fills in or listens to must not change under their hands. */
function isInUse(part) {
  const opened = [...part.querySelectorAll("details")].some((box) => box.open !== box.hasAttribute("data-open"));
  const filled = [...part.querySelectorAll("textarea, input:not([type=hidden])")].some((field) =>
    field.type === "checkbox" ? field.checked : field.value !== field.defaultValue,
  );
  const chosen = [...part.querySelectorAll("option")].some((option) => option.selected !== option.defaultSelected);
  const played = [...part.querySelectorAll("video, audio")].some((medium) => !medium.paused || medium.currentTime > 0);
  return (
    opened ||
    filled ||
    chosen ||
    played ||
    (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"))
  );
}

setInterval(refresh, EVERY_MS);
