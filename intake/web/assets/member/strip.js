// One line on every page: what still waits for a signal, and what was refused and is to be looked at again; and how old a kept page is.
import { fill, make } from "../form/words.js";
import { REFUSED, WAITING, isSending, pending } from "./outbox.js";
import { canKeep, whenChanged } from "./store.js";

export async function showStrip() {
  if (!strip() || !(await canKeep())) return;
  whenChanged(refresh);
  for (const kind of ["online", "offline"]) addEventListener(kind, refresh);
  document.addEventListener("dealt", refresh); // another card, another line
  await refresh();
}

const strip = () => document.getElementById("on-phone");

async function refresh() {
  const place = strip();
  if (!place) return;
  const lines = linesOf(await pending(), place.dataset), said = lines.map(line => line.textContent).join("");
  if (place.textContent !== said) place.replaceChildren(...lines);
}

function linesOf(entries, words) {
  const away = entries.filter(one => isSending(one) && (one.tries || !navigator.onLine));
  const inHand = entries.filter(one => one.state === REFUSED || (one.state === WAITING ? !isSending(one) : true));
  const line = (kind, sentence, count, href) => make("a", { className: `notice ${kind}`, href, textContent: fill(sentence, { count }) });
  const signIn = away.find(one => one.signIn)?.signIn;
  return [
    ...(away.length ? [line("soon", signIn ? words.signedOut : words.waits, away.length, signIn ?? words.page)] : []),
    ...(inHand.length ? [line("alarm", words.refused, inHand.length, words.page)] : []),
  ];
}

// The hour and minute at which something was kept, and the day when it was another one.
export function clock(at) {
  const then = new Date(at), sameDay = then.toDateString() === new Date().toDateString();
  const time = then.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });
  return sameDay ? time : `${then.toLocaleDateString(document.documentElement.lang, { month: "numeric", day: "numeric" })} ${time}`;
}
