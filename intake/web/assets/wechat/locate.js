// The place, only by the resident's own tap, as words that they can read and change before they send them.
export function locate(wx, button) {
  const field = button && button.form.elements.place;
  if (!field) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const failed = () => { field.placeholder = button.dataset.failed; field.focus(); };
    wx.getLocation({
      type: "gcj02", fail: failed, cancel: failed,
      success: found => {
        const words = `${button.dataset.words}${Number(found.latitude).toFixed(5)},${Number(found.longitude).toFixed(5)}`;
        field.value = [field.value.trim(), words].filter(Boolean).join(" ").slice(-field.maxLength);
        field.focus();
      },
    });
  });
}
