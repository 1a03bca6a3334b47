// Those who answer: seen, made, changed and taken away.
import assert from "node:assert/strict";
import { test } from "node:test";

import { enter, house, until } from "./browser.mjs";
import { caller } from "./rpc.mjs";

const it = house();
const call = caller(it);

const card = (page, id) => page.locator(".agent").filter({ has: page.locator(`.agent-name code:text-is("${id}")`) });
const listed = async (id) => (await call("agents.list", {})).agents.find((agent) => agent.id === id);

async function act(page, id, what) {
  await card(page, id).getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: what }).click();
}

test("an agent is made, and the one that was there stays", async () => {
  const page = await enter(it, "agents");
  await card(page, "main").waitFor();
  await page.getByRole("button", { name: "New agent" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("main");
  await dialog.getByText("There is an agent main already.").waitFor();
  await dialog.getByLabel("Name", { exact: true }).fill("Night Watch");
  await dialog.getByText("In keys: night-watch").waitFor();
  await dialog.getByLabel("Model", { exact: true }).selectOption({ label: "Two hundred, slowly" });
  await dialog.getByLabel("Instructions", { exact: true }).fill("Be brief.");
  await dialog.getByRole("button", { name: "Save" }).last().click();
  await card(page, "night-watch").getByText("fake/fake-200-20").waitFor();
  await card(page, "main").getByText("Default").waitFor();
  const made = await listed("night-watch");
  assert.equal(made.identity.name, "Night Watch");
  assert.equal((await call("agents.list", {})).defaultId, "main");
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("an agent is changed, and answers by its new name", async () => {
  const page = await enter(it, "agents");
  await act(page, "night-watch", "Edit");
  const dialog = page.getByRole("dialog", { name: "Edit Night Watch" });
  assert.equal(await dialog.getByLabel("Instructions", { exact: true }).inputValue(), "Be brief.");
  await dialog.getByLabel("Name", { exact: true }).fill("Dawn");
  await dialog.getByLabel("Model", { exact: true }).selectOption({ label: "The default of all agents" });
  await dialog.getByRole("button", { name: "Save" }).last().click();
  await card(page, "night-watch").getByRole("heading", { name: "Dawn" }).waitFor();
  await until("the default model", async () => (await listed("night-watch")).model?.primary === "fake/fake-16-0");
  await card(page, "night-watch").getByRole("button", { name: "Open chat" }).click();
  await page.locator("textarea").waitFor();
  assert.match(page.url(), /session=agent:night-watch:main/);
  await page.context().close();
});

test("its sessions are one click away", async () => {
  await call("sessions.create", { agentId: "night-watch", label: "Rounds" });
  await call("sessions.create", { agentId: "main", label: "Elsewhere" });
  const page = await enter(it, "agents");
  await card(page, "night-watch").getByRole("link", { name: /sessions?$/ }).click();
  await page.locator(".table-body .table-row").filter({ hasText: "Rounds" }).waitFor();
  assert.equal(await page.locator(".table-body .table-row").filter({ hasText: "Elsewhere" }).count(), 0);
  await page.context().close();
});

test("an agent is taken away after a question, and not the one that answers by default", async () => {
  const page = await enter(it, "agents");
  await card(page, "main").getByRole("button", { name: /^Actions for/ }).click();
  assert.equal(await page.getByRole("menuitem", { name: "Remove" }).isDisabled(), true);
  await page.keyboard.press("Escape");
  await act(page, "night-watch", "Remove");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await card(page, "night-watch").waitFor({ state: "detached" });
  assert.equal(await listed("night-watch"), undefined);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});
