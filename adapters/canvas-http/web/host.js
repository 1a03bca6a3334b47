// What apps push messages to: `openclawA2UI.applyMessages(messages)` and
// `openclawA2UI.reset()`. Messages of version 0.8 are shown at once; what shows
// version 0.9 is fetched when the first message of it comes.
import { createRenderer as createV08 } from "./v08.js";

const here = document.currentScript.src;
const renderers = {};
let waiting = null;

function stage() {
  return document.querySelector("#stage") ?? document.body;
}

function act(action) {
  window.OpenClaw?.sendUserAction(action);
}

function versionOf(message) {
  return typeof message?.version === "string" && message.version.startsWith("v0.9") ? "v0.9" : "v0.8";
}

function surfaces() {
  return Object.values(renderers).flatMap((renderer) => renderer.surfaces());
}

function show(version, messages) {
  renderers[version].apply(messages);
  document.documentElement.classList.toggle("is-empty", surfaces().length === 0);
}

// Called by what shows version 0.9, once it is there.
window.openclawA2UIReady = (create) => {
  renderers["v0.9"] = create(stage(), act);
  const messages = waiting ?? [];
  waiting = null;
  show("v0.9", messages);
};

function wait(messages) {
  if (waiting) {
    waiting.push(...messages);
    return;
  }
  waiting = [...messages];
  const script = document.createElement("script");
  script.src = new URL("a2ui-v0.9.js", here).href;
  script.onerror = () => {
    waiting = null;
    script.remove();
  };
  document.head.append(script);
}

function applyMessages(messages) {
  if (!Array.isArray(messages)) throw new TypeError("A2UI: messages must be an array");
  for (const version of ["v0.8", "v0.9"]) {
    const own = messages.filter((message) => versionOf(message) === version);
    if (own.length === 0) continue;
    if (version === "v0.8") renderers[version] ??= createV08(stage(), act);
    if (renderers[version]) show(version, own);
    else wait(own);
  }
  return { ok: true, surfaces: surfaces() };
}

function reset() {
  waiting = waiting && [];
  for (const renderer of Object.values(renderers)) renderer.reset();
  document.documentElement.classList.add("is-empty");
  return { ok: true };
}

window.openclawA2UI = { applyMessages, reset, getSurfaces: surfaces };
