// Keeps a person from sending twice; everything works without it.
export function sendOnce(root) {
  for (const form of root.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", event => {
      const button = event.submitter ?? form.querySelector("button:not([type=button])");
      // After the browser has read the pressed button's value; a form whose script sends it looks after its button itself.
      if (button) setTimeout(() => { if (!event.defaultPrevented) hold(button, form); }, 0);
    });
  }
}

function hold(button, form) {
  const words = button.innerHTML;
  button.disabled = true;
  button.textContent = form.dataset.once;
  const back = () => { button.disabled = false; button.innerHTML = words; };
  // Files take their time, and a second send would begin anew.
  setTimeout(back, form.querySelector("[type=file]")?.files.length ? 60000 : 8000);
  addEventListener("pageshow", back, { once: true });
}
