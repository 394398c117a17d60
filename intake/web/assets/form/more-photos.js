// Photos on the receipt: on their way as soon as they are chosen. They wait in the outbox, as those of the form do, and #waiting says how far each is.
// Without this file, or where nothing can be kept, the browser's own field and a button.
import { sendOnce } from "../once.js";
import { send } from "./on-phone.js";
import { PHOTOS, putOff } from "./outbox.js";
import { shrink } from "./shrink.js";
import { canKeep, store, whenChanged } from "./store.js";
import { fill, make } from "./words.js";

const underWay = new Set();

export async function sendAtOnce() {
  if (!(await canKeep())) return;
  whenChanged(showArrived);
  begin();
}

function begin() {
  const form = document.querySelector("form[data-more-photos]");
  if (!form) return; // there is room for no more
  const field = form.querySelector("[type=file]"), words = form.dataset, note = make("p", { className: "quiet", role: "status" });
  const add = make("label", { className: "add", htmlFor: field.id }, make("span", { textContent: words.add }));
  form.querySelector("button").hidden = true;
  form.classList.add("tiled");
  form.querySelector(".field").append(add, note);
  add.append(field);
  field.addEventListener("change", async () => {
    const files = [...field.files], room = Number(words.morePhotos);
    if (!files.length) return;
    note.textContent = words.once;
    try {
      const photos = [];
      for (const file of files.slice(0, room)) photos.push(await kept(file));
      field.value = "";
      note.textContent = files.length > room ? fill(words.tooMany, { most: room }) : "";
      await sendOff(form, photos);
    } catch {
      form.submit(); // the phone keeps nothing any more: as without script
    }
  });
}

async function kept(file) {
  const blob = await shrink(file);
  return { id: await (await store()).add("photos", { code: "", blob, name: blob === file ? file.name : "photo.jpg", at: Date.now() }) };
}

async function sendOff(form, photos) {
  const { number, receipt } = form.dataset, waiting = document.getElementById("waiting");
  const id = await putOff({ state: PHOTOS, code: "", form: [], number, receipt, photosTo: form.getAttribute("action"), photos });
  underWay.add(id);
  document.getElementById("photos").before(waiting); // where one looks
  await send({ only: id });
}

// What has arrived is the server's to show. The rest of the page stays: somebody may be writing there.
async function showArrived() {
  const db = await store();
  for (const id of underWay) {
    if (await db.get("outbox", id)) continue;
    if (!underWay.delete(id)) continue;
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
      for (const part of ["#photos", ".steps"]) document.querySelector(part).replaceWith(page.querySelector(part));
      sendOnce(document.getElementById("photos"));
      begin();
      document.getElementById("photos").focus();
    } catch { /* the next look at the page shows them */ }
  }
}
