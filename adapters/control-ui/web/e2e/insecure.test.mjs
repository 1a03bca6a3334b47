// Over plain HTTP from another machine, where browsers allow pages no keys.
import assert from "node:assert/strict";
import { test } from "node:test";

import { answers, house, say, visit } from "./browser.mjs";

const strict = house();
const easy = house({ config: { gateway: { controlUi: { allowInsecureAuth: true } } } });

/** A page at `it` as browsers treat one that is not secure. */
async function insecure(it) {
  const page = await visit(it, "about:blank");
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, "isSecureContext", { value: false });
    delete Navigator.prototype.clipboard;
    delete Crypto.prototype.randomUUID;
  });
  await page.goto(it.gateway.http);
  await page.locator("[data-phase=insecure]").waitFor();
  return page;
}

test("the page says what can be done", async () => {
  const page = await insecure(strict);
  const commands = await page.locator(".command code").allInnerTexts();
  assert.match(commands[0], /^ssh -N -L \d+:127\.0\.0\.1:\d+ 127\.0\.0\.1$/);
  await page.getByLabel("Token").fill(strict.gateway.token);
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("[data-phase=insecure]").waitFor();
  assert.equal(await page.locator(".frame").count(), 0);
  await page.context().close();
});

test("where the owner allowed it, the secret is enough", async () => {
  const page = await insecure(easy);
  await page.getByLabel("Token").fill(easy.gateway.token);
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator(".frame").waitFor();
  await say(page, "FAKE_SAY:good; x");
  await answers(page).filter({ hasText: "good" }).waitFor();
  await page.getByRole("button", { name: "Copy message" }).last().click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});
