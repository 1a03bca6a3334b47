// Consent for commands: live, by keyboard, for good, and as a policy.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { enter, house } from "./browser.mjs";
import { caller } from "./rpc.mjs";

const it = house();
const call = caller(it);

/** Asks for consent; the answer comes when somebody decided. */
const ask = (command, more = {}) => call("exec.approval.request", { command, host: "gateway", sessionKey: "agent:main:main", timeoutMs: 120_000, ...more });

/** Waits until a question has been in sight for long enough for a key to decide about it. */
async function isReady(page) {
  const seen = await page.evaluate(() => performance.now());
  await page.waitForFunction((from) => performance.now() - from > 1_000, seen);
}

test("what waits appears by itself, and keys decide about it", async () => {
  const page = await enter(it, "approvals");
  await page.getByText("No command waits for consent.").waitFor();
  const first = ask("echo first");
  const command = page.locator(".approvals-command");
  await command.filter({ hasText: "echo first" }).waitFor();
  const second = ask("echo second");
  await page.locator(".nav-badge", { hasText: "2" }).waitFor();

  await page.keyboard.press("j");
  await command.filter({ hasText: "echo second" }).waitFor();
  await page.keyboard.press("d");
  assert.equal((await second).decision, "deny");
  await command.filter({ hasText: "echo first" }).waitFor();
  await isReady(page);
  await page.keyboard.press("a");
  assert.equal((await first).decision, "allow-once");
  await page.getByText("No command waits for consent.").waitFor();

  await page.getByText("History", { exact: true }).click();
  const past = page.locator(".approvals-past > li");
  await past.filter({ hasText: "echo second" }).getByText("denied", { exact: true }).waitFor();
  await past.filter({ hasText: "echo first" }).getByText("allowed", { exact: true }).waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a key does not decide about what came in the place of something else", async () => {
  const page = await enter(it, "approvals");
  const first = ask("echo one");
  const command = page.locator(".approvals-command");
  await command.filter({ hasText: "echo one" }).waitFor();
  const second = ask("rm -rf everything");
  await page.locator(".nav-badge", { hasText: "2" }).waitFor();
  const [one] = await call("exec.approval.list", {});
  // Somebody else decides about the first one, and the key comes in the same moment.
  await page.evaluate(() => {
    const seen = new MutationObserver(() => {
      if (!document.querySelector(".approvals-command")?.textContent.includes("everything")) return;
      seen.disconnect();
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
    });
    seen.observe(document.querySelector("#content"), { childList: true, subtree: true, characterData: true });
  });
  await call("exec.approval.resolve", { id: one.id, decision: "deny" });
  await first;
  await command.filter({ hasText: "everything" }).waitFor();
  const left = await call("exec.approval.list", {});
  assert.deepEqual(left.map((it) => it.request.command), ["rm -rf everything"], "it still waits");
  await page.getByRole("button", { name: "Deny" }).click();
  assert.equal((await second).decision, "deny");
  await page.context().close();
});

test("consent for good is listed, holds, and can be taken back", async () => {
  const page = await enter(it, "approvals");
  const plan = { argv: ["/bin/true"], resolvedPath: "/bin/true", bindingHash: "ab".repeat(32) };
  const asked = ask("true", { systemRunPlan: plan, host: "node" });
  await page.locator(".approvals-command").waitFor();
  await isReady(page);
  await page.keyboard.press("Shift+A");
  assert.equal((await asked).decision, "allow-always");
  await page.getByText("Granted", { exact: true }).click();
  const grant = page.locator(".approvals-grant");
  await grant.filter({ hasText: "/bin/true" }).waitFor();
  await grant.getByRole("button", { name: "Take back" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
  await page.getByText("Nothing was allowed for good.").waitFor();
  assert.deepEqual((await call("exec.approval.grants.list", {})).grants, []);
  await page.context().close();
});

test("the policy of a machine is written as it was set", async () => {
  const page = await enter(it, "approvals");
  await page.locator(".segments label", { hasText: "Policy" }).click();
  await page.getByLabel("For", { exact: true }).selectOption("main");
  await page.getByLabel("What may run").selectOption("allowlist");
  await page.getByLabel("Add a program").fill("/usr/bin/git");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The policy is saved.").waitFor();
  const written = JSON.parse(fs.readFileSync(path.join(it.gateway.home, ".openclaw", "exec-approvals.json"), "utf8"));
  assert.equal(written.agents.main.security, "allowlist");
  assert.deepEqual(written.agents.main.allowlist.map((it) => it.pattern), ["/usr/bin/git"]);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});
