// The resident's form: a draft that is kept on the phone, photos, and a sender that outlasts a lost signal. Without this file, or where
// nothing can be kept, it is a plain form.
import { keepDraft } from "./form/draft.js";
import { refresh, send, showOnPhone } from "./form/on-phone.js";
import { REFUSED, WORDS, putOff, takeBack } from "./form/outbox.js";
import { choosePhotos } from "./form/photos.js";
import { canKeep, store, whenChanged } from "./form/store.js";
import { offerVoice } from "./form/voice.js";
import { startWorker } from "./form/worker.js";
import { sendOnce } from "./once.js";
import { showSimilar } from "./similar.js";

const form = document.querySelector("form[data-once]"), box = form.elements.text;
const isOld = document.documentElement.hasAttribute("data-kept");
sendOnce(document);
showSimilar(document);
offerVoice(document.querySelector("[data-voice]"), box);
const isKeeping = "code" in form.dataset && keepSending();
if (!isKeeping) showOnPhone();
if (isOld) document.getElementById("kept-page").hidden = false;
addEventListener("load", () => startWorker(form.dataset.worker));

async function keepSending() {
  if (!(await canKeep())) return;
  const { code } = form.dataset;
  let id = null, unseen = null; // what is just being sent from here, and whether the form still shows it
  const photos = choosePhotos(document.querySelector("[data-chooser]"), { code, whenChosen: () => draft.now() });
  const draft = keepDraft(form, { code, photos, note: document.getElementById("draft-note") });
  const submit = form.querySelector("button.weui-btn_primary"), words = submit.textContent;
  form.addEventListener("submit", press);
  addEventListener("pageshow", event => { if (event.persisted) rest(); });
  whenChanged(follow);
  await draft.restore();
  await showOnPhone({ leaveOut: (one, hasArrived) => one === (hasArrived ? id : unseen), comeBack: entry => entry.code === code && comeBack(entry) });

  async function press(event) {
    if (event.submitter?.name) return; // kept for the chat: the server's
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    submit.textContent = form.dataset.once;
    try {
      await form.beforeSending?.();
      await photos.ready();
      id = unseen = await putOff({ ...whatIsSaid(), photos: photos.ids().map(one => ({ id: one })) });
      await draft.putOff();
      await send({ only: id });
      await settle();
    } catch {
      if (box.value) form.submit(); // the phone keeps nothing any more: as without script, and what arrived already makes no second
    }
  }

  function whatIsSaid() {
    const pairs = [...new FormData(form)].filter(([name, value]) => name !== "key" && typeof value === "string");
    return {
      code, page: location.pathname, where: form.dataset.where, action: form.getAttribute("action"), key: form.elements.key.value, asked: asked(), form: pairs,
    };
  }

  // When this page last knew whether the point wants a proof (proof.js): what the phone had kept doesn't know, nor was one had just now without signal.
  function asked() {
    const { proof } = form.elements;
    if (isOld || proof && !proof.value) return 0;
    return proof ? Date.now() : performance.timeOrigin;
  }

  // Where it stands after the first try: arrived, refused, or waiting.
  async function settle() {
    const db = await store(), entry = await db.get("outbox", id);
    if (!entry) {
      const receipt = (await db.getAll("receipts")).find(one => one.entry === id);
      if (receipt) await db.put("receipts", { ...receipt, isTold: true });
      draft.empty();
      return receipt ? location.assign(`${receipt.url}${receipt.url.includes("?") ? "&" : "?"}new=1`) : rest();
    }
    if (entry.state === REFUSED) {
      await takeBack(id);
      form.elements.key.value = entry.key;
      return complain(entry);
    }
    await handOver();
    rest();
  }

  // Photos are shown on their way; the words have arrived already.
  async function follow() {
    const entry = unseen === null ? null : await (await store()).get("outbox", unseen);
    if (!entry || entry.state === WORDS || entry.state === REFUSED) return;
    form.hidden = true;
    await handOver();
  }

  // To the list above the form, which is empty again.
  async function handOver() {
    if (unseen === null) return;
    unseen = null;
    draft.empty();
    await refresh();
    const shown = document.getElementById("waiting");
    shown.focus({ preventScroll: true });
    shown.scrollIntoView();
  }

  async function comeBack(entry) {
    await draft.now();
    await takeBack(entry.id);
    draft.empty();
    await draft.restore();
    if (entry.because) complain(entry);
    else box.focus();
    return true;
  }

  function complain({ because, field }) {
    document.getElementById("error")?.remove();
    const note = document.getElementById("refused").content.cloneNode(true);
    note.querySelector("span").textContent = because;
    form.before(note);
    const named = form.elements[field] ?? box;
    named.setAttribute("aria-invalid", "true");
    named.setAttribute("aria-describedby", "error");
    named.closest("details")?.setAttribute("open", "");
    rest();
    named.focus();
  }

  function rest() {
    id = unseen = null;
    submit.disabled = false;
    submit.textContent = words;
    form.hidden = false;
    draft.resume();
  }
}
