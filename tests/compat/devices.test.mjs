// Devices: OpenClaw's published client pairs, comes back with its token, and stays away when that was
// taken back. Protocol 3 signs as January's clients did.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { GatewayClient, GatewayScopeUpgrade } from "@openclaw/gateway-client";
import { hostOf, makeDevice, signedLine } from "./device.mjs";
import { external, startGateway, startModel, until, within } from "./harness.mjs";
import { RequestError, Wire } from "./wire.mjs";

// They would pair and forget devices of a gateway somebody uses.
const suite = { skip: external && "the gateway of somebody else" };
const ADMIN = ["operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing"];
const PLATFORM = "linux";

let model;
let gateway;

before(async () => {
  if (external) return;
  model = await startModel();
  gateway = await startGateway(model);
});
after(async () => {
  await gateway?.stop();
  model?.stop();
});

/** A machine with OpenClaw's client on it: its key, and the tokens it keeps. */
const newMachine = () => ({ device: makeDevice(), tokens: new Map() });

/** Starts a client and gives what it hears; `answered` is its hello, or why there is none. */
function start(options) {
  const heard = { events: [], hellos: [], closes: [], errors: [], pauses: [] };
  let client;
  const answered = new Promise((done, fail) => {
    client = new GatewayClient({
      url: gateway.url,
      minProtocol: 4,
      maxProtocol: 4,
      role: "operator",
      platform: PLATFORM,
      deviceIdentity: null,
      onHelloOk: (ok) => { heard.hellos.push(ok); done(ok); },
      onConnectError: (error) => { heard.errors.push(error); fail(error); },
      onEvent: (event) => heard.events.push(event),
      onClose: (code, reason) => heard.closes.push({ code, reason, at: performance.now() }),
      onReconnectPaused: (info) => heard.pauses.push(info),
      ...options,
    });
  });
  answered.catch(() => {});
  client.start();
  return { client, heard, answered };
}

/** A client that is let in. */
async function connect(options) {
  const started = start(options);
  try {
    return { ...started, hello: await within("hello-ok", started.answered) };
  } catch (error) {
    started.client.stop();
    throw error;
  }
}

/** Why a client is not let in. */
async function refused(options) {
  const { client, answered } = start(options);
  const error = await within("the refusal", answered).then((hello) => hello, (e) => e);
  client.stop();
  assert.ok(error instanceof Error, `was let in: ${JSON.stringify(error)}`);
  return error;
}

/** Options of a client on `machine`, which shows `secrets` besides what the machine keeps. */
const on = (machine, secrets = {}) => ({
  deviceIdentity: machine.device,
  hostDeps: hostOf(machine.device, machine.tokens),
  scopes: ["operator.read"],
  ...secrets,
});
const token = () => ({ token: gateway.token });

/** Whoever knows the gateway's token, on the gateway's machine. */
const owner = (scopes = ADMIN) => connect({ ...token(), scopes });

/** Runs `body` with clients that are closed afterwards, whatever happens. */
async function using(body) {
  const clients = [];
  const keep = async (connecting) => {
    const connection = await connecting;
    clients.push(connection.client);
    return connection;
  };
  try {
    await body(keep);
  } finally {
    for (const client of clients) client.stop();
  }
}

const pairEvents = (heard) => heard.events.filter((it) => it.event.startsWith("device.pair."));
const pairEvent = (heard, name, deviceId) => until(`${name} about the device`, () =>
  heard.events.find((it) => it.event === `device.pair.${name}` && it.payload.deviceId === deviceId)?.payload);

describe("OpenClaw's client as a device", suite, () => {
  test("is paired at once on the gateway's machine, and comes back with its token alone", () =>
    using(async (keep) => {
      const machine = newMachine();
      const first = await keep(connect(on(machine, token())));
      assert.equal(first.hello.auth.method, "token");
      assert.deepEqual(first.hello.auth.scopes, ["operator.read"]);
      assert.ok(first.hello.auth.deviceToken, "it is given a token");
      assert.ok(first.hello.auth.issuedAtMs > 0);
      assert.deepEqual(machine.tokens.get("operator"), { token: first.hello.auth.deviceToken, scopes: ["operator.read"] });
      first.client.stop();

      const again = await keep(connect(on(machine)));
      assert.equal(again.hello.auth.method, "device-token");
      assert.deepEqual(again.hello.auth.scopes, ["operator.read"]);
      assert.equal(again.hello.auth.deviceToken, first.hello.auth.deviceToken, "the same one");
      assert.equal((await again.client.request("health", {})).ok, true);

      const { client } = await keep(owner());
      const { paired } = await client.request("device.pair.list", {});
      const entry = paired.find((it) => it.deviceId === machine.device.deviceId);
      assert.equal(entry.publicKey, machine.device.publicKey);
      assert.deepEqual([entry.roles, entry.scopes, entry.connected], [["operator"], ["operator.read"], true]);
      assert.deepEqual(entry.tokens.map((it) => [it.role, it.token]), [["operator", undefined]]);
    }));

  test("may not take the token of another device, nor one that was never given", async () => {
    const machine = newMachine();
    (await connect(on(machine, token()))).client.stop();
    const stolen = { device: makeDevice(), tokens: new Map(machine.tokens) };
    const error = await refused(on(stolen));
    assert.equal(error.details.code, "AUTH_DEVICE_TOKEN_MISMATCH");
    assert.equal(stolen.tokens.size, 0, "the client forgets it");
    const nothing = await refused(on(newMachine()));
    assert.equal(nothing.details.code, "AUTH_TOKEN_MISSING");
  });

  test("whose token was taken back is cut off, refused, asks, and is let in anew", () =>
    using(async (keep) => {
      const machine = newMachine();
      const { device } = machine;
      const { hello } = await keep(connect(on(machine, token())).then((it) => (it.client.stop(), it)));
      const laptop = await keep(connect(on(machine)));
      const { client: admin, heard } = await keep(owner());

      const asked = performance.now();
      const revoked = await admin.request("device.token.revoke", { deviceId: device.deviceId, role: "operator" });
      assert.deepEqual([revoked.deviceId, revoked.role], [device.deviceId, "operator"]);
      const closed = await until("the close", () => laptop.heard.closes[0]);
      assert.equal(closed.code, 4001);
      assert.ok(closed.at - asked < 1000, `${closed.at - asked} ms`);

      // The client tries again by itself, is told that its token is no good, and forgets it.
      const error = await until("the refusal", () => laptop.heard.errors[0]);
      assert.equal(error.details.code, "AUTH_DEVICE_TOKEN_MISMATCH");
      assert.match(error.message, /unauthorized/);
      await until("the token to be forgotten", () => machine.tokens.size === 0);
      assert.equal(laptop.heard.hellos.length, 1);

      const waits = await refused(on(machine, token()));
      assert.equal(waits.gatewayCode, "NOT_PAIRED");
      assert.equal(waits.details.code, "PAIRING_REQUIRED");
      const { requestId } = waits.details;
      assert.match(requestId, /^[0-9a-f-]{36}$/);
      assert.equal(waits.details.next, `openclaw devices approve ${requestId}`);
      const same = await refused(on(machine, token()));
      assert.equal(same.details.requestId, requestId, "asking again makes no other request");
      assert.equal((await pairEvent(heard, "requested", device.deviceId)).requestId, requestId);

      const approved = await admin.request("device.pair.approve", { requestId });
      assert.equal(approved.device.deviceId, device.deviceId);
      const back = await keep(connect(on(machine, token())));
      assert.notEqual(back.hello.auth.deviceToken, hello.auth.deviceToken);
      const old = { device, tokens: new Map([["operator", { token: hello.auth.deviceToken, scopes: ["operator.read"] }]]) };
      assert.equal((await refused(on(old))).details.code, "AUTH_DEVICE_TOKEN_MISMATCH");
    }));

  test("that is rejected or removed has to ask again", () =>
    using(async (keep) => {
      const machine = newMachine();
      const { deviceId } = machine.device;
      await keep(connect(on(machine, token())).then((it) => (it.client.stop(), it)));
      const phone = await keep(connect(on(machine)));
      const { client: admin, heard } = await keep(owner());
      assert.deepEqual(await admin.request("device.pair.remove", { deviceId }), { deviceId, removed: true });
      assert.equal((await until("the close", () => phone.heard.closes[0])).code, 4001);
      phone.client.stop();
      assert.equal((await admin.request("device.pair.list", {})).paired.some((it) => it.deviceId === deviceId), false);

      // A page in a browser is never paired without asking, not even on this machine.
      const page = { origin: gateway.http, clientName: "webchat-ui", mode: "webchat" };
      const { requestId } = (await refused({ ...on(newMachine(), token()), ...page })).details;
      const pending = (await admin.request("device.pair.list", {})).pending.find((it) => it.requestId === requestId);
      assert.equal(pending.clientId, "webchat-ui");
      const rejected = await admin.request("device.pair.reject", { requestId });
      assert.deepEqual(rejected, { requestId, deviceId: pending.deviceId });
      assert.equal((await pairEvent(heard, "resolved", pending.deviceId)).decision, "rejected");
      const gone = await admin.request("device.pair.approve", { requestId }).catch((e) => e);
      assert.match(gone.message, /unknown requestId/);
    }));

  test("asks for more on the live connection and comes back with it", () =>
    using(async (keep) => {
      const machine = newMachine();
      const { deviceId } = machine.device;
      await keep(connect(on(machine, token())).then((it) => (it.client.stop(), it)));
      const { client } = await keep(connect(on(machine)));
      const { client: admin } = await keep(owner());
      const host = hostOf(machine.device, machine.tokens);
      let reconnects = 0;
      const upgrade = new GatewayScopeUpgrade({
        request: (method, params, options) => client.request(method, params, options),
        tokenStore: { load: host.loadDeviceAuthToken, store: host.storeDeviceAuthToken, clear: host.clearDeviceAuthToken },
        reconnect: () => { reconnects += 1; },
      });
      const wanted = ["operator.read", "operator.write"];
      let waiting;
      const outcome = upgrade.requestScopeUpgrade({
        binding: { clientId: "gateway-client", deviceId, role: "operator" },
        scopes: wanted,
        onPending: (requestId) => { waiting = requestId; },
      });
      const requestId = await until("the request", () => waiting);
      const still = await client.request("chat.abort", { sessionKey: "main" }).catch((e) => e);
      assert.equal(still.details?.missingScope, "operator.write", "nobody has decided yet");
      await admin.request("device.pair.approve", { requestId });
      assert.deepEqual(await within("the outcome", outcome), { status: "approved", requestId, scopes: wanted });
      assert.equal(reconnects, 1);
      assert.deepEqual(machine.tokens.get("operator").scopes, wanted);

      client.stop();
      const more = await keep(connect({ ...on(machine), scopes: wanted }));
      assert.deepEqual([more.hello.auth.method, more.hello.auth.scopes], ["device-token", wanted]);
    }));

  test("that asks for more than it was let in for has to ask, unless it knows the token", () =>
    using(async (keep) => {
      const machine = newMachine();
      await keep(connect(on(machine, token())).then((it) => (it.client.stop(), it)));
      const error = await refused({ ...on(machine), scopes: ["operator.read", "operator.admin"] });
      assert.equal(error.details.code, "PAIRING_REQUIRED");
      assert.equal(error.details.reason, "scope-upgrade");
      const { hello } = await keep(connect({ ...on(machine, token()), scopes: ["operator.admin"] }));
      assert.ok(hello.auth.scopes.includes("operator.admin"));
    }));

  test("that changes its own token stays, while its other connections are closed", () =>
    using(async (keep) => {
      const machine = newMachine();
      const { deviceId } = machine.device;
      const scopes = ["operator.read", "operator.pairing"];
      await keep(connect({ ...on(machine, token()), scopes }).then((it) => (it.client.stop(), it)));
      const own = await keep(connect({ ...on(machine), scopes }));
      const other = await keep(connect({ ...on(machine), scopes }));
      const { client: admin } = await keep(owner());

      const rotated = await own.client.request("device.token.rotate", { deviceId, role: "operator" });
      assert.ok(rotated.token && rotated.token !== own.hello.auth.deviceToken, "its owner is told the new one");
      const closed = await until("the close", () => other.heard.closes[0]);
      assert.deepEqual([closed.code, closed.reason], [4001, "device token rotated"]);
      other.client.stop();
      assert.equal((await own.client.request("health", {})).ok, true);

      const byAdmin = await admin.request("device.token.rotate", { deviceId, role: "operator" });
      assert.equal(byAdmin.token, undefined, "nobody else is");
      assert.equal((await until("the close", () => own.heard.closes[0])).code, 4001);
      own.client.stop();
      machine.tokens.set("operator", { token: rotated.token, scopes });
      assert.equal((await refused({ ...on(machine), scopes })).details.code, "AUTH_DEVICE_TOKEN_MISMATCH");
      const fresh = await keep(connect({ ...on(machine, token()), scopes }));
      assert.ok(fresh.hello.auth.deviceToken, "the gateway's token brings a new one");
    }));

  test("is let in by a setup code, once", () =>
    using(async (keep) => {
      const { client: admin } = await keep(owner());
      const made = await admin.request("device.pair.setupCode", { publicUrl: "wss://gateway.example" });
      const code = JSON.parse(Buffer.from(made.setupCode, "base64url"));
      assert.deepEqual([code.url, made.gatewayUrl], ["wss://gateway.example", "wss://gateway.example"]);
      assert.match(made.qrDataUrl, /^data:image\/png;base64,/);
      assert.equal(made.setupCode.includes(gateway.token) || JSON.stringify(code).includes(gateway.token), false);
      const status = () => admin.request("device.pair.setupStatus", { setupId: made.setupId });
      assert.equal((await status()).status, "pending");

      const phone = newMachine();
      const scopes = ["operator.read", "operator.write"];
      const shown = { bootstrapToken: code.bootstrapToken, preferBootstrapToken: true };
      const { client, hello } = await keep(connect({ ...on(phone, shown), scopes }));
      assert.ok(hello.auth.deviceToken);
      assert.deepEqual(hello.auth.scopes, scopes);
      const refusal = await client.request("device.pair.list", {}).catch((e) => e);
      assert.equal(refusal.details?.missingScope, "operator.pairing");
      client.stop();
      const after = await status();
      assert.deepEqual([after.status, after.deviceId], ["completed", phone.device.deviceId]);

      const second = await refused({ ...on(newMachine(), shown), scopes });
      assert.equal(second.details.code, "AUTH_BOOTSTRAP_TOKEN_INVALID");
      const back = await keep(connect({ ...on(phone), scopes }));
      assert.equal(back.hello.auth.method, "device-token");
    }));

  test("is talked about to those who may decide, and to nobody else", () =>
    using(async (keep) => {
      const decides = await keep(owner(["operator.pairing"]));
      const reads = await keep(owner(["operator.read", "operator.write", "operator.approvals"]));
      const page = { origin: gateway.http, clientName: "webchat-ui", mode: "webchat" };
      const machine = newMachine();
      const { requestId } = (await refused({ ...on(machine, token()), ...page })).details;
      const { deviceId } = machine.device;
      const requested = await pairEvent(decides.heard, "requested", deviceId);
      assert.equal(requested.requestId, requestId);
      await decides.client.request("device.pair.reject", { requestId });
      const resolved = await pairEvent(decides.heard, "resolved", deviceId);
      assert.deepEqual([resolved.requestId, resolved.decision], [requestId, "rejected"]);
      // An answer comes after everything that was sent before it.
      await reads.client.request("health", {});
      assert.deepEqual(pairEvents(reads.heard), []);
      assert.equal(JSON.stringify(decides.heard.events).includes(gateway.token), false);
    }));

  test("with operator.pairing manages itself and lets nobody have more than it has", () =>
    using(async (keep) => {
      const machine = newMachine();
      const scopes = ["operator.read", "operator.pairing"];
      const { client } = await keep(connect({ ...on(machine, token()), scopes }));
      const other = newMachine();
      const { client: admin } = await keep(owner());
      (await keep(connect(on(other, token())))).client.stop();
      const { paired } = await client.request("device.pair.list", {});
      assert.deepEqual(paired.map((it) => it.deviceId), [machine.device.deviceId]);
      const denied = await client.request("device.token.revoke", { deviceId: other.device.deviceId, role: "operator" }).catch((e) => e);
      assert.ok(denied instanceof Error, "another device's token");
      assert.ok((await admin.request("device.pair.list", {})).paired
        .find((it) => it.deviceId === other.device.deviceId).tokens.every((it) => !it.revokedAtMs));
    }));
});

describe("devices of January, protocol 3", suite, () => {
  const vector = makeDevice(Array.from({ length: 32 }, (_, i) => i));
  const client = { id: "cli", version: "2026.1.27", platform: "Linux", mode: "cli" };

  /** Logs a device in as January's clients did, with a signature of `version`. */
  async function login(gateway, device, version, { scopes = ["operator.admin"], secret = gateway.token, change = {} } = {}) {
    const wire = await Wire.open(gateway.url, { dialect: "protocol3" });
    const { nonce } = wire.challenge;
    const signedAt = Date.now();
    const fields = { deviceId: device.deviceId, clientId: client.id, clientMode: client.mode, role: "operator", scopes, signedAt, token: secret, nonce, platform: client.platform };
    try {
      wire.hello = await wire.request("connect", {
        minProtocol: 3,
        maxProtocol: 3,
        client,
        role: "operator",
        scopes,
        caps: [],
        auth: { token: secret },
        device: {
          id: device.deviceId,
          publicKey: device.publicKey,
          signature: device.sign(signedLine(version, fields)),
          signedAt,
          ...(version === 1 ? {} : { nonce }),
          ...change,
        },
      });
      return wire;
    } catch (error) {
      wire.socket.terminate();
      throw error;
    }
  }
  const refusal = async (...args) => {
    const error = await login(...args).then((wire) => (wire.socket.terminate(), wire.hello), (e) => e);
    assert.ok(error instanceof RequestError, `was let in: ${JSON.stringify(error)}`);
    return error;
  };

  test("the signatures are those of the reference", () => {
    assert.equal(vector.publicKey, "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg");
    assert.equal(vector.deviceId, "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c");
    const fields = {
      deviceId: vector.deviceId, clientId: "cli", clientMode: "cli", role: "operator",
      scopes: ["operator.admin", "operator.approvals"], signedAt: 1769600000000, token: "tok", nonce: "nonce-1", platform: "Linux",
    };
    const expected = {
      1: "ISdfmISnsJg1wB_1qYkJXq2UamZnmIBs8wBv00An1zmePkMMqN4iOTWM496-tL9MXQdxzlqgTeYMpUsmtSBPBA",
      2: "1wPWn8Visuc3Cjuvlv4_hiOohAYx_97PSrzTzip6bjdZSZV5aPQeUsjAiaMrSXwioWSk8r1LONBdFGm0Z3faCw",
      3: "zw236TNzjxU0khXkE_vO0T-PsVaZsEakP9-FT6BvhAgtn4ldk8fdDzwDbFmZaq6MFesAvGKvQFlMmBXJvOzqCA",
    };
    for (const [version, signature] of Object.entries(expected)) {
      assert.equal(vector.sign(signedLine(Number(version), fields)), signature, `v${version}`);
    }
  });

  test("signatures 2 and 3 pair, and the token comes back in the gateway's place", async () => {
    for (const version of [2, 3]) {
      const device = makeDevice();
      const wire = await login(gateway, device, version);
      assert.deepEqual(wire.dropped, []);
      const { deviceToken } = wire.hello.auth;
      assert.ok(deviceToken, `v${version}`);
      await wire.close();
      const again = await login(gateway, device, version, { secret: deviceToken });
      assert.equal(again.hello.auth.deviceToken, deviceToken, `v${version}`);
      await again.close();
    }
    (await login(gateway, vector, 2)).socket.terminate();
  });

  test("a signature that does not fit is refused with the words of January", async () => {
    const device = makeDevice();
    const table = [
      [2, { signature: device.sign("v2|something else") }, "device signature invalid"],
      [2, { signedAt: Date.now() - 11 * 60_000 }, "device signature expired"],
      [2, { nonce: "another" }, "device nonce mismatch"],
      [2, { id: makeDevice().deviceId }, "device identity mismatch"],
      [2, { publicKey: "***" }, "device public key invalid"],
    ];
    for (const [version, change, message] of table) {
      const error = await refusal(gateway, device, version, { change });
      assert.equal(error.reason, message);
    }
  });

  test("signature 1, which has no nonce, is good only where the configuration allows it", async () => {
    const device = makeDevice();
    const error = await refusal(gateway, device, 1);
    assert.equal(error.reason, "device nonce required");
    const old = await startGateway(model, { config: { gateway: { auth: { legacyDeviceSignatures: true } } } });
    try {
      const wire = await login(old, device, 1);
      assert.ok(wire.hello.auth.deviceToken);
      await wire.close();
      (await login(old, device, 2)).socket.terminate();
      assert.equal((await refusal(old, device, 1, { change: { signature: device.sign("v1|") } })).reason, "device signature invalid");
    } finally {
      await old.stop();
    }
  });
});
