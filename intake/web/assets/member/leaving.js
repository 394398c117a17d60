// Signing out takes along what the phone kept for reading; what was never sent goes too, but only after a word.
import { button, fill, make } from "../form/words.js";
import { drop, pending } from "./outbox.js";
import { canKeep, forgetPages } from "./store.js";

export async function leave(form) {
  if (!(await canKeep())) return form.submit();
  const waits = await pending(Number(form.dataset.who)), go = async () => {
    for (const entry of waits) await drop(entry.id);
    await forgetPages();
    form.submit();
  };
  if (!waits.length) return go();
  const words = form.dataset, note = make("div", { className: "wait", tabIndex: -1 });
  const stay = button(words.stay, () => { note.remove(); form.hidden = false; form.querySelector("button").focus(); });
  note.append(make("p", { className: "notice alarm", textContent: fill(words.waits, { count: waits.length }) }));
  note.append(make("div", { className: "acts" }, stay, button(words.go, go)));
  note.setAttribute("role", "group");
  form.hidden = true;
  form.after(note);
  note.focus();
}
