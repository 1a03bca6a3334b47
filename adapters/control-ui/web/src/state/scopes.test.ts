import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { GatewayError } from "../gateway/error.ts";
import { HELLO, fakeGateway } from "../gateway/fake.ts";
import { Credentials } from "../gateway/credentials.ts";

let it: ReturnType<typeof fakeGateway>;
vi.mock("../gateway/index.ts", async () => {
  const { SCOPES } = await import("../gateway/client.ts");
  const { commandFor } = await import("../gateway/phase.ts");
  return { SCOPES, commandFor, get gateway() { return it.client; } };
});
const { ask, giveUp, isPleading, lacking, plea, plead } = await import("./scopes.ts");
const { sayFailed, toasts } = await import("./toasts.ts");

const METHODS = ["device.scopes.requestUpgrade", "device.scopes.waitUpgrade"];
const READER = { ...HELLO, features: { ...HELLO.features, methods: METHODS } };
const WRITER = { ...READER, auth: { ...READER.auth, scopes: ["operator.read", "operator.write"] } };

beforeEach(async () => {
  localStorage.clear();
  toasts.value = [];
  giveUp();
  it = fakeGateway({ credentials: new Credentials("/"), identity: async () => ({ id: "dev", publicKey: "key", sign: async () => "signed" }) });
  it.client.connect();
  await it.letIn(READER);
});
afterEach(() => it.client.stop());

const asked = (method: string) => vi.waitFor(() => it.socket.last(method));

test("what it may already and what it lacks is asked for, and it comes back with what it got", async () => {
  expect(lacking()).toEqual(["operator.admin", "operator.write", "operator.approvals", "operator.pairing"]);
  const then = vi.fn();
  plead(["operator.write"], then);
  const end = ask();
  await asked("device.scopes.requestUpgrade");
  expect(it.socket.last("device.scopes.requestUpgrade").params).toEqual({ scopes: ["operator.read", "operator.write"] });
  it.socket.answer("device.scopes.requestUpgrade", { requestId: "r1" });
  await asked("device.scopes.waitUpgrade");
  expect(plea.value?.state).toEqual({ command: "openclaw devices approve r1" });
  it.socket.answer("device.scopes.waitUpgrade", { status: "approved", requestId: "r1", deviceToken: "more", scopes: ["operator.read", "operator.write"] });
  await vi.waitFor(() => expect(it.sockets.length).toBe(2));
  await it.challenge();
  expect(it.socket.last("connect").params).toMatchObject({ scopes: ["operator.read", "operator.write"], auth: { deviceToken: "more" } });
  it.socket.answer("connect", WRITER);
  await end;
  expect([plea.value, isPleading.value, then.mock.calls.length]).toEqual([null, false, 1]);
});

test("a connection that goes away does not end the waiting", async () => {
  plead(["operator.write"]);
  const end = ask();
  await asked("device.scopes.requestUpgrade");
  it.socket.answer("device.scopes.requestUpgrade", { requestId: "r1" });
  await asked("device.scopes.waitUpgrade");
  it.socket.drop();
  it.client.hurry();
  await it.letIn(READER);
  await asked("device.scopes.waitUpgrade");
  it.socket.answer("device.scopes.waitUpgrade", { status: "rejected", requestId: "r1" });
  await end;
  expect(plea.value?.state).toBe("refused");
});

test("what was not decided in time can be asked for again", async () => {
  plead(["operator.write"]);
  const end = ask();
  await asked("device.scopes.requestUpgrade");
  it.socket.answer("device.scopes.requestUpgrade", { requestId: "r1" });
  await asked("device.scopes.waitUpgrade");
  it.socket.refuse("device.scopes.waitUpgrade", { code: "INVALID_REQUEST", message: "scope upgrade expired or not found" });
  await end;
  expect(plea.value?.state).toBe("over");
});

test("a refusal for want of a scope names it, and offers to ask", () => {
  const again = vi.fn();
  const details = { code: "MISSING_SCOPE", missingScope: "operator.write", requiredScopes: ["operator.write"] };
  sayFailed(new GatewayError({ code: "FORBIDDEN", message: "missing scope: operator.write", details }), again);
  expect(toasts.value[0]?.lacks).toEqual({ scope: "operator.write", again });
  sayFailed(new GatewayError({ code: "UNAVAILABLE", message: "no" }));
  expect(toasts.value[1]?.lacks).toBeUndefined();
});
