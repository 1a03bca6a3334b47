// What the gateway hands out, how much it is, and how fast a page is there.
import assert from "node:assert/strict";
import { test } from "node:test";

import { enter, house, say, until } from "./browser.mjs";

const it = house({ config: { gateway: { controlUi: { basePath: "/claw" } } } });

test("under a path of its own, everything is there and nothing else", async () => {
  const page = await enter(it);
  assert.equal(page.url(), `${it.gateway.http}/claw/chat`);
  await page.getByRole("link", { name: "Settings" }).click();
  await page.locator(".settings").waitFor();
  assert.equal(page.url(), `${it.gateway.http}/claw/settings`);
  await page.goBack();
  await page.locator("textarea").waitFor();
  assert.deepEqual(page.complaints, []);

  const get = (path, headers = {}) => fetch(it.gateway.http + path, { redirect: "manual", headers });
  const moved = await get("/claw");
  assert.deepEqual([moved.status, moved.headers.get("location")], [302, "/claw/"]);
  for (const path of ["/", "/chat", "/assets/nope.js", "/v1/nope"]) {
    assert.equal((await get(path, { accept: "text/html" })).status, 404, path);
  }
  assert.equal((await get("/claw/anything", { accept: "text/html" })).status, 200);
  assert.equal((await get("/claw/anything", { accept: "application/json" })).status, 404);
  assert.equal((await fetch(`${it.gateway.http}/claw/`, { method: "POST" })).status, 405);
  const known = await (await get("/claw/control-ui-config.json")).json();
  assert.deepEqual([known.basePath, known.assistantAgentId, typeof known.serverVersion], ["/claw", "main", "string"]);
  await page.context().close();
});

test("files are packed, kept for ever under their names, and asked for again otherwise", async () => {
  const index = await fetch(`${it.gateway.http}/claw/`, { headers: { "accept-encoding": "br" } });
  assert.equal(index.headers.get("content-encoding"), "br");
  assert.equal(index.headers.get("vary"), "accept-encoding");
  assert.equal(index.headers.get("cache-control"), "no-cache");
  const again = await fetch(`${it.gateway.http}/claw/`, { headers: { "if-none-match": index.headers.get("etag") } });
  assert.equal(again.status, 304);
  const [, script] = /src="\.\/(assets\/[^"]+)"/.exec(await index.text());
  const file = await fetch(`${it.gateway.http}/claw/${script}`, { headers: { "accept-encoding": "gzip" } });
  assert.equal(file.headers.get("content-encoding"), "gzip");
  assert.match(file.headers.get("cache-control"), /immutable/);
  const policy = index.headers.get("content-security-policy");
  assert.match(policy, /script-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|\*/);
});

test("a first visit loads no more than 200 KiB", async () => {
  // Behind a worker, browsers count what was unpacked.
  const page = await enter(it, "chat", { serviceWorkers: "block" });
  await page.locator("textarea").waitFor();
  const bytes = await page.evaluate(() => {
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  });
  assert.ok(bytes > 20_000 && bytes <= 200 * 1024, `${bytes} bytes`);
  console.log(`# a first visit loads ${Math.round(bytes / 1024)} KiB`);
  await page.context().close();
});

test("ten thousand messages exist only where somebody looks", async () => {
  const page = await enter(it);
  await page.routeWebSocket(/.*/, (socket) => {
    const gateway = socket.connectToServer();
    const asked = new Map();
    socket.onMessage((text) => {
      const frame = JSON.parse(text);
      if (frame.method === "chat.history") asked.set(frame.id, frame.params);
      gateway.send(text);
    });
    gateway.onMessage((text) => {
      const frame = JSON.parse(text);
      const params = asked.get(frame.id);
      if (params) {
        const end = 10_000 - (params.offset ?? 0);
        const from = Math.max(0, end - params.limit);
        const messages = Array.from({ length: end - from }, (_, index) => ({
          role: (from + index) % 2 ? "assistant" : "user",
          content: [{ type: "text", text: `message ${from + index}\n\n${"words ".repeat((from + index) % 90)}` }],
          timestamp: 1_700_000_000_000 + from + index,
          __openclaw: { id: `m${from + index}`, seq: from + index + 1 },
        }));
        Object.assign(frame.payload, { messages, hasMore: from > 0, totalMessages: 10_000 });
        text = JSON.stringify(frame);
      }
      socket.send(text);
    });
  });
  await page.reload();
  await page.getByText("message 9999").waitFor();
  await page.locator(".messages-list").hover();
  await until("the oldest message", async () => {
    await page.locator(".messages-list").evaluate((list) => list.scrollTo({ top: 0 }));
    return page.getByText("message 0", { exact: true }).isVisible();
  }, 60_000);
  const rows = await page.locator(".messages .virtual-row").count();
  assert.ok(rows > 3 && rows < 60, `${rows} rows`);
  assert.equal(await page.locator(".messages .virtual-row").first().getAttribute("aria-setsize"), "10000");
  await page.getByRole("button", { name: "To the newest message" }).click();
  await page.getByText("message 9999").waitFor();
  await page.context().close();
});

test("at two hundred pieces a second the page still answers", async () => {
  const page = await enter(it);
  await page.evaluate(() => {
    globalThis.longest = 0;
    let last = performance.now();
    const look = (now) => {
      globalThis.longest = Math.max(globalThis.longest, now - last);
      globalThis.drawn = (globalThis.drawn ?? 0) + 1;
      last = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await say(page, "FAKE_TOKENS:600;FAKE_DELAY:5; go");
  await page.locator(".said.them:not(.coming)").filter({ hasText: "hotel599" }).waitFor({ timeout: 60_000 });
  const { frames, longest } = await page.evaluate(() => ({ frames: globalThis.drawn, longest: globalThis.longest }));
  // No time is asserted: the machine may be busy. That there were frames at all says that nothing blocked.
  assert.ok(frames > 20, `${frames} frames`);
  console.log(`# ${frames} frames while 600 pieces came, the longest ${Math.round(longest)} ms`);
  await page.context().close();
});
