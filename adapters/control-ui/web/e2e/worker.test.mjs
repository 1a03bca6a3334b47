// Without the gateway, and out of sight.
import assert from "node:assert/strict";
import { test } from "node:test";

import { answers, enter, house, say, until } from "./browser.mjs";

const it = house();

test("the page opens while the gateway is away, and nothing that was said is kept for that", async () => {
  const page = await enter(it);
  await say(page, "FAKE_SAY:a word nobody else says; x");
  await answers(page).filter({ hasText: "nobody else" }).waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await answers(page).first().waitFor();
  const kept = await page.evaluate(async () => {
    const files = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) files.push([request.url, await (await cache.match(request)).text()]);
    }
    return files;
  });
  const places = kept.map(([url]) => url.replace(it.gateway.http, ""));
  assert.ok(places.includes("/") && places.every((place) => place === "/" || place.startsWith("/assets/")), places.join());
  assert.ok(!kept.some(([, text]) => text.includes("nobody else")));

  await it.gateway.kill("SIGKILL");
  await page.reload();
  await page.locator("[data-phase=away]").waitFor();
  await it.gateway.start();
  await answers(page).filter({ hasText: "nobody else" }).waitFor();
  await page.context().close();
});

test("news is shown of an answer nobody looks at, without what was said", async () => {
  const page = await enter(it, "settings", { permissions: ["notifications"] });
  await page.getByLabel("When an answer is complete").check();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.getByRole("link", { name: "Chat" }).click();
  const news = () => page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return (await registration.getNotifications()).map((it) => [it.title, it.body]);
  });
  await say(page, "FAKE_SAY:seen; x");
  await answers(page).filter({ hasText: "seen" }).waitFor();
  assert.deepEqual(await news(), []);
  await page.evaluate(() => {
    document.hasFocus = () => false;
  });
  await say(page, "FAKE_SAY:secret words; x");
  await until("the news", async () => (await news()).length === 1);
  assert.deepEqual(await news(), [["Assistant has answered", ""]]);
  await page.context().close();
});
