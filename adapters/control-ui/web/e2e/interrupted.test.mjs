// What happens in the middle of an answer: a reload, the end of the gateway, somebody in another tab.
import assert from "node:assert/strict";
import { test } from "node:test";

import { answers, enter, house, say, until } from "./browser.mjs";

const it = house();

test("a reload in the middle of an answer loses nothing of it", async () => {
  const page = await enter(it);
  await say(page, "FAKE_TOKENS:200;FAKE_DELAY:20; a long one");
  await page.locator(".coming .markdown").filter({ hasText: "charlie2" }).waitFor();
  await page.reload();
  await page.locator(".coming .markdown").filter({ hasText: "alpha0" }).waitFor();
  await answers(page).filter({ hasText: "hotel199" }).filter({ hasText: "alpha0" }).waitFor();
  assert.deepEqual([await page.locator(".said.me").count(), await answers(page).count()], [1, 1]);
  await page.context().close();
});

test("what was heard before the gateway was killed stays, and can be asked for again", async () => {
  const page = await enter(it);
  await page.getByRole("button", { name: "New session" }).click();
  await page.locator(".welcome").waitFor();
  await say(page, "FAKE_TOKENS:2000;FAKE_DELAY:10; cut off");
  await page.locator(".coming .markdown").filter({ hasText: "charlie2" }).waitFor();
  await it.gateway.kill("SIGKILL");
  await page.locator(".away").waitFor();
  await it.gateway.start();
  const ending = page.locator(".said.them").filter({ hasText: "Interrupted: the gateway stopped meanwhile." });
  await ending.filter({ hasText: "alpha0 bravo1 charlie2" }).waitFor();
  assert.deepEqual([await page.locator(".said.me").count(), await page.locator(".coming, .working").count()], [1, 0]);
  await ending.getByRole("button", { name: "Try again" }).click();
  await page.locator(".coming .markdown").filter({ hasText: "charlie2" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await answers(page).filter({ hasText: "Stopped" }).waitFor();
  await page.context().close();
});

test("two tabs on one session say the same, whoever speaks in which", async () => {
  const page = await enter(it);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator("textarea").waitFor();
  await say(page, "FAKE_TOKENS:60;FAKE_DELAY:30; from one");
  await other.locator(".coming").waitFor();
  await say(other, "FAKE_SAY:the second answer; from the other");
  for (const tab of [page, other]) await answers(tab).filter({ hasText: "the second answer" }).waitFor();
  await until("the same in both", async () => {
    const [one, two] = await Promise.all([page, other].map((tab) => tab.locator(".said .markdown").allInnerTexts()));
    return one.length === 6 && one.join("\n") === two.join("\n");
  });
  await page.context().close();
});

test("a new user finds something to begin with", async () => {
  const page = await enter(it);
  await page.getByRole("button", { name: "New session" }).click();
  await page.getByRole("button", { name: "Help me plan my week" }).click();
  assert.equal(await page.locator("textarea").inputValue(), "Help me plan my week");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "TEXTAREA");
  await page.context().close();
});
