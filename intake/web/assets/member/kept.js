// What lies on this phone: what waits for a signal or for its person, each with its words, and the cards that can be read.
import { button, fill, make } from "../form/words.js";
import { keepCards, keptCards } from "./keeping.js";
import { IN_HAND, REFUSED, WAITING, drop, isSending, pending, set } from "./outbox.js";
import { send } from "./sending.js";
import { canKeep, forgetPages, whenChanged, whoIsHere } from "./store.js";
import { clock } from "./strip.js";

const EXCERPT = 60;

export async function showKept(page) {
  if (!(await canKeep())) return;
  const refresh = () => Promise.all([showWaiting(page.querySelector("#waiting-here")), showCards(page.querySelector("#cards-here"))]);
  whenChanged(refresh);
  addEventListener("online", async () => {
    document.documentElement.removeAttribute("data-kept");
    await keepCards();
    await refresh();
  });
  addEventListener("offline", refresh);
  page.querySelector("[data-send]").addEventListener("click", () => send());
  page.querySelector("[data-forget]").addEventListener("click", forgetPages);
  document.querySelector("[data-without]").hidden = true;
  await refresh();
  page.hidden = false;
}

async function showWaiting(section) {
  const entries = await pending(), words = section.dataset, held = section.contains(document.activeElement);
  section.hidden = !entries.length;
  section.querySelector("h2").textContent = fill(words.heading, { count: entries.length });
  section.querySelector("ul").replaceChildren(...entries.map(entry => row(entry, words)));
  section.querySelector("[data-send]").hidden = !entries.some(isSending);
  if (held) section.querySelector("h2").focus();
}

function row(entry, words) {
  const { what, of, said } = entry.words, made = make("li", { className: "wait" });
  made.append(make("p", {}, make("strong", { textContent: what ?? "" }), make("span", { className: "quiet", textContent: ` ${clock(entry.at)}` })));
  if (of) made.append(make("p", { className: "quiet", lang: "zh-CN", textContent: of.length > EXCERPT ? `${of.slice(0, EXCERPT)}…` : of }));
  if (said) made.append(make("p", { className: "said", textContent: said }));
  made.append(...state(entry, words), make("div", { className: "acts" }, ...acts(entry, words)));
  return made;
}

function state(entry, words) {
  if (entry.state === REFUSED) {
    const now = entry.answer.state ? make("p", { className: "quiet", textContent: fill(entry.answer.by ? words.nowBy : words.now, entry.answer) }) : "";
    return [make("p", { className: "notice alarm", textContent: entry.because }), now];
  }
  if (entry.state === IN_HAND) return [make("p", { className: "notice soon", textContent: words.inHand })];
  if (!isSending(entry)) return [make("p", { className: "notice soon", textContent: words.stale })];
  return entry.isTried ? [make("p", { className: "quiet", textContent: words.tried })] : [];
}

function acts(entry, words) {
  const again = button(words.again, async () => { await set(entry.id, { state: WAITING, due: 0, at: Date.now() }); await send(); });
  const away = button(words.away, () => drop(entry.id));
  if (!entry.about) return entry.state === REFUSED || !isSending(entry) ? [again, away] : [away];
  const look = button(entry.state === REFUSED ? words.look : words.change, async () => {
    if (entry.state === WAITING && !(await set(entry.id, { state: IN_HAND }))) return; // gone meanwhile
    location.assign(entry.about);
  });
  return entry.state === IN_HAND || (entry.state === WAITING && !isSending(entry)) ? [again, look, away] : [look, away];
}

async function showCards(section) {
  const pages = await keptCards(whoIsHere()), words = section.dataset, waiting = await pending();
  const rows = pages.filter(page => !waiting.some(entry => entry.about === page.path));
  const oldest = Math.min(...pages.map(page => page.at)), time = pages.length ? clock(oldest) : "";
  const isOld = document.documentElement.hasAttribute("data-kept") || !navigator.onLine;
  section.querySelector("[data-said]").textContent = fill(!rows.length ? words.none : isOld ? words.old : words.fresh, { time, count: rows.length });
  section.querySelector("ul").replaceChildren(...rows.map(page => make("li", {}, make("a", { className: "whole", href: page.path },
    make("span", { lang: "zh-CN", textContent: page.words.length > EXCERPT ? `${page.words.slice(0, EXCERPT)}…` : page.words })))));
  section.querySelector("[data-forget]").hidden = !pages.length;
}
