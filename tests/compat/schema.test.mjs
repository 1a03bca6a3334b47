// Every answer and event against the schemas OpenClaw publishes for protocol 4.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GatewayClient } from "@openclaw/gateway-client";
import * as protocol from "@openclaw/gateway-protocol/schema";
import { Value } from "typebox/value";
import { external, freshKey, startGateway, startModel, until, within } from "./harness.mjs";

let model;
let gateway;
let client;
let hello;
const events = [];

/**
 * What of `value` the published schema does not allow. The schemas are closed, but the original itself
 * sends fields that are newer than its newest published schemas, so more than they know is no fault.
 */
function wrong(schema, value) {
  return [...Value.Errors(schema, value)]
    .filter(({ keyword }) => keyword !== "additionalProperties")
    .slice(0, 8)
    .map(({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`);
}

before(async () => {
  model = await startModel();
  gateway = await startGateway(model);
  hello = await within("hello-ok", new Promise((done, fail) => {
    client = new GatewayClient({
      url: gateway.url, token: gateway.token, deviceIdentity: null, minProtocol: 4, maxProtocol: 4,
      scopes: ["operator.admin", "operator.read", "operator.write"],
      onHelloOk: done, onConnectError: fail, onEvent: (event) => events.push(event),
    });
    client.start();
  }));
  await client.request("sessions.subscribe", {});
});
after(async () => {
  client?.stop();
  await gateway?.stop();
  model?.stop();
});

test("hello-ok", () => assert.deepEqual(wrong(protocol.HelloOkSchema, hello), []));

const key = freshKey("schema");

for (const [method, schema, params] of [
  ["sessions.create", "SessionsCreateResultSchema", { key }],
  ["agents.list", "AgentsListResultSchema", {}],
  ["agent.identity.get", "AgentIdentityResultSchema", {}],
  ["models.list", "ModelsListResultSchema", {}],
  ["tools.catalog", "ToolsCatalogResultSchema", {}],
  ["tools.effective", "ToolsEffectiveResultSchema", { sessionKey: "main" }],
  ["tools.invoke", "ToolsInvokeResultSchema", { name: "agents_list", args: {} }],
  ["tools.invoke", "ToolsInvokeResultSchema", { name: "nope" }],
  ["commands.list", "CommandsListResultSchema", {}],
  ["logs.tail", "LogsTailResultSchema", { limit: 5 }],
  ["system.info", "SystemInfoResultSchema", {}],
  ["sessions.resolve", "SessionsResolveResultSchema", { key }],
]) {
  test(method, async () => {
    assert.deepEqual(wrong(protocol[schema], await client.request(method, params)), []);
  });
}

test("a conversation: frames, chat, agent, rows, one message", async () => {
  const runId = crypto.randomUUID();
  await client.request("chat.send", { sessionKey: key, message: "FAKE_TOKENS:20;FAKE_DELAY:20; hi", idempotencyKey: runId });
  await until("the final", () => events.some((e) => e.event === "chat" && e.payload.runId === runId && e.payload.state === "final"));
  for (const event of events) {
    assert.deepEqual(wrong(protocol.EventFrameSchema, event), [], JSON.stringify(event).slice(0, 200));
    const schema = { chat: protocol.ChatEventSchema, agent: protocol.AgentEventSchema, tick: protocol.TickEventSchema }[event.event];
    if (schema) assert.deepEqual(wrong(schema, event.payload), [], JSON.stringify(event.payload).slice(0, 300));
  }
  const { session } = await client.request("sessions.describe", { key });
  assert.deepEqual(wrong(protocol.SessionRowSchema, session), []);
  for (const row of (await client.request("sessions.list", {})).sessions) assert.deepEqual(wrong(protocol.SessionRowSchema, row), []);
  const { messages } = await client.request("chat.history", { sessionKey: key });
  const got = await client.request("chat.message.get", { sessionKey: key, messageId: messages.at(-1).__openclaw.id });
  assert.deepEqual(wrong(protocol.ChatMessageGetResultSchema, got), []);
  assert.deepEqual(wrong(protocol.SessionsDeleteResultSchema, await client.request("sessions.delete", { key })), []);
});

test("an aborted run and a failed one", async () => {
  const session = freshKey("schema");
  const [aborted, failed] = [crypto.randomUUID(), crypto.randomUUID()];
  await client.request("chat.send", { sessionKey: session, message: "FAKE_TOKENS:400;FAKE_DELAY:25;", idempotencyKey: aborted });
  await until("the first delta", () => events.some((e) => e.payload?.runId === aborted && e.payload.state === "delta"));
  await client.request("chat.abort", { sessionKey: session });
  await client.request("chat.send", { sessionKey: session, message: "FAKE_ERROR:400;", idempotencyKey: failed });
  for (const [runId, state] of [[aborted, "aborted"], [failed, "error"]]) {
    if (external && state === "error") continue; // it tries again for minutes
    const event = await until(`the ${state} event`, () => events.find((e) => e.event === "chat" && e.payload.runId === runId && e.payload.state === state));
    assert.deepEqual(wrong(protocol.ChatEventSchema, event.payload), [], JSON.stringify(event.payload).slice(0, 300));
  }
});
