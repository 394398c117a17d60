// Keeps a person from sending twice; everything works without it.
export function sendOnce(root) {
  for (const form of root.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", event => {
      const button = event.submitter ?? form.querySelector("button:not([type=button])");
      if (!button) return;
      const words = button.innerHTML;
      // After the browser has read the pressed button's value.
      setTimeout(() => { button.disabled = true; button.textContent = form.dataset.once; }, 0);
      const back = () => { button.disabled = false; button.innerHTML = words; };
      // Files take their time, and a second send would begin anew.
      setTimeout(back, form.querySelector("[type=file]")?.files.length ? 60000 : 8000);
      addEventListener("pageshow", back, { once: true });
    });
  }
}
