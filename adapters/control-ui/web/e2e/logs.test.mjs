// The log: followed, paused, searched and taken along.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { test } from "node:test";

import { enter, house, until } from "./browser.mjs";
import { rpc } from "./rpc.mjs";

const it = house({ config: { logging: { level: "debug" } } });
const lines = (page) => page.locator(".log");

/** Makes the gateway say that somebody was let in, and returns how often it did so far. */
async function letSomebodyIn() {
  const client = await rpc(it.gateway);
  const { lines: all } = await client.call("logs.tail", { limit: 5000 });
  client.close();
  return all.filter((line) => line.includes('"let in')).length;
}

const shown = async (page) => Number((await page.locator(".logs-sum span").first().innerText()).replace(/\D.*$/s, ""));

test("new lines come by themselves, unless it is paused", async () => {
  const page = await enter(it, "logs");
  await page.getByRole("searchbox").fill('"let in');
  await lines(page).first().waitFor();
  const seen = await letSomebodyIn();
  await until("the new line", async () => (await shown(page)) >= seen);
  await page.getByRole("button", { name: "Pause" }).click();
  const before = await shown(page);
  await letSomebodyIn();
  const newest = await letSomebodyIn();
  assert.equal(await shown(page), before);
  await page.getByRole("button", { name: "Resume" }).click();
  await until("what was missed", async () => (await shown(page)) >= newest);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("lines are filtered by level, part and words, and what was searched for stands out", async () => {
  const page = await enter(it, "logs");
  await lines(page).first().waitFor();
  await page.getByRole("searchbox").fill("handshake");
  await page.locator(".log mark").first().waitFor();
  for (const text of await page.locator(".log mark").allInnerTexts()) assert.equal(text.toLowerCase(), "handshake");
  await page.getByRole("button", { name: "debug", exact: true }).click();
  await page.getByText("No line matches.").waitFor();
  await page.getByRole("button", { name: "debug", exact: true }).click();
  await page.getByRole("combobox", { name: "Part" }).selectOption("ws-server");
  await lines(page).first().waitFor();
  for (const part of await page.locator(".log-part").allInnerTexts()) assert.match(part, /^ws-server/);
  await page.context().close();
});

test("a line shows everything it holds, and can be copied", async () => {
  const page = await enter(it, "logs");
  await page.getByRole("searchbox").fill('"let in');
  await lines(page).last().getByRole("button").click();
  const more = page.locator(".log-more");
  await more.getByText("connection", { exact: true }).waitFor();
  assert.match(await more.locator("code").innerText(), /^\{.*"message":"let in".*\}$/);
  await page.context().close();
});

test("what is shown can be taken along", async () => {
  const page = await enter(it, "logs");
  await page.getByRole("searchbox").fill("handshake");
  await page.locator(".log mark").first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const count = await shown(page);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export what is shown" }).click()]);
  const text = (await fs.readFile(await file.path(), "utf8")).trimEnd().split("\n");
  assert.equal(text.length, count);
  for (const line of text) assert.match(JSON.parse(line).subsystem, /handshake/);
  await page.context().close();
});

test("it goes on after a restart of the gateway", async () => {
  const page = await enter(it, "logs");
  await lines(page).first().waitFor();
  await it.gateway.kill("SIGKILL");
  await page.locator(".away").waitFor();
  await it.gateway.start();
  await page.locator(".away").waitFor({ state: "detached" });
  await page.getByRole("searchbox").fill('"let in');
  const newest = await letSomebodyIn();
  await until("lines of the new process", async () => (await shown(page)) >= newest);
  await page.context().close();
});
