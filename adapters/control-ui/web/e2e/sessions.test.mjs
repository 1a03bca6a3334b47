// All sessions: found, set up, compacted, started over, and deleted in a way that can be taken back.
import assert from "node:assert/strict";
import { test } from "node:test";

import { enter, house, until } from "./browser.mjs";
import { caller } from "./rpc.mjs";

const it = house();
const call = caller(it);

const row = (page, name) => page.locator(".table-body .table-row").filter({ hasText: name });
const described = async (key) => (await call("sessions.describe", { key })).session;

/** A session with something said in it. */
async function session(label, ...messages) {
  const { key } = await call("sessions.create", { label });
  for (const [index, message] of messages.entries()) {
    const { runId } = await call("chat.send", { sessionKey: key, message, idempotencyKey: `${key}-${index}` });
    const { status } = await call("agent.wait", { runId, timeoutMs: 15_000 });
    assert.equal(status, "ok");
  }
  return key;
}

test("sessions are found, and ordered by what they used", async () => {
  await session("Garden fence", "FAKE_SAY:a; one");
  await session("Night train", "FAKE_TOKENS:40; two");
  const page = await enter(it, "sessions");
  await row(page, "Garden fence").waitFor();
  await page.getByRole("button", { name: "Tokens" }).click();
  await page.getByRole("button", { name: "Tokens" }).click();
  const first = page.locator(".table-body .table-row").first();
  await first.filter({ hasText: "Night train" }).waitFor();
  await page.getByRole("searchbox").fill("GARDEN");
  await row(page, "Night train").waitFor({ state: "detached" });
  await row(page, "Garden fence").waitFor();
  await page.getByText(/^1 of \d+ sessions/).waitFor();
  await page.getByRole("searchbox").fill("nobody said this");
  await page.getByText("No session matches.").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("what others change is seen while it happens", async () => {
  const key = await session("Before");
  const page = await enter(it, "sessions");
  await row(page, "Before").waitFor();
  await call("sessions.patch", { key, label: "Afterwards" });
  await row(page, "Afterwards").waitFor();
  const { runId } = await call("chat.send", { sessionKey: key, message: "FAKE_TOKENS:2000;FAKE_DELAY:5; go", idempotencyKey: "slow" });
  await row(page, "Afterwards").getByText("Running").waitFor();
  await call("sessions.abort", { key, runId });
  await row(page, "Afterwards").getByText("Stopped early").waitFor();
  await page.context().close();
});

test("a session is set up, and only what was changed is sent", async () => {
  const key = await session("To be set up");
  await call("sessions.patch", { key, verboseLevel: "full" });
  const page = await enter(it, "sessions");
  await page.getByRole("button", { name: "Settings of To be set up" }).click();
  const dialog = page.getByRole("dialog");
  const save = dialog.getByRole("button", { name: "Save" }).last();
  assert.equal(await save.isDisabled(), true);
  await dialog.getByLabel("Name", { exact: true }).fill("Set up");
  await dialog.getByLabel("Thinks", { exact: true }).selectOption({ label: "Long" });
  await dialog.getByLabel("Model", { exact: true }).selectOption({ label: "Two hundred, slowly" });
  // Somebody else changes something meanwhile; that stays.
  await call("sessions.patch", { key, verboseLevel: "on" });
  await save.click();
  await page.getByText("Saved", { exact: true }).waitFor();
  const { label, thinkingLevel, modelOverride, verboseLevel } = await described(key);
  assert.deepEqual({ label, thinkingLevel, modelOverride, verboseLevel }, { label: "Set up", thinkingLevel: "high", modelOverride: "fake-200-20", verboseLevel: "on" });
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await row(page, "Set up").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a name that is taken is refused in words, and nothing is lost", async () => {
  await session("Taken");
  await session("Free");
  const page = await enter(it, "sessions");
  await page.getByRole("button", { name: "Settings of Free" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Taken");
  await dialog.getByLabel("Name", { exact: true }).press("Enter");
  await dialog.getByRole("alert").filter({ hasText: "already in use" }).waitFor();
  assert.equal(await dialog.getByLabel("Name", { exact: true }).inputValue(), "Taken");
  await page.context().close();
});

test("a session is compacted, and started over", async () => {
  const key = await session("Long talk", "FAKE_SAY:1; a", "FAKE_SAY:2; b", "FAKE_SAY:3; c");
  const page = await enter(it, "sessions");
  await page.getByRole("button", { name: "Settings of Long talk" }).click();
  const dialog = page.getByRole("dialog", { name: "Long talk" });
  await dialog.getByText("FAKE_SAY:3; c").waitFor();
  await dialog.getByRole("button", { name: "Compact" }).click();
  const asked = page.getByRole("dialog", { name: "Compact" });
  await asked.getByLabel("Entries that stay").fill("0");
  await asked.getByText("A whole number").waitFor();
  await asked.getByLabel("Entries that stay").fill("2");
  await asked.getByRole("button", { name: "Compact" }).click();
  await page.getByText("Compacted: 2 entries stay.").waitFor();
  const { messages } = await call("chat.history", { sessionKey: key });
  assert.ok(messages.length <= 3, `${messages.length} messages are left`);

  await dialog.getByRole("button", { name: "Start over" }).click();
  await page.getByRole("dialog", { name: "Start over" }).getByRole("button", { name: "Start over" }).click();
  await page.getByText("The session begins anew.").waitFor();
  assert.equal((await described(key)).inputTokens, 0);
  assert.equal((await described(key)).label, "Long talk");
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("what is deleted can be taken back for a while, and is then gone", async () => {
  const key = await session("Short-lived");
  const page = await enter(it, "sessions");
  await page.clock.install();
  await page.getByRole("button", { name: "Delete Short-lived" }).click();
  await row(page, "Short-lived").waitFor({ state: "detached" });
  assert.ok(await described(key), "the gateway does not know yet");
  await page.getByRole("button", { name: "Undo" }).click();
  await row(page, "Short-lived").waitFor();

  await page.getByRole("button", { name: "Delete Short-lived" }).click();
  await row(page, "Short-lived").waitFor({ state: "detached" });
  await page.clock.fastForward(11_000);
  await until("the session to be gone", async () => (await described(key)) === null);
  assert.equal(await page.getByRole("button", { name: "Undo" }).count(), 0);
  await page.context().close();
});

test("what was deleted when the browser was closed is gone when it comes back, unless somebody used it", async () => {
  const key = await session("Left behind");
  const used = await session("Used again");
  const page = await enter(it, "sessions");
  await row(page, "Used again").waitFor();
  // The page is not asked before it goes: nothing it would do then counts.
  await page.evaluate((list) => localStorage.setItem("openclaw.deletions", JSON.stringify({ until: Date.now() - 1, sessions: list })), [
    [key, (await described(key)).updatedAt],
    [used, (await described(used)).updatedAt - 1],
  ]);
  await page.reload();
  await row(page, "Left behind").waitFor({ state: "detached" });
  await until("the session to be gone", async () => (await described(key)) === null);
  assert.ok(await described(used));
  assert.equal(await page.evaluate(() => localStorage.getItem("openclaw.deletions")), null);
  await page.context().close();
});

test("several are deleted together, but never the main one", async () => {
  await call("sessions.patch", { key: "agent:main:main", label: "Main one" });
  const keys = [await session("Batch one"), await session("Batch two")];
  const page = await enter(it, "sessions");
  await page.clock.install();
  await page.getByRole("searchbox").fill("batch");
  await page.getByRole("checkbox", { name: "Choose all that are shown" }).check();
  await page.getByText("2 chosen").waitFor();
  await page.getByRole("group", { name: "2 chosen" }).getByRole("button", { name: "Delete" }).click();
  await page.getByText("2 sessions deleted").waitFor();
  await page.getByRole("searchbox").fill("main one");
  await row(page, "Main one").waitFor();
  assert.equal(await row(page, "Main one").getByRole("checkbox").count(), 0);
  await page.clock.fastForward(11_000);
  await until("both to be gone", async () => (await Promise.all(keys.map(described))).every((it) => it === null));
  await page.context().close();
});

test("five thousand sessions exist only where somebody looks", async () => {
  for (let part = 0; part < 50; part += 1) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => call("sessions.create", { label: `Many ${part * 100 + index}` })));
  }
  const page = await enter(it, "sessions");
  await page.getByText(/^5,\d{3} sessions/).waitFor();
  const rows = page.locator(".table-body .table-row");
  assert.ok((await rows.count()) < 60, `${await rows.count()} rows exist`);
  await page.getByRole("searchbox").fill("many 4321");
  await row(page, "Many 4321").waitFor();
  // Made-up keys may have the same digits in them.
  await until("the others to go", async () => (await rows.count()) < 10);
  await page.getByRole("searchbox").fill("");
  await page.getByRole("table").evaluate((table) => table.scrollTo(0, table.scrollHeight));
  await row(page, "Garden fence").waitFor();
  assert.ok((await rows.count()) < 60);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});
