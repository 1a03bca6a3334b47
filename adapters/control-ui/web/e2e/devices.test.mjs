// Devices and nodes: letting them in, calling them something, shutting them out, giving them commands.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { enter, house, visit } from "./browser.mjs";

const it = house();

test("a browser that waits is let in from another one, renamed, and shut out", async () => {
  const page = await enter(it, "devices");
  await page.getByText("this browser", { exact: true }).waitFor();
  const other = await visit(it, `${it.gateway.http}/#token=${it.gateway.token}`);
  await other.locator("[data-phase=pairing]").waitFor();

  const request = page.locator(".devices-request");
  await request.getByText("A new device wants to be let in.").waitFor();
  await request.getByText("admin", { exact: true }).waitFor();
  await request.getByRole("button", { name: "Approve" }).click();
  await other.locator(".frame").waitFor();
  await request.waitFor({ state: "detached" });

  const theirs = page.locator(".devices-item").filter({ hasText: "openclaw-control-ui" }).filter({ hasNotText: "this browser" });
  await theirs.getByRole("button", { name: /What to do with/ }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("The other browser");
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  const renamed = page.locator(".devices-item").filter({ hasText: "The other browser" });
  await renamed.waitFor();

  await renamed.getByRole("button", { name: /What to do with/ }).click();
  await page.getByRole("menuitem", { name: "Remove device" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove device" }).click();
  await renamed.waitFor({ state: "detached" });
  await other.locator(".frame").waitFor({ state: "detached" });
  assert.deepEqual(page.complaints, []);
  await Promise.all([page, other].map((it) => it.context().close()));
});

test("a request can be turned down", async () => {
  const page = await enter(it, "devices");
  const other = await visit(it, `${it.gateway.http}/#token=${it.gateway.token}`);
  await other.locator("[data-phase=pairing]").waitFor();
  await page.locator(".devices-request").first().getByRole("button", { name: "Reject" }).click();
  await page.getByText(/was turned away/).waitFor();
  await other.context().close();
  await page.context().close();
});

test("this browser's own token can be replaced, and it stays in", async () => {
  const page = await enter(it, "devices");
  const mine = page.locator(".devices-item").filter({ hasText: "this browser" });
  await mine.getByRole("button", { name: /What to do with/ }).click();
  await page.getByRole("menuitem", { name: "Replace token" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Replace token" }).click();
  await page.getByText(/^The token of .* was replaced\.$/).waitFor();
  await page.reload();
  await mine.getByText("connected", { exact: true }).waitFor();
  await page.context().close();
});

test("a setup code is a picture and a text, and knows when it was used", async () => {
  const page = await enter(it, "devices");
  await page.getByRole("button", { name: "Pair a device" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Make a code" }).click();
  await dialog.getByRole("alert").waitFor();
  assert.match(await dialog.getByRole("alert").innerText(), /loopback/, "nobody elsewhere reaches this gateway");
  await dialog.getByLabel(/Address of the gateway/).fill("https://gateway.example");
  await dialog.getByRole("button", { name: "Make a code" }).click();
  const picture = dialog.getByRole("img", { name: /QR/ });
  await picture.waitFor();
  assert.ok(await picture.evaluate((img) => img.complete && img.naturalWidth > 50));
  const code = JSON.parse(Buffer.from(await dialog.locator(".command code").innerText(), "base64url").toString());
  assert.equal(code.url, "wss://gateway.example");
  await dialog.getByText(/Good for another/).waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a node appears, answers a command, loses its approval, and gets it again", async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "openclaw-node-"));
  const page = await enter(it, "devices");
  await page.getByText("No machine offers commands yet.").waitFor();
  const words = ["node", "run", "--host", "127.0.0.1", "--port", String(it.gateway.port), "--token", it.gateway.token, "--display-name", "Garden shed"];
  const start = () => {
    const node = spawn(process.env.OPENCLAW_BIN, words, { env: { HOME: home, PATH: process.env.PATH }, stdio: "ignore" });
    const ended = new Promise((done) => node.once("exit", done));
    after(() => node.kill("SIGKILL"));
    return async () => {
      node.kill();
      await ended;
    };
  };
  const stop = start();
  const row = page.getByRole("region", { name: "Nodes" }).locator(".devices-item").filter({ hasText: "Garden shed" });
  await row.getByText("connected", { exact: true }).waitFor();

  await row.getByRole("button", { name: "Give a command" }).click();
  const dialog = page.getByRole("dialog");
  assert.ok(!(await dialog.locator("option").allInnerTexts()).some((it) => it.includes("execApprovals")));
  await dialog.getByLabel("Command", { exact: true }).selectOption("system.which");
  await dialog.getByLabel("Parameters, as JSON").fill('{ "bins": ["sh"] }');
  await dialog.getByRole("button", { name: "Run" }).click();
  await dialog.getByText("done", { exact: true }).waitFor();
  assert.match(await dialog.locator("pre").innerText(), /\/sh"/);
  await page.keyboard.press("Escape");

  await row.getByRole("button", { name: /What to do with/ }).click();
  await page.getByRole("menuitem", { name: "Withdraw approval" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Withdraw approval" }).click();
  await row.getByRole("button", { name: "Give a command" }).waitFor({ state: "detached" });
  await stop();
  await row.getByText("offline", { exact: true }).waitFor();

  const stopAgain = start();
  const request = page.locator(".devices-request").filter({ hasText: "Garden shed" });
  await request.getByText("system.run", { exact: true }).waitFor();
  await request.getByRole("button", { name: "Approve" }).click();
  await row.getByRole("button", { name: "Give a command" }).waitFor();
  await stopAgain();
  assert.deepEqual(page.complaints, []);
  fs.rmSync(home, { recursive: true, force: true });
  await page.context().close();
});
