// While somebody writes: what is under way nearby, below the box. It never waits for an answer and keeps nothing.
const PAUSE = 700, LEAST = 4, MOST = 200;

export function showSimilar(root) {
  const box = root.querySelector("textarea[data-similar]");
  const note = box && root.getElementById(box.dataset.similarNote);
  if (!note) return;
  let timer, asked = "", asking;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  async function look() {
    const words = box.value.trim().slice(-MOST);
    if (words === asked) return;
    asked = words;
    asking?.abort();
    if (words.length < LEAST) return show([]);
    asking = new AbortController();
    try {
      const address = `${box.dataset.similar}?q=${encodeURIComponent(words)}`;
      const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: asking.signal });
      show(answer.ok ? await answer.json() : []);
    } catch { /* weak network, or more was typed: the form does without */ }
  }
  function show(found) {
    const lines = found.map(one => {
      const line = document.createElement("a"), title = document.createElement("span"), state = document.createElement("b");
      line.href = one.url;
      line.target = "_blank";
      line.rel = "noopener";
      line.className = "alone";
      title.textContent = one.title;
      state.textContent = one.state;
      line.append(state, title);
      return line;
    });
    const lead = document.createElement("p");
    lead.textContent = note.dataset.lead;
    note.replaceChildren(...(lines.length ? [lead, ...lines] : []));
  }
}
