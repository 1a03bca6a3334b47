// Talking.
import assert from "node:assert/strict";
import { test } from "node:test";

import { answers, enter, house, say, until } from "./browser.mjs";

const it = house();
const fresh = async (page) => {
  await page.getByRole("button", { name: "New session" }).click();
  await page.locator(".empty").waitFor();
};

test("an answer is shown while it comes, and can be stopped", async () => {
  const page = await enter(it);
  await say(page, "FAKE_TOKENS:2000;FAKE_DELAY:5; go");
  const coming = page.locator(".coming .markdown");
  await coming.filter({ hasText: "charlie2" }).waitFor();
  const before = (await coming.innerText()).length;
  await until("more of it", async () => (await coming.innerText()).length > before);
  await page.getByRole("button", { name: "Stop" }).click();
  await answers(page).filter({ hasText: "Stopped" }).waitFor();
  assert.equal(await page.locator(".coming").count(), 0);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("what is said meanwhile waits, can be taken back, and is then sent by itself", async () => {
  const page = await enter(it);
  await fresh(page);
  await say(page, "FAKE_TOKENS:40;FAKE_DELAY:40; first");
  await page.locator(".coming").waitFor();
  await say(page, "FAKE_SAY:second answer; second");
  await say(page, "FAKE_SAY:third answer; third");
  await page.locator(".queue li").nth(1).getByRole("button", { name: "Remove" }).click();
  await answers(page).filter({ hasText: "second answer" }).waitFor();
  assert.equal(await page.locator(".queue").count(), 0);
  assert.equal(await page.getByText("third answer").count(), 0);
  await page.context().close();
});

test("a hostile message is only words", async () => {
  const page = await enter(it);
  await fresh(page);
  const hostile = [
    "<script>window.hurt=1</script>",
    "<img src=x onerror=window.hurt=1>",
    "![spy](https://evil.example/pixel.png)",
    "[click](javascript:window.hurt=1)",
    "\u202eevil\u202c and \u2066more",
    "|" + "x|".repeat(80) + "\n|" + "-|".repeat(80) + "\n" + ("|" + "x|".repeat(80) + "\n").repeat(400),
  ].join("\n\n");
  await say(page, `FAKE_SAY:${hostile}; please`);
  const answer = answers(page).last();
  await answer.getByText("window.hurt=1").first().waitFor();
  await answer.getByText("evil.example").waitFor();
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.equal(await answer.locator("img, script").count(), 0);
  assert.equal(await answer.locator("a[href^=javascript]").count(), 0);
  assert.equal(await answer.getByRole("button", { name: "Show picture from evil.example" }).count(), 1);
  const link = answer.locator("a[href*='evil.example']");
  assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(isWide, false);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a picture elsewhere is fetched on a click, by keyboard too, and says nothing of where from", async () => {
  const page = await enter(it);
  await fresh(page);
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  const asked = [];
  await page.context().route(/pictures\.example/, async (route) => {
    asked.push(await route.request().allHeaders());
    await route.fulfill({ contentType: "image/png", body: png });
  });
  await say(page, "FAKE_SAY:![cat](https://pictures.example/cat.png) and ![dog](http://pictures.example/dog.png); please");
  const answer = answers(page).last();
  const button = answer.getByRole("button", { name: "Show picture from pictures.example" });
  await button.waitFor();
  await answer.getByRole("link", { name: "Picture at pictures.example: dog" }).waitFor();
  assert.equal(asked.length, 0);
  await button.focus();
  await page.keyboard.press("Enter");
  await until("the picture", () => answer.locator(".picture img").evaluate((picture) => picture.naturalWidth === 1).catch(() => false));
  assert.equal(asked.length, 1);
  assert.deepEqual([asked[0].referer, asked[0].cookie], [undefined, undefined]);
  const hide = answer.getByRole("button", { name: "Hide picture from pictures.example" });
  assert.equal(await hide.evaluate((it) => it === document.activeElement), true);
  // The policy holds for what the renderer would never make.
  const refused = await page.evaluate(() => new Promise((done) => {
    document.addEventListener("securitypolicyviolation", (event) => done(event.blockedURI), { once: true });
    new Image().src = "http://pictures.example/clear.png";
  }));
  assert.match(refused, /pictures\.example/);
  assert.equal(asked.length, 1);
  await page.context().close();
});

test("a failure says why, and the message can be sent again", async () => {
  const page = await enter(it);
  await fresh(page);
  await say(page, "FAKE_ERROR:400; no");
  await page.locator(".ending.failed").waitFor();
  await page.locator(".said.me").last().hover();
  await page.locator(".said.me").last().getByRole("button", { name: "Send again", exact: true }).click();
  await until("two failures", async () => (await page.locator(".ending.failed").count()) === 2);
  await page.locator(".ending.failed").last().getByRole("button", { name: "Try again" }).click();
  await until("three failures", async () => (await page.locator(".ending.failed").count()) === 3);
  await page.locator(".said.me").first().hover();
  await page.locator(".said.me").first().getByRole("button", { name: "Edit and send again" }).click();
  assert.equal(await page.locator("textarea").inputValue(), "FAKE_ERROR:400; no");
  await page.context().close();
});

test("a message is changed, also the one that is being answered, and what was begun comes back", async () => {
  const page = await enter(it);
  await fresh(page);
  const box = page.locator("textarea").first();
  await say(page, "FAKE_TOKENS:2000;FAKE_DELAY:20; the wrong question");
  await page.locator(".coming .markdown").filter({ hasText: "bravo1" }).waitFor();
  await box.press("ArrowUp");
  assert.equal(await box.inputValue(), "FAKE_TOKENS:2000;FAKE_DELAY:20; the wrong question");
  await page.getByText("Changing a message.").waitFor();
  await box.press("Escape");
  assert.equal(await box.inputValue(), "");
  assert.equal(await page.locator(".coming").count(), 1, "leaving it stops nothing");
  await box.press("ArrowUp");
  await box.fill("FAKE_SAY:the right answer; the right question");
  await box.press("Enter");
  await answers(page).filter({ hasText: "the right answer" }).waitFor();
  await answers(page).filter({ hasText: "Stopped" }).waitFor();

  await box.fill("begun");
  await page.locator(".said.me").first().hover();
  await page.locator(".said.me").first().getByRole("button", { name: "Edit and send again" }).click();
  await box.fill("FAKE_SAY:in another session; elsewhere");
  await page.getByRole("button", { name: "Send in a new session" }).click();
  await answers(page).filter({ hasText: "in another session" }).waitFor();
  assert.equal(await page.locator(".said.me").count(), 1);
  await page.goBack();
  await answers(page).filter({ hasText: "the right answer" }).waitFor();
  assert.equal(await page.locator("textarea").first().inputValue(), "begun");
  await page.context().close();
});

test("something is found in a session by keyboard, and the session is kept as a file", async () => {
  const page = await enter(it);
  await fresh(page);
  for (const word of ["needle-one", "hay", "needle-two"]) {
    await say(page, `FAKE_SAY:about ${word}; please`);
    await answers(page).filter({ hasText: `about ${word}` }).waitFor();
  }
  await page.keyboard.press("Control+f");
  await page.getByRole("searchbox", { name: "Find in this session" }).fill("ABOUT NEEDLE");
  await page.getByText("1 of 4").waitFor();
  await page.locator(".found").filter({ hasText: "needle-two" }).waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.getByText("3 of 4").waitFor();
  await page.locator(".found").filter({ hasText: "needle-one" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".find").waitFor({ state: "detached" });

  await page.getByRole("button", { name: "What to do with this session" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Export as Markdown" }).click()]);
  assert.match(file.suggestedFilename(), /\.md$/);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  assert.ok(text.indexOf("about needle-one") < text.indexOf("about hay"), text);
  await page.context().close();
});

test("commands are offered, and chosen by keyboard", async () => {
  const page = await enter(it);
  await page.locator("textarea").fill("/st");
  await page.locator(".palette [role=option]").first().waitFor();
  await page.locator("textarea").press("Enter");
  assert.match(await page.locator("textarea").inputValue(), /^\/status ?$/);
  await page.locator("textarea").press("Enter");
  await answers(page).filter({ hasText: "fake-16-0" }).first().waitFor();
  await page.context().close();
});

test("pictures and texts go along by button, paste and drop", async () => {
  const page = await enter(it);
  await fresh(page);
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  await page.locator("input[type=file]").setInputFiles([
    { name: "dot.png", mimeType: "image/png", buffer: png },
    { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("marker-in-a-file") },
  ]);
  await page.locator(".files li").nth(1).waitFor();
  const give = (kind) => page.evaluate(([kind, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], `${kind}.png`, { type: "image/png" }));
    const target = document.querySelector(kind === "paste" ? "textarea" : ".pane");
    const event = kind === "paste"
      ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
      : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    target.dispatchEvent(event);
  }, [kind, [...png]]);
  await give("paste");
  await give("drop");
  await page.locator(".files li").nth(3).waitFor();
  await say(page, "FAKE_SAY:seen; look");
  await answers(page).filter({ hasText: "seen" }).waitFor();
  const asked = JSON.stringify(it.model.request("marker-in-a-file").body);
  assert.equal(asked.match(/data:image\/png;base64/g)?.length, 3);
  await page.context().close();
});

test("a binary file is refused in words", async () => {
  const page = await enter(it);
  await page.locator("input[type=file]").setInputFiles([{ name: "x.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 1, 2, 255]) }]);
  await page.locator(".toast").filter({ hasText: "x.bin" }).waitFor();
  await page.context().close();
});

test("sessions stand beside one another, are found, and each answers for itself", async () => {
  const page = await enter(it);
  await page.getByRole("button", { name: "Open beside", exact: true }).first().click();
  const panes = page.locator(".pane");
  await panes.nth(1).waitFor();
  await panes.nth(1).locator("textarea").fill("FAKE_SAY:on the right; unmistakable words");
  await panes.nth(1).locator("textarea").press("Enter");
  await panes.nth(1).locator(".said.them:not(.coming)").filter({ hasText: "on the right" }).waitFor();
  assert.equal(await panes.nth(0).getByText("on the right").count(), 0);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("unmistakable");
  await until("one session", async () => (await page.locator(".session").count()) === 1);
  await panes.nth(1).getByRole("button", { name: "Close this side" }).click();
  await until("one pane", async () => (await panes.count()) === 1);
  await page.context().close();
});

test("a session is renamed, started over and deleted", async () => {
  const page = await enter(it);
  await fresh(page);
  await say(page, "FAKE_SAY:to be forgotten; x");
  await answers(page).filter({ hasText: "to be forgotten" }).waitFor();
  const act = async (name) => {
    await page.getByRole("button", { name: "What to do with this session" }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  await act("Rename");
  await page.getByLabel("Name of the session").fill("My \u202esession");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".pane-head bdi").filter({ hasText: "My" }).waitFor();
  await act("Start over");
  await page.getByRole("dialog").getByRole("button", { name: "Start over" }).click();
  await page.locator(".empty").waitFor();
  await act("Delete");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "Main session" }).waitFor();
  await page.context().close();
});

test("another browser sees the same, while it happens", async () => {
  const [one, other] = [await enter(it), await enter(it)];
  await say(one, "FAKE_TOKENS:30;FAKE_DELAY:40; words-of-the-other-browser");
  await other.locator(".coming").filter({ hasText: "alpha0" }).waitFor();
  await other.locator(".said.me").filter({ hasText: "words-of-the-other-browser" }).waitFor();
  await answers(other).filter({ hasText: "november29" }).waitFor();
  await Promise.all([one, other].map((page) => page.context().close()));
});
