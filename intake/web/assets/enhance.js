// Everything works without this file; it only keeps a person from sending twice.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button[type=submit], button:not([type])");
    // After the browser has read the pressed button's value.
    setTimeout(() => { button.disabled = true; button.textContent = form.dataset.once; }, 0);
    setTimeout(() => { button.disabled = false; }, 8000);
  });
}
