// While somebody writes: what is under way nearby and can be joined, who else can help sooner, and personal data among the words. It waits for
// no answer, stands in nobody's way, and keeps nothing.
const PAUSE = 700, LEAST = 4, TAP = 600;
const NOTHING = { matters: [], personal: [], turn_to: null };

export function showSimilar(root) {
  const box = root.querySelector("textarea[data-similar]");
  const nearby = box && root.getElementById(box.dataset.similarNote), above = root.getElementById("noticed");
  if (!nearby || !above) return;
  const { contact, told } = box.form.elements;
  const joined = new Map();
  let timer, asked = "", asking, touched = 0, shown = {};
  root.addEventListener("pointerdown", () => { touched = Date.now(); }, { capture: true, passive: true });
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  // Handed over to be sent, or thrown away (form/draft.js): what stood beside the words goes with them.
  box.addEventListener("change", () => {
    if (box.value) return;
    clearTimeout(timer);
    look();
  });
  if (box.value) look();

  async function look() {
    const words = box.value.trim();
    if (words === asked) return;
    asked = words;
    asking?.abort();
    if (words.length < LEAST) return show(NOTHING, words);
    asking = new AbortController();
    const { signal } = asking;
    try {
      const answer = await post(box.dataset.similar, { q: words }, signal);
      const found = answer.ok ? await answer.json() : NOTHING;
      // Nothing moves while a finger is on its way down or up again.
      while (Date.now() - touched < TAP) await new Promise(go => setTimeout(go, TAP));
      if (!signal.aborted) show(found, words);
    } catch { /* weak network, or more was typed: the form does without */ }
  }

  // What stands there already stays as it is: it would be read out again.
  function show(found, words) {
    const { lead, matters, personal, turn_to: turn } = found;
    if (differs("below", [matters.map(one => one.url), personal])) {
      const head = matters.length ? [made("p", {}, lead)] : [];
      nearby.replaceChildren(...head, ...matters.map(one => matter(one, found)), ...personal.map(one => pointedOut(one, words)));
    }
    if (differs("above", turn)) above.replaceChildren(...(turn ? [advice(turn)] : []));
    if (told) told.value = turn ? turn.kind : "";
  }
  function differs(part, now) {
    const written = JSON.stringify(now);
    return written !== shown[part] && ((shown[part] = written), true);
  }

  function matter(one, { lost }) {
    const link = made("a", { href: one.url, target: "_blank", rel: "noopener" });
    link.append(made("span", {}, one.title), made("span", { className: "quiet" }, [one.state, one.where, one.behind].filter(Boolean).join(" · ")));
    const line = made("div", { className: "matter" });
    line.append(link);
    if (joined.has(one.url)) line.append(joined.get(one.url));
    else line.append(one.endorse ? joining(one, lost) : made("p", { className: "quiet" }, one.ended));
    return line;
  }
  function joining({ title, url, endorse }, lost) {
    const button = made("button", { type: "button", className: "weui-btn weui-btn_default", ariaLabel: `${endorse.words}：${title}` }, endorse.words);
    button.addEventListener("click", async () => {
      button.disabled = true;
      button.parentElement.querySelector("[role=alert]")?.remove();
      try {
        const answer = await post(endorse.url, { key: endorse.key }), said = await answer.json();
        if (!answer.ok) throw new Error(said.error);
        const done = made("p", { className: "done", role: "status" }, `${said.words} `), receipt = made("a", { href: said.receipt }, said.number);
        done.append(receipt);
        joined.set(url, done);
        button.replaceWith(done);
        receipt.focus();
      } catch (error) {
        button.disabled = false;
        button.before(made("p", { className: "quiet", role: "alert" }, error instanceof TypeError || error instanceof SyntaxError ? lost : error.message));
      }
    });
    return button;
  }

  function advice({ advice: words, danger, phones }) {
    const note = made("div", { className: danger ? "notice turn-to alarm" : "notice turn-to", role: danger ? "alert" : "note" }), body = made("div");
    const row = made("p", { className: "row" });
    row.append(...phones.map(one => made("a", { className: "alone", href: `tel:${one.number}` }, one.words)));
    body.append(made("p", {}, words), row);
    note.append(body);
    return note;
  }

  function pointedOut({ words: advice, move, start, end }, words) {
    const line = made("p", { className: "pointed-out" }, advice);
    if (!move || !contact) return line;
    const button = made("button", { type: "button", className: "weui-btn weui-btn_default" }, move), value = [...words].slice(start, end).join("");
    button.addEventListener("click", () => {
      box.value = box.value.replace(value, "");
      if (!contact.value.includes(value)) contact.value = [contact.value, value].filter(Boolean).join(" ");
      contact.closest("details").open = true;
      for (const field of [box, contact]) field.dispatchEvent(new Event("input", { bubbles: true }));
      contact.focus();
    });
    line.append(button);
    return line;
  }
}

function made(name, values = {}, words = "") {
  const { role, ...rest } = values, element = Object.assign(document.createElement(name), rest);
  if (role) element.setAttribute("role", role);
  element.textContent = words;
  return element;
}

function post(address, fields, signal) {
  return fetch(address, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(fields), signal });
}
