// Sends a form that only says what its own address says, once somebody really looks at it; its button does the same without this file.
export function autopost(root) {
  const form = root.querySelector("form[data-autopost]");
  if (!form) return;
  const send = () => {
    if (document.visibilityState === "visible") form.requestSubmit ? form.requestSubmit() : form.submit();
    else document.addEventListener("visibilitychange", send, { once: true });
  };
  if (document.prerendering) document.addEventListener("prerenderingchange", send, { once: true });
  else send();
}
