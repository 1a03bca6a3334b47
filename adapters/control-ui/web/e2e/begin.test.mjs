// Coming in: from an empty home to an answer, and everything that can stand in between.
import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";

import { answers, enter, house, say, until, visit } from "./browser.mjs";

const it = house();

test("a new user gets from an empty home to an answer", async () => {
  const page = await visit(it, await it.link());
  await page.locator("textarea").waitFor();
  assert.equal(page.url(), `${it.gateway.http}/chat`, "what the link brought along is gone from the address");
  await say(page, "FAKE_SAY:Good morning, world!; please");
  await answers(page).filter({ hasText: "Good morning, world!" }).waitFor();
  assert.deepEqual(page.complaints, []);

  await page.reload();
  await answers(page).filter({ hasText: "Good morning, world!" }).waitFor();
  await page.context().close();
});

test("a link lets one browser in, and no other", async () => {
  const link = await it.link();
  const first = await visit(it, link);
  await first.locator(".frame").waitFor();
  const second = await visit(it, link);
  await second.locator("[data-phase=secret]").waitFor();
  await Promise.all([first, second].map((page) => page.context().close()));
});

test("a browser with the token waits until somebody lets it in", async () => {
  const page = await visit(it, `${it.gateway.http}/#token=${it.gateway.token}`);
  const command = await page.locator("[data-phase=pairing] .command code").innerText();
  assert.equal(page.url(), `${it.gateway.http}/`, "the token is gone from the address");
  const [program, ...words] = command.split(" ");
  assert.deepEqual([program, words[0], words[1]], ["openclaw", "devices", "approve"]);
  await it.openclaw(...words);
  await page.locator(".frame").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a wrong token is refused, and the right one can be entered", async () => {
  const page = await visit(it, it.gateway.http);
  await page.getByLabel("Token").fill("not-the-token");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").filter({ hasText: "not this gateway" }).waitFor();
  await page.getByLabel("Token").fill(it.gateway.token);
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("[data-phase=pairing]").waitFor();
  await page.context().close();
});

test("an address cannot send this page to another gateway (CAN-031)", async () => {
  let calls = 0;
  const sink = net.createServer((socket) => {
    calls += 1;
    socket.destroy();
  });
  await new Promise((done) => sink.listen(0, "127.0.0.1", done));
  const there = `ws://user:pass@127.0.0.1:${sink.address().port}`;
  const page = await enter(it);
  for (const address of [`/?gatewayUrl=${there}`, `/chat?gateway=${there}&gatewayUrl=${there}`, `/#gatewayUrl=${there}`]) {
    await page.goto(it.gateway.http + address);
    await page.reload();
    await page.locator(".side-foot[data-connected=true]").waitFor();
    assert.doesNotMatch(page.url(), /gateway/i, address);
  }
  assert.equal(calls, 0);
  assert.deepEqual(page.complaints, []);
  sink.close();
  await page.context().close();
});

test("what this browser keeps is no secret of the gateway's", async () => {
  const page = await enter(it);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!kept.includes(it.gateway.token));
  const extractable = await page.evaluate(() => new Promise((done) => {
    const request = indexedDB.open("openclaw-control-ui", 1);
    request.onsuccess = () => {
      const keys = request.result.transaction("keys").objectStore("keys").get("device");
      keys.onsuccess = () => done(keys.result.privateKey.extractable);
    };
  }));
  assert.equal(extractable, false);
  await page.context().close();
});

test("signing out forgets this browser", async () => {
  const page = await enter(it, "settings");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await page.locator("[data-phase=secret]").waitFor();
  await page.context().close();
});

test("the page comes back by itself when the gateway does, and misses nothing", async () => {
  const page = await enter(it);
  await say(page, "FAKE_SAY:before; x");
  await answers(page).filter({ hasText: "before" }).waitFor();
  await it.gateway.kill("SIGKILL");
  await page.locator(".away").waitFor();
  await it.gateway.start();
  await page.locator(".side-foot[data-connected=true]").waitFor();
  await page.locator(".away").waitFor({ state: "detached" });
  await say(page, "FAKE_SAY:after; y");
  await answers(page).filter({ hasText: "after" }).waitFor();
  const said = await until("both answers", async () => {
    const texts = await answers(page).allInnerTexts();
    return texts.some((text) => text.includes("before")) && texts.filter((text) => text.includes("after")).length === 1;
  });
  assert.ok(said);
  await page.context().close();
});
