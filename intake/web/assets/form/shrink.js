// A smaller picture where the browser can make one: longest side 2,400, upright, without what the camera wrote. Else what was chosen.
const LONGEST = 2400, QUALITY = 0.85;

export async function shrink(file) {
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff"; // JPEG knows no transparency
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise(tell => { canvas.toBlob(tell, "image/jpeg", QUALITY); });
    canvas.width = canvas.height = 0; // gives its memory back at once, also on iPhones
    return made && made.size < file.size ? made : file;
  } catch {
    return file; // HEIC outside Safari, a broken file, an old browser: the server decides
  } finally {
    picture?.close();
  }
}

// A square of it to look at, drawn and not linked: the page's policy allows no blob addresses.
export async function thumbnail(blob, side) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  try {
    const picture = await createImageBitmap(blob, { imageOrientation: "from-image" });
    const edge = Math.min(picture.width, picture.height);
    canvas.getContext("2d").drawImage(picture, (picture.width - edge) / 2, (picture.height - edge) / 2, edge, edge, 0, 0, side, side);
    picture.close();
  } catch { /* cannot be shown here: an empty square stands for it */ }
  return canvas;
}
