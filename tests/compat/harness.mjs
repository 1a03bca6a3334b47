// A gateway and a model server for one test file: an empty home, a free port, nothing asked.
//
// The gateway is the release binary (OPENCLAW_BIN names another one). To see whether a test tells the
// truth, the same file can be pointed at a running original:
//
//   COMPAT_URL=http://127.0.0.1:18950 COMPAT_TOKEN=… COMPAT_MODEL_PORT=18951 node --test
//
// In that case nothing is started but the model server, on the port the original was configured with.
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");

/** The tests run against somebody else's gateway, which cannot be stopped or configured from here. */
export const external = Boolean(process.env.COMPAT_URL);

/** How long anything that should happen at once may take on a busy machine. */
export const patience = external ? 60_000 : 15_000;

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until `probe` gives something truthy, and gives it back. */
export async function until(what, probe, timeoutMs = patience) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(10);
  }
}

/** Fails with a name instead of hanging. */
export function within(what, promise, timeoutMs = patience) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${timeoutMs} ms in vain for ${what}`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function freePort() {
  return new Promise((done, fail) => {
    const server = net.createServer();
    server.on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function binary() {
  const named = process.env.OPENCLAW_BIN;
  const candidates = named
    ? [path.resolve(here, named)]
    : ["release", "debug"].map((profile) => path.join(root, "target", profile, "openclaw"));
  const found = candidates.find((file) => fs.existsSync(file));
  if (!found) throw new Error(`no gateway to test, looked for ${candidates.join(" and ")}`);
  return found;
}

/**
 * The fake model server, behind a recorder that keeps what the gateway asked for and whether it stayed
 * to hear the end. Python tests read the same list at `GET /__requests`.
 */
export async function startModel() {
  const upstreamPort = await freePort();
  const upstream = spawnHere(process.execPath, [path.join(here, "../fake-model/upstream.mjs"), "--port", String(upstreamPort)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await within("the model server", new Promise((done, fail) => {
    upstream.stdout.once("data", done);
    upstream.once("exit", (code) => fail(new Error(`the model server ended with ${code}`)));
  }));

  /** @type {{path: string, body: any, authorization?: string, state: "open"|"finished"|"cancelled"}[]} */
  const requests = [];
  const recorder = http.createServer((req, res) => {
    if (req.url === "/__requests") {
      res.setHeader("content-type", "application/json");
      return res.end(JSON.stringify(requests));
    }
    const chunks = [];
    req.on("data", (chunk) => chunks.push(chunk));
    req.on("end", () => {
      const raw = Buffer.concat(chunks);
      const entry = { path: req.url, body: undefined, authorization: req.headers.authorization, state: "open" };
      try { entry.body = JSON.parse(raw.toString("utf8")); } catch { /* not a model call */ }
      requests.push(entry);
      const { host: _, ...headers } = req.headers;
      const onward = http.request({ host: "127.0.0.1", port: upstreamPort, method: req.method, path: req.url, headers }, (answer) => {
        res.writeHead(answer.statusCode, answer.headers);
        answer.pipe(res);
      });
      onward.on("error", () => res.destroy());
      res.on("close", () => {
        entry.state = res.writableFinished ? "finished" : "cancelled";
        onward.destroy();
      });
      onward.end(raw);
    });
  });
  recorder.keepAliveTimeout = 600_000;
  const port = Number(process.env.COMPAT_MODEL_PORT ?? 0);
  await new Promise((done, fail) => {
    recorder.once("error", fail);
    recorder.listen(port, "127.0.0.1", done);
  });
  return {
    port: recorder.address().port,
    requests,
    /** The request whose conversation contains `marker`. */
    request: (marker) => requests.findLast((entry) => JSON.stringify(entry.body ?? "").includes(marker)),
    stop() {
      upstream.kill();
      recorder.closeAllConnections();
      recorder.close();
    },
  };
}

/**
 * The configuration of a gateway that passes requests straight on, to `model` in OpenAI's protocol as
 * `fake/…`, and in Anthropic's as `claude/…`.
 */
export const straight = (model) => ({
  gateway: { http: { relay: { enabled: true } } },
  models: {
    providers: {
      fake: { baseUrl: `http://127.0.0.1:${model.port}/v1`, apiKey: "fake-key", models: [{ id: "fake-16-0" }] },
      claude: {
        baseUrl: `http://127.0.0.1:${model.port}`,
        apiKey: "fake-key",
        api: "anthropic-messages",
        models: [{ id: "fake-16-0", input: ["text", "image"] }],
      },
    },
  },
});

/** Starts a gateway on an empty home that talks to `model`; `config` may depend on it. */
export async function startGateway(model, { config = {} } = {}) {
  if (external) {
    const http = process.env.COMPAT_URL;
    return { http, url: http.replace(/^http/, "ws"), token: process.env.COMPAT_TOKEN, home: null, stop: async () => {} };
  }
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "openclaw-compat-"));
  const state = path.join(home, ".openclaw");
  fs.mkdirSync(state, { mode: 0o700 });
  fs.writeFileSync(path.join(state, "openclaw.json"), JSON.stringify({
    models: {
      providers: {
        fake: {
          baseUrl: `http://127.0.0.1:${model.port}/v1`,
          apiKey: "fake-key",
          api: "openai-completions",
          models: [
            { id: "fake-16-0", name: "Sixteen at once", input: ["text", "image"], cost: { input: 1000, output: 2000 } },
            { id: "fake-200-20", name: "Two hundred, slowly" },
          ],
        },
      },
    },
    agents: { defaults: { model: { primary: "fake/fake-16-0" } } },
    ...(typeof config === "function" ? config(model) : config),
  }, null, 2));
  const port = await freePort();
  const gateway = {
    home,
    port,
    http: `http://127.0.0.1:${port}`,
    url: `ws://127.0.0.1:${port}`,
    token: undefined,
    process: undefined,
    log: "",
    async start() {
      const child = spawnHere(binary(), ["gateway", "run", "--port", String(port)], {
        env: { HOME: home, PATH: process.env.PATH },
        stdio: ["ignore", "pipe", "pipe"],
      });
      gateway.process = child;
      gateway.ended = new Promise((done) => child.once("exit", (code, signal) => done({ code, signal })));
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => { gateway.log += chunk; });
      }
      let dead = false;
      gateway.ended.then(() => { dead = true; });
      await until("the gateway to answer /healthz", async () => {
        if (dead) throw new Error(`the gateway ended at once:\n${gateway.log}`);
        return fetch(`${gateway.http}/healthz`).then((res) => res.ok, () => false);
      });
      gateway.token = fs.readFileSync(path.join(state, "gateway-token"), "utf8").trim();
    },
    /** Sends `signal` and waits for the end. */
    async kill(signal = "SIGKILL") {
      gateway.process.kill(signal);
      return within(`the gateway to end after ${signal}`, gateway.ended, 45_000);
    },
    async stop() {
      await gateway.kill("SIGKILL");
      if (process.env.COMPAT_KEEP) console.log(`kept ${home}\n${gateway.log}`);
      else fs.rmSync(home, { recursive: true, force: true });
    },
  };
  await gateway.start();
  return gateway;
}

const children = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Starts a process that does not outlive this one. */
function spawnHere(...args) {
  const child = spawn(...args);
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** A session key nobody else uses. */
export const freshKey = (name = "compat") => `agent:main:${name}-${crypto.randomUUID().slice(0, 8)}`;

/** The words the fake model says when asked for `count` of them. */
export function words(count) {
  const alphabet = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa".split(" ");
  return Array.from({ length: count }, (_, i) => alphabet[i % alphabet.length] + i).join(" ");
}

/** The text of a chat message, whatever form its content has. */
export function textOf(message) {
  const content = message?.content;
  if (typeof content === "string") return content;
  return (content ?? []).filter((part) => part.type === "text").map((part) => part.text).join("\n");
}
