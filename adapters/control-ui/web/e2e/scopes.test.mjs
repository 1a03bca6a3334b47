// A browser that may less than it asks for: it goes on with that, says what it lacks, and asks for more.
import assert from "node:assert/strict";
import { test } from "node:test";

import { problems } from "./axe.mjs";
import { answers, house, say, visit } from "./browser.mjs";
import { caller } from "./rpc.mjs";

const it = house();
const call = caller(it);

/** A page of a browser that was allowed to read, and nothing else. */
async function reader() {
  const page = await visit(it, `${it.gateway.http}/chat#token=${it.gateway.token}`);
  await page.getByRole("heading", { name: "Somebody has to let this browser in" }).waitFor();
  const { pending: [{ requestId, deviceId }] } = await call("device.pair.list", {});
  await call("device.pair.approve", { requestId });
  await page.locator(".frame").waitFor();
  await call("device.token.rotate", { deviceId, role: "operator", scopes: ["operator.read"] });
  await page.locator("[data-phase=pairing]").getByRole("heading", { name: "This browser asks to be allowed more" }).waitFor();
  assert.deepEqual(await problems(page), []);
  await page.getByRole("button", { name: "Go on with read" }).click();
  await page.locator(".frame").waitFor();
  return page;
}

/** The words of the command an operator is asked to type. */
async function command(page) {
  const [program, ...words] = (await page.getByRole("dialog").locator(".command code").innerText()).split(" ");
  assert.deepEqual([program, words[0], words[1]], ["openclaw", "devices", "approve"]);
  return words;
}

test("it goes on with what it may, asks for what it lacks, and gets it", async () => {
  const page = await reader();
  await page.getByText("This browser may read here, and not write.").waitFor();
  assert.equal(await page.locator("textarea").count(), 0);
  await page.getByRole("button", { name: "Ask for it" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("it lacks write.").waitFor();
  await dialog.getByRole("button", { name: "Ask for it" }).click();
  const words = await command(page);
  assert.deepEqual(await problems(page), []);
  await dialog.getByText("Waiting for somebody to decide. You can go on meanwhile.").waitFor();
  // It goes on meanwhile, and shows the same request when it is asked again.
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Ask for it" }).click();
  assert.deepEqual(await command(page), words);
  await it.openclaw(...words);
  await page.locator("textarea").waitFor();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("This browser may do that now: write.").waitFor();
  await say(page, "FAKE_SAY:now I may; please");
  await answers(page).filter({ hasText: "now I may" }).waitFor();

  await page.reload();
  await page.locator("textarea").waitFor();
  await page.context().close();
});

test("a page it may not see says which scope that takes, and comes when it is allowed", async () => {
  const page = await reader();
  assert.equal(await page.getByRole("link", { name: "Approvals" }).count(), 0);
  await page.goto(`${it.gateway.http}/approvals`);
  await page.getByText("it lacks approvals.").waitFor();
  assert.deepEqual(await problems(page), []);
  await page.getByRole("button", { name: "Ask for it" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Ask for it" }).click();
  const words = await command(page);
  await call("device.pair.reject", { requestId: words[2] });
  await page.getByRole("dialog").getByText("The request was turned down.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Ask again" }).click();
  await page.getByRole("dialog").locator(".command code").filter({ hasNotText: words[2] }).waitFor();
  await it.openclaw(...(await command(page)));
  await page.getByText("No command waits for consent.").waitFor();
  await page.context().close();
});

test("what was refused says which scope it lacks, and is asked for from the settings, too", async () => {
  const page = await reader();
  await page.goto(`${it.gateway.http}/logs`);
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Ask for it" }).click();
  const dialog = page.getByRole("dialog");
  for (const scope of ["admin", "write", "approvals", "pairing"]) await dialog.getByText(scope, { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Ask for it" }).click();
  await it.openclaw(...(await command(page)));
  await page.getByText(/^This browser may do that now/).waitFor();
  await page.getByRole("link", { name: "Approvals" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Ask for it" }).count(), 0);
  await page.context().close();
});
