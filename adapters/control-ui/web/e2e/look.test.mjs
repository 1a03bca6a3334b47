// How it looks: every page in both themes, for everybody, on every screen.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { problems } from "./axe.mjs";
import { answers, enter, house, say, visit } from "./browser.mjs";

const it = house();
/** Where to put pictures for people to look at, if somewhere. */
const pictures = process.env.E2E_PICTURES;

/** Whether something sticks out at the side, where nobody can reach it. */
const sticksOut = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** How many different colours a picture of the page has: one that is blank has one, and hardly any bytes. */
async function picture(page, name) {
  const png = await page.screenshot();
  if (pictures) {
    fs.mkdirSync(pictures, { recursive: true });
    fs.writeFileSync(path.join(pictures, `${name}.png`), png);
  }
  return png;
}

async function isFine(page, name) {
  const png = await picture(page, name);
  assert.ok(png.length > 6_000, `${name} is not blank`);
  assert.equal(await sticksOut(page), false, `${name} fits`);
  assert.deepEqual(await problems(page), [], name);
}

/** The pages there are, as the navigation names them. */
async function pages(page) {
  const links = await page.locator(".nav-link").evaluateAll((all) => all.map((link) => new URL(link.href).pathname.split("/").at(-1)));
  assert.ok(links.includes("chat") && links.includes("settings"), links.join());
  return links;
}

for (const colorScheme of ["light", "dark"]) {
  test(`every page is fine in ${colorScheme}`, async () => {
    const page = await enter(it, "chat", { colorScheme, reducedMotion: "reduce" });
    await say(page, "FAKE_SAY:# Plan\n\nWith **bold**, `code`, a [link](https://example.org), and\n\n- [x] a list\n\n> a quotation\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\nfn main() { let a = 1 } // why\n```\n; please");
    await answers(page).locator(".code-block").waitFor();
    await say(page, "FAKE_ERROR:400; no");
    await page.locator(".ending.failed").first().waitFor();
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    for (const name of await pages(page)) {
      await page.goto(`${it.gateway.http}/${name}`);
      await page.locator(".content :is(h1, h2)").first().waitFor();
      await page.locator(".content .spinner").first().waitFor({ state: "detached" });
      await isFine(page, `${name}-${colorScheme}`);
    }
    const [red] = ground.match(/\d+/g).map(Number);
    assert.equal(red < 128, colorScheme === "dark", `${ground} is ${colorScheme}`);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  test(`what opens in a conversation is fine in ${colorScheme}`, async () => {
    const page = await enter(it, "chat", { colorScheme, reducedMotion: "reduce" });
    await page.getByRole("button", { name: "New session" }).click();
    await page.locator(".welcome").waitFor();
    await isFine(page, `welcome-${colorScheme}`);
    await say(page, "FAKE_SAY:![A cat](https://pictures.example/cat.png); a picture please");
    await answers(page).last().getByRole("button", { name: "Show picture from pictures.example" }).waitFor();
    await page.locator("textarea").press("ArrowUp");
    await page.getByText("Changing a message.").waitFor();
    await page.keyboard.press("Control+f");
    await page.getByRole("searchbox", { name: "Find in this session" }).fill("picture");
    await page.locator(".found").waitFor();
    await isFine(page, `opened-${colorScheme}`);
    await page.context().close();
  });

  test(`whoever is not in yet sees something fine in ${colorScheme}`, async () => {
    const page = await visit(it, it.gateway.http, { colorScheme, reducedMotion: "reduce" });
    await page.locator("[data-phase=secret]").waitFor();
    await isFine(page, `secret-${colorScheme}`);
    await page.goto(`${it.gateway.http}/#token=${it.gateway.token}`);
    await page.reload();
    await page.locator("[data-phase=pairing]").waitFor();
    await isFine(page, `pairing-${colorScheme}`);
    await page.context().close();
  });
}

for (const [width, height] of [[360, 740], [820, 1180], [2560, 1440]]) {
  test(`every page fits ${width} by ${height}`, async () => {
    const page = await enter(it, "chat", { viewport: { width, height }, hasTouch: width < 900, isMobile: width < 900 });
    for (const name of await pages(page)) {
      await page.goto(`${it.gateway.http}/${name}`);
      await page.locator(".content :is(h1, h2)").first().waitFor();
      assert.equal(await sticksOut(page), false, name);
      await picture(page, `${name}-${width}`);
    }
    await page.context().close();
  });
}

test("on a phone the navigation opens over the page, and closes again", async () => {
  const page = await enter(it, "chat", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const menu = page.getByRole("button", { name: "Menu" });
  const link = page.getByRole("link", { name: "Overview", exact: true });
  await menu.click();
  await link.waitFor();
  await page.keyboard.press("Escape");
  await link.waitFor({ state: "hidden" });
  await menu.click();
  await link.click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await link.waitFor({ state: "hidden" });
  await page.context().close();
});

test("a chosen theme is kept, and wins over the system's", async () => {
  const page = await enter(it, "settings", { colorScheme: "light" });
  await page.getByText("Dark", { exact: true }).click();
  const dark = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const chosen = await dark();
  await page.reload();
  await page.locator(".settings").waitFor();
  assert.equal(await dark(), chosen);
  assert.match(chosen, /rgb\(2\d,/);
  await page.context().close();
});

test("it speaks the language of its reader, and the one he chooses", async () => {
  const page = await enter(it, "settings", { locale: "de-DE" });
  await page.getByRole("heading", { name: "Einstellungen" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
  for (const [name, title] of [["Español", "Ajustes"], ["Français", "Réglages"], ["简体中文", "设置"], ["English", "Settings"]]) {
    await page.locator("select").first().selectOption({ label: name });
    await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  }
  await page.context().close();
});

test("everything can be reached by keyboard alone", async () => {
  const page = await enter(it, "settings");
  await page.locator("body").press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")?.endsWith("chat")), true);
  await page.keyboard.press("Enter");
  await page.locator("textarea").waitFor();
  await page.locator("textarea").press("Shift+Tab");
  await page.getByRole("button", { name: "What to do with this session" }).press("Enter");
  await page.getByRole("menuitem").first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("menuitem").first().waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-haspopup")), "menu");
  await page.context().close();
});
