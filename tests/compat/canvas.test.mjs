// The canvas as a browser, a tool and a node see it.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { external, startGateway, within } from "./harness.mjs";
import { Wire } from "./wire.mjs";

const CANVAS = "/__openclaw__/canvas";

let gateway;
let root;

/** What is behind `target`, which is sent as it is. */
function get(target, { headers = {}, token = gateway.token, method = "GET" } = {}) {
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  const { hostname, port } = new URL(gateway.http);
  return within(target, new Promise((done, fail) => {
    const request = http.request({ hostname, port, method, path: target, headers: { ...authorization, ...headers } }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => done({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString() }));
    });
    request.on("error", fail).end();
  }));
}

/** An address with a pass in it, as an operator who reads is given one. */
async function pass() {
  const wire = await Wire.open(gateway.url, { dialect: "brief" });
  await wire.request("connect", { auth: { token: gateway.token } });
  const { pluginSurfaceUrls } = await wire.request("plugin.surface.refresh", { surface: "canvas" });
  return { url: pluginSurfaceUrls.canvas, leave: () => wire.socket.terminate() };
}

before(async () => {
  if (external) return;
  gateway = await startGateway({ port: 1 });
  root = path.join(gateway.home, ".openclaw/workspace/canvas");
});
after(() => gateway?.stop());

test("the canvas", { skip: external && "the original keeps its pages elsewhere" }, async (t) => {
  await t.test("begins with a page that can speak to the app", async () => {
    const page = await get(`${CANVAS}/`);
    assert.equal(page.status, 200);
    assert.match(page.headers["content-type"], /^text\/html/);
    assert.match(page.headers["content-security-policy"], /^sandbox (?!.*allow-same-origin)/);
    assert.match(page.text, /openclawCanvasA2UIAction/);
    assert.ok(fs.existsSync(path.join(root, "index.html")));
  });

  await t.test("shows files, parts of them, and nothing twice", async () => {
    fs.writeFileSync(path.join(root, "a.txt"), "0123456789");
    const whole = await get(`${CANVAS}/a.txt`);
    assert.equal(whole.text, "0123456789");
    const part = await get(`${CANVAS}/a.txt`, { headers: { range: "bytes=2-4" } });
    assert.deepEqual([part.status, part.text, part.headers["content-range"]], [206, "234", "bytes 2-4/10"]);
    const again = await get(`${CANVAS}/a.txt`, { headers: { "if-none-match": whole.headers.etag } });
    assert.deepEqual([again.status, again.text], [304, ""]);
    const posted = await get(`${CANVAS}/a.txt`, { method: "POST" });
    assert.deepEqual([posted.status, posted.headers.allow], [405, "GET, HEAD"]);
  });

  await t.test("shows nothing of what is elsewhere", async () => {
    fs.symlinkSync("/etc", path.join(root, "etc"));
    for (const file of ["/../openclaw.json", "/%2e%2e/openclaw.json", "/..%5copenclaw.json", "/etc/passwd", "/.env"]) {
      const answer = await get(`${CANVAS}${file}`);
      assert.deepEqual([answer.status, answer.text], [404, "not found"], file);
    }
  });

  await t.test("is for those who show a token or a pass", async () => {
    assert.equal((await get(`${CANVAS}/`, { token: null })).status, 401);
    assert.equal((await get(`/__openclaw__/cap/none${CANVAS}/`, { token: null })).status, 401);
    const { url, leave } = await pass();
    assert.equal((await fetch(`${url}${CANVAS}/`)).status, 200);
    assert.equal((await fetch(`${url}/__moltbot__/canvas/a.txt`)).status, 200);
    leave();
    // The pass goes with the connection, a moment later.
    const gone = async () => (await fetch(`${url}${CANVAS}/`)).status === 401;
    await within("the pass to be worth nothing", (async () => { while (!(await gone())); })());
  });

  await t.test("tells its pages when a file changed", async () => {
    const { url, leave } = await pass();
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/__openclaw__/ws`, { origin: "null" });
    await within("the socket", new Promise((done, fail) => socket.once("open", done).once("error", fail)));
    const told = new Promise((done) => socket.once("message", (data) => done(String(data))));
    fs.writeFileSync(path.join(root, "index.html"), "<p>changed</p>");
    assert.equal(await within("news", told), "reload");
    socket.terminate();
    leave();
    assert.equal((await get("/__openclaw/ws")).status, 426);
  });

  await t.test("has the renderer of A2UI, or says what is missing", async () => {
    const page = await get("/a2ui/");
    if (page.status === 503) return assert.match(page.text, /Node\.js/);
    assert.equal(page.status, 200);
    const code = await get("/__openclaw__/a2ui/a2ui.bundle.js");
    assert.match(code.headers["content-type"], /javascript/);
    assert.match(code.text, /openclawA2UI/);
  });
});
