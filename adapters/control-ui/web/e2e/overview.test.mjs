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

test("what was used is added up by agent and model, and can be taken along", async () => {
  const { runId } = await call("chat.send", { sessionKey: "agent:main:usage", message: "FAKE_TOKENS:30; go", idempotencyKey: "usage" });
  await call("agent.wait", { runId, timeoutMs: 15_000 });
  const page = await enter(it, "usage");
  await page.getByRole("table", { name: "By model that answered last" }).getByText("fake/fake-16-0").waitFor();
  const { sessions } = await call("sessions.list", {});
  const written = sessions.reduce((sum, row) => sum + row.outputTokens, 0);
  await page.locator(".tile").filter({ hasText: "Tokens written" }).locator(`[title="${written.toLocaleString("en")}"]`).waitFor();
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
