// A gateway, a model and a browser for one test file.
import { after, before } from "node:test";
import { chromium } from "playwright-core";

import { startGateway, startModel } from "../../../../tests/compat/harness.mjs";

export { until } from "../../../../tests/compat/harness.mjs";

/** Debian's; the flags keep it from calling home, which this machine cannot do. */
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Everything a file of tests needs, started before its first test and stopped after its last. */
export function house({ config } = {}) {
  const it = { model: undefined, gateway: undefined, browser: undefined };
  before(async () => {
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
 * A page in a browser that was never here. Whatever it complains about (errors, and requests to anywhere
 * but the gateway) is in `page.complaints`.
 */
export async function visit(it, { path = "/", token = true, ...options } = {}) {
  const context = await it.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.host !== new URL(it.gateway.http).host) {
      page.complaints.push(`a request to ${url.origin}`);
    }
  });
  const fragment = token ? `#token=${it.gateway.token}` : "";
  await page.goto(it.gateway.http + path + fragment);
  return page;
}
