// A gateway, a model and a browser for one file of tests.
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

import { startGateway, startModel } from "../../../../tests/compat/harness.mjs";

export { until } from "../../../../tests/compat/harness.mjs";

/** Debian's; the flags keep it from calling home, which this machine cannot do. */
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../..");

/** The gateway that is tested: the release, unless another one is named. */
function binary() {
  const named = process.env.OPENCLAW_BIN;
  const files = named ? [path.resolve(named)] : ["release", "debug"].map((it) => path.join(root, "target", it, "openclaw"));
  const found = files.find((file) => fs.existsSync(file));
  if (!found) throw new Error(`no gateway to test, looked for ${files.join(" and ")}`);
  return found;
}

/** Everything a file of tests needs, started before its first test and stopped after its last. */
export function house({ config } = {}) {
  const it = {
    model: undefined,
    gateway: undefined,
    browser: undefined,
    /** Runs a command of `openclaw` on the gateway's machine. */
    async openclaw(...words) {
      const env = { HOME: it.gateway.home, PATH: process.env.PATH };
      const { stdout } = await promisify(execFile)(binary(), words, { env });
      return stdout;
    },
    /** A link that lets a browser in, once. */
    async link(page = "") {
      const { url } = JSON.parse(await it.openclaw("dashboard", "--json"));
      const link = new URL(url);
      link.pathname += page;
      return link.href;
    },
  };
  before(async () => {
    process.env.OPENCLAW_BIN = binary();
    it.model = await startModel();
    it.gateway = await startGateway(it.model, { config });
    it.browser = await chromium.launch({ executablePath, args });
  });
  after(async () => {
    await it.browser?.close();
    await it.gateway?.stop();
    it.model?.stop();
  });
  return it;
}

/**
 * A page of a browser that was never here, at `url`. Whatever goes wrong in it, and every request to
 * anywhere but the gateway, is in `page.complaints`.
 */
export async function visit(it, url, options = {}) {
  const context = await it.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  const home = new URL(it.gateway.http).host;
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  const isElsewhere = (address) => {
    const { protocol, host } = new URL(address);
    return !["data:", "blob:"].includes(protocol) && host !== home;
  };
  page.on("request", (request) => {
    if (isElsewhere(request.url())) page.complaints.push(`a request to ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    if (isElsewhere(socket.url())) page.complaints.push(`a socket to ${socket.url()}`);
  });
  await page.goto(url);
  return page;
}

/** The same, let in by a link, and at `where`. */
export async function enter(it, where = "chat", options = {}) {
  const page = await visit(it, await it.link(where), options);
  await page.locator(".frame").waitFor();
  return page;
}

/** Says something in the first pane, as a person would. */
export async function say(page, text) {
  const box = page.locator("textarea").first();
  await box.fill(text);
  await box.press("Enter");
}

/** The answers that are complete. */
export const answers = (page) => page.locator(".said.them:not(.coming)");
