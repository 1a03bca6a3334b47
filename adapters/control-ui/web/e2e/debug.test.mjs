// Looking for faults: calling methods, watching events, the facts of the connection.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { enter, house } from "./browser.mjs";
import { caller } from "./rpc.mjs";

const it = house();
const call = caller(it);

test("a method is called with a form, and with JSON", async () => {
  const page = await enter(it, "debug");
  await page.getByRole("searchbox").fill("schema.lookup");
  await page.locator(".debug-names button").click();
  await page.getByLabel("path", { exact: true }).fill("gateway.port");
  await page.getByRole("button", { name: "Call" }).click();
  const answer = page.locator(".debug-called").first();
  await answer.getByText("answered", { exact: true }).waitFor();
  assert.equal(JSON.parse(await answer.locator("pre").innerText()).schema.default, 18789);

  await page.locator(".segments label", { hasText: "JSON" }).click();
  const json = page.getByLabel("Parameters, as JSON");
  assert.deepEqual(JSON.parse(await json.inputValue()), { path: "gateway.port" }, "the form is the same as the text");
  await json.fill('{ "path": "no.such.path" }');
  await json.press("Control+Enter");
  await page.locator(".debug-called").first().getByText("refused", { exact: true }).waitFor();
  await json.fill("{");
  assert.equal(await page.getByRole("button", { name: "Call" }).isDisabled(), true);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("events are shown as they come, filtered, held and exported", async () => {
  const page = await enter(it, "debug");
  await page.locator(".segments label", { hasText: "Events" }).click();
  // Somebody else may say something before anybody looks.
  await page.getByText("Nothing was heard yet.").or(page.locator(".debug-line")).first().waitFor();
  const send = (words, key) => call("chat.send", { sessionKey: "agent:main:main", message: `FAKE_SAY:${words}; please`, idempotencyKey: key });
  await send("something to hear", "one");
  await page.getByLabel("Kind of event").selectOption("chat");
  await page.getByRole("searchbox").fill('"final" something to hear');
  const line = page.locator(".debug-line");
  await line.first().waitFor();
  assert.deepEqual(new Set(await line.locator(".badge").allInnerTexts()), new Set(["chat"]));
  await line.first().click();
  const shown = JSON.parse(await page.locator(".debug-json pre").innerText());
  assert.equal(shown.state, "final");

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("searchbox").fill("");
  const before = await line.count();
  await send("something else", "two");
  await page.getByText(/\d+ new ones?/).waitFor();
  assert.equal(await line.count(), before, "nothing new is shown while it is paused");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("searchbox").fill('"final" something else');
  await line.first().waitFor();

  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
  const lines = fs.readFileSync(await file.path(), "utf8").trimEnd().split("\n").map((it) => JSON.parse(it));
  assert.ok(lines.length > 0 && lines.every((it) => it.event === "chat" && it.payload.state === "final"));
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("the facts of the connection are there, and no secret", async () => {
  const page = await enter(it, "debug");
  await page.locator(".segments label", { hasText: "Connection" }).click();
  await page.getByText(/\d+ methods, \d+ events/).waitFor();
  await page.getByText(/ ms$/).first().waitFor();
  await page.getByText("What the gateway said at the login").click();
  const hello = JSON.parse(await page.locator(".debug-json pre").innerText());
  assert.equal(hello.protocol, 4);
  const tokens = await page.evaluate(() => Object.values(localStorage).join(" "));
  assert.ok(!hello.auth.deviceToken || !tokens.includes(hello.auth.deviceToken), "not even the token of this browser");
  await page.getByRole("button", { name: "Connect anew" }).click();
  await page.waitForFunction((before) => !document.body.innerText.includes(before), hello.server.connId);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});
