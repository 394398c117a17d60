// What is being written survives a reload, the camera that kills the page, and the way back; it goes once sent, or after a week.
import { store } from "./store.js";

const KEPT = ["text", "place", "contact", "pass_on"];

export function keepDraft(form, { code, photos, note }) {
  let isOver = false, saving = null, isAhead = false;
  form.addEventListener("input", now);
  addEventListener("visibilitychange", () => { if (document.hidden) now(); });
  addEventListener("pagehide", now);
  note.querySelector("button").addEventListener("click", async () => {
    await forget();
    form.elements.text.focus();
  });

  // Each letter as it is typed: a page that is killed says nothing before.
  function now() {
    if (isOver) return saving;
    isAhead = true;
    return saving ??= (async () => {
      while (isAhead && !isOver) {
        isAhead = false;
        await save().catch(() => {}); // no room: it is sent from the page all the same
      }
      saving = null;
    })();
  }

  async function save() {
    const db = await store(), fields = read(form), ids = photos.ids();
    if (!Object.values(fields).some(Boolean) && !ids.length) return db.delete("drafts", code);
    return db.put("drafts", { code, key: form.elements.key.value, fields, photos: ids, at: Date.now() });
  }

  // Thrown away: words, photos and all.
  async function forget() {
    const db = await store();
    for (const id of photos.ids()) await db.delete("photos", id);
    empty();
    await db.delete("drafts", code);
  }

  function empty() {
    for (const name of KEPT) {
      const field = form.elements[name];
      field.type === "checkbox" ? field.checked = false : field.value = "";
    }
    for (const one of form.querySelectorAll("[data-photos] input[name=photo]")) (one.closest("li") ?? one).remove();
    photos.empty();
    note.hidden = true;
    form.elements.text.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // What stands there already wins: the server's after a refusal, the browser's own after the way back.
  async function restore() {
    const draft = await (await store()).get("drafts", code);
    if (!draft) return;
    for (const name of KEPT) {
      const field = form.elements[name], value = draft.fields[name];
      if (field.type === "checkbox") field.checked ||= Boolean(value);
      else field.value ||= value ?? "";
      if (field.value && name !== "text") field.closest("details").open ||= Boolean(value);
    }
    bringPhotosOfWeChat(form, draft.fields.photo);
    // The key it was begun with: two pages with one draft make one submission.
    if (draft.key && draft.fields.text === form.elements.text.value) form.elements.key.value = draft.key;
    await photos.restore(draft.photos);
    note.hidden = false;
  }

  // While it is being sent it is the outbox's, and only shown here.
  async function putOff() {
    isOver = true;
    await saving;
    await (await store()).delete("drafts", code);
  }

  return { now, restore, empty, putOff, resume() { isOver = false; } };
}

function read(form) {
  const data = new FormData(form), fields = Object.fromEntries(KEPT.map(name => [name, data.get(name) ?? ""]));
  const named = data.getAll("photo");
  return named.length ? { ...fields, photo: named } : fields;
}

// By the names that the platform gave them; assets/wechat/photos.js shows what it finds there.
function bringPhotosOfWeChat(form, names = []) {
  const part = form.querySelector("[data-photos]");
  if (!part || part.querySelector("input[name=photo]")) return;
  for (const value of [names].flat()) part.prepend(Object.assign(document.createElement("input"), { type: "hidden", name: "photo", value }));
}
