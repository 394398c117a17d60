// The photos of what is being written: chosen, made smaller, kept on the phone, shown, taken away again.
import { shrink } from "./shrink.js";
import { store } from "./store.js";
import { tile } from "./tile.js";
import { button, fill, make } from "./words.js";

const MOST = 6;

export function choosePhotos(part, { code, whenChosen }) {
  const field = part.querySelector("input"), words = part.dataset, chosen = [], atWork = new Set();
  const list = make("ul", { className: "tiles" }), note = make("p", { className: "quiet", role: "status" });
  const add = make("label", { className: "add", htmlFor: field.id }, make("span", { textContent: words.add }));
  add.append(field);
  part.classList.add("tiled");
  part.querySelector(".field").append(list, add, note);
  field.addEventListener("click", whenChosen); // the camera may cost the page: what is written is kept first
  field.addEventListener("change", async () => {
    const files = [...field.files], room = MOST - chosen.length;
    field.value = ""; // sent from here, not by the field
    note.textContent = files.length > room ? fill(words.tooMany, { most: MOST }) : "";
    try {
      for (const file of files.slice(0, room)) await take(file);
    } catch {
      note.textContent = words.noRoom;
    }
  });

  async function take(file) {
    const db = await store(), photo = { code, blob: file, name: file.name, at: Date.now() };
    photo.id = await db.add("photos", photo);
    show(photo);
    whenChosen();
    const work = shrink(file).then(blob => chosen.includes(photo.id) && db.put("photos", { ...photo, blob, name: blob === file ? file.name : "photo.jpg" }));
    atWork.add(work);
    await work.catch(() => {}); // no room for a second copy: what was chosen stays
    atWork.delete(work);
  }

  function show(photo) {
    const item = tile(photo.blob, fill(words.name, { number: chosen.length + 1 }));
    item.append(button(words.remove, async () => {
      if (!chosen.includes(photo.id)) return; // a second tap
      chosen.splice(chosen.indexOf(photo.id), 1);
      await (await store()).delete("photos", photo.id).catch(() => {}); // what is gone from the page is gone from the phone, whatever comes next
      item.remove();
      limit();
      field.focus();
      whenChosen();
    }, true));
    item.dataset.photo = photo.id;
    chosen.push(photo.id);
    list.append(item);
    limit();
  }

  function limit() {
    add.hidden = chosen.length >= MOST;
  }

  return {
    ids: () => [...chosen],
    ready: () => Promise.allSettled([...atWork]),
    empty() { chosen.length = 0; list.replaceChildren(); note.textContent = ""; limit(); },
    async restore(ids) {
      const db = await store();
      for (const id of ids.filter(one => !chosen.includes(one)).slice(0, MOST - chosen.length)) {
        const photo = await db.get("photos", id);
        if (photo) show(photo);
      }
    },
  };
}
