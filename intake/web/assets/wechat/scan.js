// WeChat's scanner for a poster's code: only a form of ours is opened by it.
export function scan(wx, button) {
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => wx.scanQRCode({
    needResult: 1, scanType: ["qrCode"],
    success: found => {
      const path = ours(found.resultStr);
      if (path) location.assign(path);
      else button.textContent = button.dataset.foreign;
    },
  }));
}

function ours(text) {
  try {
    const address = new URL(text);
    return address.origin === location.origin && /^\/p\/[0-9a-z]+$/i.test(address.pathname) ? address.pathname + address.search : "";
  } catch {
    return "";
  }
}
