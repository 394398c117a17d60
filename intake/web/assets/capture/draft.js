// The words outlive a camera that costs the page: in this window alone, and gone with it, since they may be a resident's.
const KEPT = ["text", "place", "contact", "report_of", "consent", "point"];

export function keepWords(form, who) {
  const name = `capture ${who}`;
  for (const other of Object.keys(sessionStorage)) if (other.startsWith("capture ") && other !== name) sessionStorage.removeItem(other);
  const save = () => {
    const data = new FormData(form);
    if (data.get("text")) sessionStorage.setItem(name, JSON.stringify(KEPT.map(field => [field, data.get(field) ?? ""])));
    else sessionStorage.removeItem(name);
  };
  form.addEventListener("input", save);
  return {
    forget() { sessionStorage.removeItem(name); },
    restore() {
      if (form.elements.text.value) return; // the server's after a refusal, or the browser's own
      for (const [field, value] of JSON.parse(sessionStorage.getItem(name) ?? "[]")) {
        const kept = form.elements[field];
        if (value && kept && kept.type !== "hidden") kept.value = value;
      }
    },
  };
}
