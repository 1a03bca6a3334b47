// Pictures of agents, and another dashboard out of a directory.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { answers, enter, house, say, until, visit } from "./browser.mjs";
import { caller } from "./rpc.mjs";

const it = house({
  config: {
    agents: {
      defaults: { model: { primary: "fake/fake-16-0" } },
      list: [
        { id: "main", identity: { name: "Molty", avatar: "avatars/me.png" } },
        { id: "drawn", identity: { avatar: "drawn.svg" } },
        { id: "linked", identity: { avatar: "link.png" } },
        { id: "plain" },
      ],
    },
  },
});
const call = caller(it);
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

/** Asks for a path, with the gateway's token unless there is to be none. */
const get = (place, headers = {}, isKnown = true) => fetch(it.gateway.http + place, {
  redirect: "manual",
  headers: { ...(isKnown && { authorization: `Bearer ${it.gateway.token}` }), ...headers },
});

test("pictures of agents are for those who may read, and nothing but pictures", async () => {
  const state = path.join(it.gateway.home, ".openclaw");
  const own = (agent) => path.join(state, agent === "main" ? "workspace" : `workspace-${agent}`);
  for (const agent of ["main", "drawn", "linked"]) fs.mkdirSync(path.join(own(agent), "avatars"), { recursive: true });
  fs.writeFileSync(path.join(own("main"), "avatars/me.png"), png);
  fs.writeFileSync(path.join(own("drawn"), "drawn.svg"), "<svg xmlns='http://www.w3.org/2000/svg'><script>document.title = 'hurt'</script></svg>");
  fs.symlinkSync(path.join(state, "openclaw.json"), path.join(own("linked"), "link.png"));

  const picture = await get("/avatar/main");
  assert.deepEqual([picture.status, picture.headers.get("content-type")], [200, "image/png"]);
  assert.equal(picture.headers.get("cache-control"), "private, no-cache");
  assert.deepEqual(Buffer.from(await picture.arrayBuffer()), png);
  assert.equal((await get("/avatar/main", { "if-none-match": picture.headers.get("etag") })).status, 304);
  assert.deepEqual(await (await get("/avatar/main?meta=1")).json(), { avatarUrl: "/avatar/main", avatarSource: "avatars/me.png", avatarStatus: "local", avatarReason: null });

  const drawn = await get("/avatar/drawn");
  assert.match(drawn.headers.get("content-security-policy"), /default-src 'none'.*sandbox/);
  assert.equal(drawn.headers.get("x-content-type-options"), "nosniff");
  for (const place of ["linked", "plain", "nobody", "..%2fmain", "MAIN"]) assert.equal((await get(`/avatar/${place}`)).status, 404, place);
  assert.equal((await (await get("/avatar/linked?meta=1")).json()).avatarStatus, "none");
  for (const place of ["main", "main?meta=1", "nobody"]) {
    assert.equal((await get(`/avatar/${place}`, {}, false)).status, 401, place);
    assert.equal((await get(`/avatar/${place}`, { authorization: "Bearer wrong" })).status, 401, place);
  }
  assert.equal((await fetch(`${it.gateway.http}/avatar/main`, { method: "POST" })).status, 405);

  const page = await enter(it);
  await until("the picture of the agent", () => page.locator(".side-head img.avatar").evaluate((it) => it.naturalWidth === 1).catch(() => false));
  await say(page, "FAKE_SAY:with a face; please");
  await answers(page).filter({ hasText: "with a face" }).locator("img.avatar").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("another dashboard is served out of a directory, and nothing around it", async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "openclaw-root-"));
  after(() => fs.rmSync(home, { recursive: true, force: true }));
  const root = path.join(home, "ui");
  fs.mkdirSync(path.join(root, "assets"), { recursive: true });
  const configure = async (controlUi) => {
    const { hash } = await call("config.get", {});
    await call("config.patch", { baseHash: hash, raw: JSON.stringify({ gateway: { controlUi } }) });
  };
  await configure({ root });
  const wants = { accept: "text/html" };
  await until("the directory in force", async () => (await get("/", wants)).status === 503);
  assert.match(await (await get("/", wants)).text(), /gateway\.controlUi\.root/);

  fs.writeFileSync(path.join(home, "secret.txt"), "secret");
  fs.writeFileSync(path.join(root, ".env"), "secret");
  fs.symlinkSync("../secret.txt", path.join(root, "link.txt"));
  fs.writeFileSync(path.join(root, "assets/main.js"), "document.title += ' outside'; fetch('https://evil.example/').catch(() => { document.title += ' refused'; });");
  fs.writeFileSync(path.join(root, "index.html"), "<!doctype html><html><head><link rel=icon href=data:,><script>document.title = 'inside'</script></head><body><p>other</p><script type=module src=./assets/main.js></script></body></html>");

  const page = await visit(it, `${it.gateway.http}/settings/agents`);
  await until("both scripts", async () => (await page.title()) === "inside outside refused");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.openclawControlUiBasePath), "");
  const hurt = await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement("script"), { textContent: "window.hurt = 1" }));
    return window.hurt;
  });
  assert.equal(hurt, undefined, "what comes in later does not run");
  await page.context().close();

  const file = await get("/assets/main.js");
  assert.deepEqual([file.status, file.headers.get("content-type")], [200, "text/javascript; charset=utf-8"]);
  assert.equal((await get("/assets/main.js", { "if-none-match": file.headers.get("etag") })).status, 304);
  for (const place of ["/link.txt", "/.env", "/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/assets/none.js", "/v1/none"]) {
    assert.equal((await get(place, wants)).status, 404, place);
  }
  assert.equal((await get("/settings/agents")).status, 404, "programs are shown no page");
  assert.equal((await get("/control-ui-config.json")).status, 200);
  await configure({ root: null });
  await until("our own again", async () => (await (await get("/", wants)).text()).includes("id=\"app\""));
});
