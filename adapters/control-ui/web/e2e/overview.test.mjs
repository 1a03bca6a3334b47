// How things are, and what was used.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { test } from "node:test";

import { enter, house, until } from "./browser.mjs";
import { caller } from "./rpc.mjs";

const it = house();
const call = caller(it);

const tile = (page, name) => page.locator(".tile").filter({ hasText: name }).locator(".tile-value");

test("a gateway that works is said to work, part by part", async () => {
  const page = await enter(it, "overview");
  await page.getByRole("heading", { name: "Everything works" }).waitFor();
  const parts = page.getByRole("region", { name: "Parts of the gateway" });
  for (const part of ["store", "config", "log"]) await parts.getByRole("listitem").filter({ hasText: part }).getByText("works", { exact: true }).waitFor();
  const { version } = await call("system.info", {});
  await page.getByRole("region", { name: "Condition" }).getByText(version, { exact: true }).waitFor();
  await page.getByRole("region", { name: "Connected" }).getByText("This browser").waitFor();
  await page.getByRole("region", { name: "Models" }).getByText("Sixteen at once").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a run is counted while it runs, and its events are heard", async () => {
  const page = await enter(it, "overview");
  await until("nothing to run", async () => (await tile(page, "Active runs").innerText()) === "0");
  const { runId } = await call("chat.send", { sessionKey: "agent:main:main", message: "FAKE_TOKENS:4000;FAKE_DELAY:5; go", idempotencyKey: "overview" });
  await until("the run", async () => (await tile(page, "Active runs").innerText()) === "1");
  const rate = page.locator(".chart").filter({ hasText: "Events per second" }).locator(".chart-value");
  await until("events", async () => Number(await rate.innerText()) > 0);
  await page.getByRole("region", { name: "Used last" }).getByText("Running").waitFor();
  await call("sessions.abort", { key: "agent:main:main", runId });
  await until("its end", async () => (await tile(page, "Active runs").innerText()) === "0");
  await page.context().close();
});

test("a tile leads to the page that knows more", async () => {
  const page = await enter(it, "overview");
  await page.locator(".tile").filter({ hasText: "Active runs" }).click();
  await page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  assert.equal(await page.getByRole("combobox", { name: "State" }).inputValue(), "running");
  await page.context().close();
});

test("what was used is added up in money and tokens, and can be taken along", async () => {
  const say = async (sessionKey, idempotencyKey) => {
    const { runId } = await call("chat.send", { sessionKey, message: "FAKE_TOKENS:30; go", idempotencyKey });
    await call("agent.wait", { runId, timeoutMs: 15_000 });
  };
  await say("agent:main:usage", "usage");
  await say("agent:main:unpriced", "unpriced-before");
  await call("sessions.patch", { key: "agent:main:unpriced", model: "fake/fake-200-20" });
  await say("agent:main:unpriced", "unpriced");
  const page = await enter(it, "usage");
  const { totals, aggregates } = await call("sessions.usage", { agentScope: "all" });
  assert.equal(totals.missingCostEntries, 1);
  const money = (value) => new RegExp(`\\$${value.toFixed(value < 1 ? 4 : 2).replace(/(\.\d\d\d?)0+$/, "$1")}$`);
  await page.locator(".tile").filter({ hasText: "Cost" }).getByText(money(totals.totalCost)).waitFor();
  await page.locator(".tile").filter({ hasText: "Tokens written" }).locator(`[title="${totals.output.toLocaleString("en")}"]`).waitFor();
  const byModel = page.getByRole("table", { name: "By model" });
  await byModel.getByText("fake/fake-16-0").waitFor();
  assert.equal(await byModel.getByText("fake/fake-200-20").count(), 0, "what it cost is not known");
  const missing = page.getByRole("note");
  await missing.getByText("Answers whose price is not known").waitFor();
  await missing.getByText("fake/fake-200-20").waitFor();
  const day = page.getByRole("table", { name: "By day" });
  assert.match((await day.innerText()).trim(), money(aggregates.costDaily.at(-1).totalCost));

  await page.locator("label").filter({ hasText: /^Tokens$/ }).click();
  await byModel.getByText("fake/fake-200-20").waitFor();
  await page.locator("label").filter({ hasText: /^Today$/ }).click();
  await byModel.getByText("fake/fake-16-0").waitFor();

  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export as CSV" }).click()]);
  const table = await fs.readFile(await file.path(), "utf8");
  assert.match(table, /^key,label,/);
  assert.match(table, /\nagent:main:usage,/);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("it knows the new process after a restart", async () => {
  const page = await enter(it, "overview");
  const process = page.getByRole("region", { name: "Condition" });
  await process.getByText(String(it.gateway.process.pid)).waitFor();
  await it.gateway.kill("SIGKILL");
  await page.locator(".away").waitFor();
  await it.gateway.start();
  await process.getByText(String(it.gateway.process.pid)).waitFor();
  await page.getByRole("heading", { name: "Everything works" }).waitFor();
  await page.context().close();
});
