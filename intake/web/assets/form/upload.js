// A photo on its way, with how far it is; given up when nothing moves any more.
import { noAnswer, understood } from "./outbox.js";

const STANDSTILL = 30_000;

export function uploader(show) {
  return (address, body, id) => new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    let timer;
    const wait = () => { clearTimeout(timer); timer = setTimeout(() => request.abort(), STANDSTILL); };
    const end = () => { clearTimeout(timer); running.delete(id); };
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = event => { wait(); show(id, event.total ? Math.floor(event.loaded / event.total * 100) : 0); };
    request.onload = () => {
      end();
      try { done(understood(request.status, request.getResponseHeader("Content-Type"), request.responseText)); } catch (error) { failed(error); }
    };
    request.onerror = request.onabort = () => { end(); failed(noAnswer()); };
    running.set(id, request);
    wait();
    request.send(body);
  });
}

const running = new Map();
export const stopUpload = id => running.get(id)?.abort();
