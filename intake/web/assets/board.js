// The screening board: keys, focus and what is read aloud. Links and forms work without any of it.
import { watching } from "./watching.js";

const PANE_KEYS = new Set(["a", "r", "m", "t", "x", "u", "v"]);
const REMEMBERED = "zhibao-keys";
const TOAST_STAYS = 12000;

const find = (what, root = document) => root.querySelector(what);
const cards = () => [...document.querySelectorAll("a.topic")];
const keysWanted = () => { try { return localStorage.getItem(REMEMBERED) !== "off"; } catch { return true; } };

export function board() {
  watching();
  if (!find("#board")) return;
  for (const button of document.querySelectorAll("[data-opens]")) button.hidden = false;
  setUpKeysDialog();
  dress(document);
  bringInSight();
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("click", onCurrent, { capture: true });
  document.addEventListener("input", keepDraft);
  document.addEventListener("change", countPicks);
  document.addEventListener("htmx:after:request", wholeInstead);
  document.addEventListener("htmx:before:swap", beforeSwap);
  document.addEventListener("htmx:after:swap", afterSwap);
  document.addEventListener("htmx:error", unreached);
}

function setUpKeysDialog() {
  const box = find("#keys-on");
  box.checked = keysWanted();
  box.addEventListener("change", () => { try { localStorage.setItem(REMEMBERED, box.checked ? "on" : "off"); } catch { /* remembered for this page only */ } });
}

// Read aloud by screen readers: the region stands outside of what is put in anew.
function say(words) {
  const live = find("#live");
  live.textContent = "";
  setTimeout(() => { live.textContent = words; }, 50);
}

// Where the list scrolls by itself, the card of the topic beside it is in sight.
function bringInSight() {
  const list = find(".board-list"), card = find("a.topic[aria-current]", list);
  if (!card) return;
  // The list alone moves, never the page.
  const around = list.getBoundingClientRect(), at = card.getBoundingClientRect();
  if (at.top < around.top || at.bottom > around.bottom) list.scrollTop += at.top - around.top - (around.height - at.height) / 2;
}

let shown = 0;
function dress(root) {
  const toast = find("#toast", root);
  if (!toast) return;
  clearTimeout(shown);
  const later = () => { shown = setTimeout(() => toast.remove(), TOAST_STAYS); };
  for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, () => clearTimeout(shown));
  for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, later);
  later();
}

// Nothing came back: seen as well as heard. Who else looks at a topic is asked for by itself, and needs no words.
function unreached(event) {
  if (event.detail?.ctx?.sourceElement?.id === "watch") return;
  const words = find("#live").dataset.failed;
  say(words);
  find("#toast")?.remove();
  const toast = Object.assign(document.createElement("div"), { id: "toast", className: "toast show" });
  toast.append(Object.assign(document.createElement("p"), { textContent: words }));
  find("#board").append(toast);
  dress(document);
}

// What was typed for one topic is there again when one comes back to it.
const drafts = new Map();
function keepDraft(event) {
  if (event.target.id === "words") drafts.set(find("#pane-title").dataset.topic, event.target.value);
}

// By what the pane says of itself: the card is marked only a moment after the pane was put in.
const inPane = card => new URL(card.href).searchParams.get("topic") === find("#pane-title")?.dataset.topic;

// The card whose topic is in the pane already needs no asking.
// Whoever walked on to another card while the pane was on its way keeps that card under the fingers.
let walked = false;
function onCurrent(event) {
  const card = event.target.closest("a.topic");
  if (!card) return;
  walked = false;
  if (!inPane(card) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
  find("#board").classList.add("chosen");
  find("#pane-title")?.focus();
}

// How many topics are ticked stands on the button that leads on.
function countPicks() {
  const count = find("#together .count");
  if (count) count.textContent = find("input[name=pick]:checked") ? ` ${document.querySelectorAll("input[name=pick]:checked").length}` : "";
}

let asked = "", pressed = "";

// An answer that isn't a piece of the board (signed out meanwhile, something broken) would leave an empty page: it is asked for again as a
// whole page, which says why and keeps what was typed. Decisions carry their version, so that none is made twice.
function wholeInstead(event) {
  const { target, sourceElement: source, text } = event.detail.ctx;
  const piece = ["board", "pane", "marks"].includes(target?.id) ? `id="${target.id}"` : source.matches("a") ? 'class="topics"' : "";
  if (text.includes(piece)) return;
  event.preventDefault();
  if (!source.matches("form")) { location.assign(source.href); return; }
  const button = document.createElement("input");
  Object.assign(button, { type: "hidden", name: "action", value: asked });
  source.append(button);
  source.submit();
}

// Whoever asked for further cards by key goes on from the first of them: the button that had the focus is gone.
let further = null;
function beforeSwap(event) {
  const more = event.detail?.ctx?.sourceElement?.closest?.(".more");
  further = more?.contains(document.activeElement) ? more.previousElementSibling : null;
}

function afterSwap(event) {
  const title = find("#pane-title");
  const put = event.detail?.ctx?.target?.id;
  if (put === "marks") { marked(); return; }
  if (further) { further.nextElementSibling?.querySelector("a.topic")?.focus(); further = null; return; }
  if (put !== "pane" && put !== "board") return;
  for (const button of document.querySelectorAll("[data-opens]")) button.hidden = false;
  if (title) for (const card of cards()) {
    inPane(card) ? card.setAttribute("aria-current", "true") : card.removeAttribute("aria-current");
  }
  if (put === "pane") find("#board").classList.add("chosen");
  countPicks();
  dress(document);
  bringInSight();
  if (put === "board" && find("#toast")) drafts.delete(pressed);
  const words = find("#words"), draft = title && drafts.get(title.dataset.topic);
  if (words && draft && !words.value) words.value = draft;
  const error = find("#pane #error"), field = find("#pane [aria-invalid]");
  if (error) { say(error.textContent.trim()); error.tabIndex = -1; (field ?? error).focus(); return; }
  if (asked === "find") { found(); asked = ""; return; }
  const toast = find("#toast > p");
  if (put === "board" && toast) say(toast.textContent.trim() + (title ? ` ${title.textContent}` : ""));
  find("#pane > .pane-body")?.scrollTo(0, 0);
  // Who has walked on, or begun to write in the new pane, stays there.
  if (put === "pane" && (walked || typing(document.activeElement))) return;
  title?.focus({ preventScroll: matchMedia("(min-width: 901px)").matches });
}

// Topics to merge into were looked for: on to the first of them, or back to the words with what there isn't.
function found() {
  const first = find("#merging input[name=target]:checked") ?? find("#merging input[name=target]");
  (first ?? find("#find"))?.focus();
  if (!first) say(find("#merging [role=status]")?.textContent.trim() ?? "");
}

// One's marks are written down: the section alone was put in anew, and the focus stays in it.
function marked() {
  const section = find("#marks"), wrong = find("#marks [aria-invalid]");
  say(wrong ? find("#marks .invalid-feedback").textContent.trim() : section.dataset.said);
  (wrong ?? find("button", section))?.focus();
}

function onClick(event) {
  const target = event.target.closest("[data-opens], [data-closes], [data-none], .toast-close, #pane button[name=action]");
  if (!target) return;
  if (target.dataset.none) { if (!find("input[name=pick]:checked")) { event.preventDefault(); say(target.dataset.none); find("input[name=pick]")?.focus(); } return; }
  if (target.dataset.opens) return openKeys();
  if (target.dataset.closes) return find(`#${target.dataset.closes}`).close();
  if (target.matches(".toast-close")) { event.preventDefault(); target.closest(".toast").remove(); find("#pane-title")?.focus(); return; }
  asked = target.value;
  pressed = find("#pane-title").dataset.topic;
  if (!ready(target)) event.preventDefault();
}

// What the server would send back for is asked for at once: a topic to merge into, then the words. It checks again.
function ready(button) {
  const form = button.form;
  const words = find("textarea[name=words]", form);
  if (button.value === "find" || !words) return true;
  if (button.value === "merge") find("#merging").open = true;
  if (button.value === "merge" && !find("input[name=target]:checked", form)) {
    find("#find", form).focus();
    return false;
  }
  if (words.value.trim() || (button.value === "return" && find("input[name=missing]:checked", form))) return true;
  say(form.dataset.reasons);
  words.placeholder = form.dataset.reasons;
  words.focus();
  return false;
}

function openKeys() {
  const dialog = find("#keys");
  if (!dialog.open) dialog.showModal();
}

const typing = one => one.matches?.("textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox])");

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && !"jk".includes(event.key)) return;
  if (event.key === "Escape" && typing(event.target)) { find("#pane-title")?.focus({ preventScroll: true }); return; }
  if (typing(event.target) || find("dialog[open]")) return;
  if (event.key === "?") { event.preventDefault(); openKeys(); return; }
  if (!keysWanted()) return;
  const key = event.key.toLowerCase();
  if (key === "/") { event.preventDefault(); find(".board-list input[name=q]").select(); find(".board-list input[name=q]").focus(); }
  else if (key === "j" || key === "k") step(key === "j" ? 1 : -1, event);
  else if (key === "s") tick(event);
  else if (PANE_KEYS.has(key)) {
    // The pane shows the next topic already: a merge that was just made is taken back from where it is told of.
    const button = find(`#pane [data-key="${key}"]`) ?? find(`#toast [data-key="${key}"]`);
    if (button && !button.disabled) { event.preventDefault(); button.click(); }
  }
}

function step(by, event) {
  const all = cards();
  const here = all.includes(document.activeElement) ? document.activeElement : all.find(one => one.hasAttribute("aria-current"));
  const next = all[here ? all.indexOf(here) + by : 0];
  if (!next) return;
  event.preventDefault();
  walked = true;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

// Ticks the card one has walked to, or the one whose topic is in the pane.
function tick(event) {
  const here = cards().includes(document.activeElement) ? document.activeElement : find("a.topic[aria-current]");
  const box = here?.closest("li").querySelector("input[name=pick]");
  if (!box) return;
  event.preventDefault();
  box.click();
  say(box.checked ? `${box.getAttribute("aria-label")} ${find("#together .count").textContent}` : "");
}
