// 随手报: kept on the phone first, then sent, so that a lift swallows nothing. Without this file, or where nothing can be kept, it is a plain
// form with two fields for files.
import { keepWords } from "./capture/draft.js";
import { offerNearest } from "./capture/near.js";
import { choosePhotos } from "./capture/photos.js";
import { offerRecording } from "./capture/recorder.js";
import { drop, nonce, outcome, pending, queue } from "./member/outbox.js";
import { send } from "./member/sending.js";
import { canKeep, whoIsHere } from "./member/store.js";

const PATIENCE = 8000; // so long somebody stands and waits; after that it goes on by itself
const form = document.querySelector("form[data-capture]");
if (form) start();

async function start() {
  offerNearest(form.querySelector("[data-near]"), form.elements.point);
  if (!whoIsHere() || !(await canKeep())) return;
  const photos = choosePhotos(form.querySelector("[data-chooser]")), voices = offerRecording(form.querySelector("[data-record]"));
  const draft = keepWords(form, whoIsHere());
  const submit = form.querySelector(".bar button"), words = submit.textContent, note = document.getElementById("kept-note");
  form.addEventListener("submit", press);
  form.addEventListener("input", () => { note.hidden = true; });
  if (!(await comeBack())) draft.restore();
  form.dataset.ready = "";

  async function press(event) {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    submit.textContent = form.dataset.once;
    await Promise.all([photos.ready(), voices.ready()]);
    const files = [...photos.files().map(one => ["photos", ...one]), ...voices.files().map(one => ["voice", ...one])];
    if (!form.elements.text.value.trim() && !files.length) return form.submit(); // the server says what is missing
    const id = await queue(whatIsSaid(files)).catch(() => null);
    if (id === null) return plainly(files);
    await Promise.race([send(), new Promise(tell => { setTimeout(tell, PATIENCE); })]);
    const answer = await outcome(id);
    if (answer && answer.status !== 200) return refused(id, answer.said);
    empty();
    if (answer) return location.assign(answer.said.next ?? form.dataset.list);
    rest();
    note.hidden = false;
    note.focus();
  }

  function whatIsSaid(files) {
    const { text, point, nonce: mark } = form.elements, has = kind => files.some(([field]) => field === kind);
    const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "day");
    const marks = [has("voice") && form.dataset.voiceMark, has("photos") && form.dataset.photoMark].filter(Boolean);
    fields.push(["day", today()], ...(has("voice") ? [["has_voice", "1"]] : []), ...(has("photos") ? [["has_photo", "1"]] : []));
    return {
      kind: "report", url: form.getAttribute("action"), fields, files, about: `${form.getAttribute("action")}#${mark.value}`,
      words: { what: form.dataset.what, of: point.selectedOptions?.[0]?.textContent ?? "", said: [text.value.trim(), ...marks].filter(Boolean).join(" ") },
    };
  }

  // The phone keeps nothing any more: as without script, with what was chosen back in its fields.
  function plainly(files) {
    for (const name of ["photos", "voice"]) {
      const back = new DataTransfer();
      for (const [field, title, blob] of files) if (field === name) back.items.add(new File([blob], title, { type: blob.type }));
      form.elements[name].files = back.files;
    }
    form.submit();
  }

  async function refused(id, { error, field }) {
    await drop(id);
    rest();
    complain(error, field);
  }

  function complain(error, field) {
    document.getElementById("error")?.remove();
    const said = document.getElementById("refused").content.cloneNode(true);
    said.querySelector("span").textContent = error;
    const found = form.elements[field], named = found instanceof Element ? found : form.elements.text;
    (named === form.elements.text ? form : named.closest(".field") ?? form).before(said);
    named.setAttribute("aria-invalid", "true");
    named.setAttribute("aria-describedby", "error");
    document.getElementById("error").scrollIntoView({ block: "center" });
    named.focus({ preventScroll: true });
  }

  // What was refused, or is to be changed before it is sent, lies in the form again; sending it takes the earlier one's place.
  async function comeBack() {
    const entry = location.hash && (await pending()).find(one => one.about?.endsWith(location.hash));
    if (!entry) return false;
    for (const [name, value] of entry.fields) if (name !== "point" || form.elements.point.options) fill(form.elements[name], value);
    for (const [field, name, blob] of entry.files) (field === "voice" ? voices : photos).add(name, blob);
    history.replaceState(null, "", location.pathname);
    if (entry.because) complain(entry.because, entry.answer?.field);
    return true;
  }

  function empty() {
    draft.forget();
    photos.empty();
    voices.empty();
    for (const name of ["text", "place", "contact"]) form.elements[name].value = "";
    for (const name of ["pass_on", "is_child"]) form.elements[name].checked = false;
    form.elements.consent.value = "";
    fill(form.elements.report_of, "own");
    form.elements.nonce.value = nonce();
    document.getElementById("error")?.remove();
  }

  function rest() {
    submit.disabled = false;
    submit.textContent = words;
  }
}

function fill(field, value) {
  if (!field || (field.options && ![...field.options].some(one => one.value === value))) return;
  if (field.type === "checkbox") field.checked = true;
  else field.value = value; // of several that exclude each other, the one with this value
}

// As the calendar on the wall says, whatever the phone's language.
function today(now = new Date()) {
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(part => String(part).padStart(2, "0")).join("-");
}
