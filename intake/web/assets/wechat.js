// WeChat's own album, place and scanner, where the account has them; every page works without this file.
import { locate } from "./wechat/locate.js";
import { choosePhotos } from "./wechat/photos.js";
import { scan } from "./wechat/scan.js";

const asked = document.querySelector("[data-wechat]");
if (asked) prepare(asked.dataset.wechat);

// The library is fetched only once we have a signature for it.
async function prepare(address) {
  try {
    const answer = await fetch(`${address}?url=${encodeURIComponent(location.href.split("#")[0])}`);
    if (answer.status !== 200) return;
    const keys = await answer.json();
    const { default: wx } = await import("weixin-js-sdk");
    let refused = false;
    wx.error(() => { refused = true; });
    wx.ready(() => { if (!refused) offer(wx); }); // it calls `ready` after a refusal too
    wx.config({ ...keys, debug: false, jsApiList: ["chooseImage", "getLocalImgData", "uploadImage", "getLocation", "scanQRCode"] });
  } catch { /* weak network, or a page of the platform in between: the plain page stays */ }
}

function offer(wx) {
  choosePhotos(wx, document.querySelector("[data-photos]"));
  locate(wx, document.querySelector("[data-locate]"));
  scan(wx, document.querySelector("[data-scan]"));
}
