// Changing the configuration: as a form, as a text, while somebody else does, and never a secret.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { enter, house } from "./browser.mjs";

const SECRET = "a-secret-nobody-may-see";
const it = house({ config: { messages: { ackReaction: "👀" }, hooks: { enabled: true, token: SECRET } } });

const file = () => path.join(it.gateway.home, ".openclaw", "openclaw.json");
const onDisk = () => fs.readFileSync(file(), "utf8");
const configured = () => JSON.parse(onDisk());

/** Shows a setting, found by its name. */
async function find(page, text, key) {
  await page.getByRole("searchbox").fill(text);
  await page.locator(".config-found button", { has: page.getByText(key, { exact: true }) }).click();
  return page.locator(".config-row", { has: page.getByText(key, { exact: true }) });
}

async function save(page) {
  await page.getByRole("button", { name: "Review and save" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator(".config-plan li").first().waitFor();
  const plan = await dialog.innerText();
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  return plan;
}

test("a setting is found, changed, and written as it was planned", async () => {
  const page = await enter(it, "config");
  const row = await find(page, "retention days", "logging.retentionDays");
  await row.getByRole("spinbutton").fill("3");
  const plan = await save(page);
  assert.match(plan, /logging\.retentionDays/);
  assert.match(plan, /in force/, "the gateway says when it counts");
  assert.equal(configured().logging.retentionDays, 3);
  assert.equal(configured().hooks.token, SECRET, "what was not changed is what it was");

  await row.getByRole("button", { name: /Back to the default/ }).click();
  await save(page);
  assert.equal(configured().logging?.retentionDays, undefined);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a value that is not allowed is refused where it was entered", async () => {
  const page = await enter(it, "config");
  const row = await find(page, "gateway port", "gateway.port");
  await row.getByRole("spinbutton").fill("70000");
  await row.getByRole("alert").waitFor();
  assert.equal(await row.getByRole("spinbutton").getAttribute("aria-invalid"), "true");
  await page.getByRole("button", { name: "Discard changes" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard changes" }).click();
  await row.getByRole("alert").waitFor({ state: "detached" });
  assert.equal(configured().gateway?.port, undefined);
  await page.context().close();
});

test("a secret is replaced without having been shown", async () => {
  const page = await enter(it, "config");
  const row = await find(page, "hooks token", "hooks.token");
  assert.ok(!(await page.content()).includes(SECRET));
  await row.getByRole("button", { name: /Replace/ }).click();
  await row.locator("input[type=password]").fill("another-secret-nobody-sees");
  const plan = await save(page);
  assert.ok(!plan.includes("another-secret"), "not in the plan either");
  assert.equal(configured().hooks.token, "another-secret-nobody-sees");
  await page.context().close();
});

test("a text is checked line by line, and keeps comments and secrets", async () => {
  const page = await enter(it, "config");
  await page.getByText("JSON5 text").click();
  const area = page.locator("textarea.config-text");
  const before = await area.inputValue();
  assert.ok(before.includes("__OPENCLAW_REDACTED__") && !before.includes("fake-key"));

  await area.fill(before.replace("{", "{\n  gateway: { reload: { mode: 'nonsense' } },"));
  await page.locator(".config-gutter .wrong", { hasText: /^2$/ }).waitFor();
  await page.getByRole("button", { name: /gateway\.reload\.mode/ }).click();
  assert.match(await area.evaluate((it) => it.value.slice(it.selectionStart, it.selectionEnd)), /nonsense/, "the line is selected");

  await area.fill(before.replace("{", "{\n  // What is kept.\n  gateway: { reload: { mode: 'hot' } },"));
  await page.locator(".diff-new", { hasText: "What is kept." }).waitFor();
  await save(page);
  const written = onDisk();
  assert.ok(written.includes("// What is kept."));
  assert.ok(written.includes("fake-key"), "secrets are still there");
  assert.ok(!written.includes("__OPENCLAW_REDACTED__"));
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("whoever edits what somebody else changed decides what becomes of it", async () => {
  const page = await enter(it, "config");
  const row = await find(page, "retention days", "logging.retentionDays");
  await row.getByRole("spinbutton").fill("5");
  fs.writeFileSync(file(), onDisk().replace('"👀"', '"👍"'));
  await page.getByRole("alert").filter({ hasText: "changed elsewhere" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Review and save" }).isDisabled(), true);
  await page.getByRole("button", { name: "Apply my changes to the new file" }).click();
  await save(page);
  assert.ok(onDisk().includes('"👍"'), "what the other one wrote is still there");
  assert.match(onDisk(), /retentionDays["']?: 5/);
  await page.context().close();
});
