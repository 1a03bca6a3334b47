// A client written from the brief alone: `request`, `response`, `broadcast`, a token, nothing else.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { external, freshKey, startGateway, startModel, textOf, until, within, words } from "./harness.mjs";
import { Wire } from "./wire.mjs";

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

async function withWire(body, { params, binary } = {}) {
  const wire = await Wire.open(gateway.url, { dialect: "brief", binary });
  wire.hello = await wire.request("connect", params ?? { auth: { token: gateway.token } });
  try {
    await body(wire);
    assert.deepEqual(wire.dropped, []);
  } finally {
    wire.socket.terminate();
  }
}

/** The broadcasts about one run, under the real name and the brief's. */
const about = (wire, runId) => wire.events.filter((e) => ["chat", "chat.delta"].includes(e.event) && e.payload.runId === runId);

describe("the brief's dialect", { skip: external && "only ours speaks it" }, () => {
  for (const [how, params] of [
    ["a token in auth", () => ({ auth: { token: gateway.token } })],
    ["a flat token", () => ({ token: gateway.token })],
    ["a token, a role and scopes", () => ({ auth: { token: gateway.token }, role: "operator", scopes: ["operator.admin"] })],
    ["everything the real protocol has", () => ({
      minProtocol: 3, maxProtocol: 4, client: { id: "gateway-client", version: "1", platform: "linux", mode: "backend" },
      role: "operator", scopes: ["operator.admin"], auth: { token: gateway.token },
    })],
  ]) {
    test(`connects with ${how}`, () => withWire(async (wire) => {
      assert.equal(wire.hello.type, "hello-ok");
      assert.ok(wire.hello.features.methods.length > 20);
      assert.equal((await wire.request("health", {})).ok, true);
    }, { params: params() }));
  }

  test("is not let in without the token", async () => {
    for (const params of [{}, { auth: { token: "wrong" } }, { token: "" }, { role: "operator" }]) {
      const wire = await Wire.open(gateway.url, { dialect: "brief" });
      const refused = await wire.request("connect", params).catch((error) => error);
      assert.ok(refused instanceof Error, `let in with ${JSON.stringify(params)}`);
      assert.equal((await within("the close", wire.closed)).code, 1008);
    }
  });

  test("a first request other than connect is refused in its own words", async () => {
    const wire = await Wire.open(gateway.url, { dialect: "brief" });
    const refused = await wire.request("health", {}).catch((error) => error);
    assert.equal(refused.reason, "invalid handshake: first request must be connect");
    await within("the close", wire.closed);
  });

  for (const binary of [false, true]) {
    test(`talks, listens, reads back (${binary ? "binary" : "text"} frames)`, () => withWire(async (wire) => {
      const key = freshKey("brief");
      const runId = crypto.randomUUID();
      const ack = await wire.request("chat.send", { sessionKey: key, message: "FAKE_TOKENS:30;FAKE_DELAY:15; hello", idempotencyKey: runId });
      assert.deepEqual([ack.runId, ack.status], [runId, "started"]);
      await until("the final", () => about(wire, runId).some((e) => e.payload.state === "final"));
      const deltas = about(wire, runId).filter((e) => e.payload.state === "delta");
      assert.ok(deltas.length >= 1);
      assert.ok(words(30).startsWith(textOf(deltas[0].payload.message)));
      const final = about(wire, runId).find((e) => e.payload.state === "final");
      assert.equal(textOf(final.payload.message), words(30));
      const { messages } = await wire.request("chat.history", { sessionKey: key });
      assert.deepEqual(messages.map((m) => m.role), ["user", "assistant"]);
      const { sessions } = await wire.request("sessions.list", { search: key });
      assert.deepEqual(sessions.map((s) => s.key), [key]);
    }, { binary }));
  }

  test("aborts", () => withWire(async (wire) => {
    const key = freshKey("briefabort");
    const runId = crypto.randomUUID();
    await wire.request("chat.send", { sessionKey: key, message: `FAKE_TOKENS:400;FAKE_DELAY:25; ${runId}`, idempotencyKey: runId });
    await until("the first delta", () => about(wire, runId).length > 0);
    const aborted = await wire.request("chat.abort", { sessionKey: key });
    assert.deepEqual([aborted.ok, aborted.aborted, aborted.runIds], [true, true, [runId]]);
    await until("the aborted broadcast", () => about(wire, runId).some((e) => e.payload.state === "aborted"));
    await until("the model to be let go", () => model.request(runId)?.state === "cancelled");
  }));

  test("agent answers twice", () => withWire(async (wire) => {
    let accepted;
    const runId = crypto.randomUUID();
    const final = await wire.request("agent", { message: "FAKE_TOKENS:3; x", sessionKey: freshKey("briefagent"), idempotencyKey: runId }, {
      expectFinal: true,
      onAccepted: (payload) => { accepted = payload; },
    });
    assert.equal(accepted.runId, runId);
    assert.deepEqual([final.status, final.result.payloads[0].text], ["ok", words(3)]);
  }));

  test("errors have a code and a message", () => withWire(async (wire) => {
    const unknown = await wire.request("no.such.method", {}).catch((error) => error);
    assert.deepEqual([unknown.code, unknown.reason], ["INVALID_REQUEST", "unknown method: no.such.method"]);
    const bad = await wire.request("chat.send", {}).catch((error) => error);
    assert.match(bad.reason, /^invalid chat\.send params: /);
  }));

  test("a frame of the other dialect is an error in this one", () => withWire(async (wire) => {
    const answer = new Promise((done) => wire.socket.on("message", (data) => {
      const frame = JSON.parse(data);
      if (frame.id === "other") done(frame);
    }));
    wire.send({ type: "req", id: "other", method: "health", params: {} });
    const frame = await within("the refusal", answer);
    assert.deepEqual([frame.type, frame.ok, frame.error.code], ["response", false, "INVALID_REQUEST"]);
    assert.equal((await wire.request("health", {})).ok, true);
  }));
});
