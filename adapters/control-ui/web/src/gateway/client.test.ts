import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { delayBefore } from "./backoff.ts";
import { Credentials, takenFromAddress } from "./credentials.ts";
import { GatewayError } from "./error.ts";
import { HELLO, fakeGateway } from "./fake.ts";
import { base64url, ofKeys, signedLine } from "./identity.ts";

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
});
afterEach(() => vi.useRealTimers());

test("it says who it is only when it was asked, and shows the secret", async () => {
  const credentials = new Credentials("/");
  credentials.enter("token", "secret", false);
  const it = fakeGateway({ credentials });
  it.client.connect();
  expect(it.socket.sent).toEqual([]);
  await it.challenge();
  const { params } = it.socket.last("connect");
  expect(params).toMatchObject({ minProtocol: 4, maxProtocol: 4, role: "operator", auth: { token: "secret" } });
  expect(params["client"]).toMatchObject({ id: "openclaw-control-ui", mode: "webchat" });
  expect(params).not.toHaveProperty("device");
});

test("a device signs what it shows, and comes back with its token", async () => {
  const sign = vi.fn(async (line: string) => `signed:${line}`);
  const identity = async () => ({ id: "dev", publicKey: "key", sign });
  const it = fakeGateway({ identity });
  it.client.connect();
  await it.letIn();
  it.socket.drop();
  vi.advanceTimersByTime(60_000);
  await it.challenge();
  const { auth, device } = it.socket.last("connect").params as Record<string, Record<string, unknown>>;
  expect(auth).toEqual({ deviceToken: "device-token" });
  expect(device).toMatchObject({ id: "dev", publicKey: "key", signedAt: 1_000, nonce: "nonce-1" });
  expect(sign.mock.lastCall?.[0]).toMatch(/^v3\|dev\|openclaw-control-ui\|webchat\|operator\|operator\.admin,.*\|1000\|device-token\|nonce-1\|linux\|$/);
});

test("answers find their questions, in whatever order they come", async () => {
  const it = fakeGateway();
  it.client.connect();
  await it.letIn();
  const one = it.client.call("one", {});
  const two = it.client.call("two", {});
  it.socket.refuse("two", { code: "FORBIDDEN", message: "no", retryAfterMs: 5 });
  it.socket.answer("one", { ok: 1 });
  expect(await one).toEqual({ ok: 1 });
  await expect(two).rejects.toMatchObject({ code: "FORBIDDEN", message: "no", retryAfterMs: 5 });
});

test("a question without an answer fails after a while", async () => {
  const it = fakeGateway();
  it.client.connect();
  await it.letIn();
  const asked = it.client.call("slow", {}, 1_000);
  vi.advanceTimersByTime(1_000);
  await expect(asked).rejects.toMatchObject({ code: "TIMEOUT" });
});

test("what waits fails when the connection goes, and nothing is asked without one", async () => {
  const it = fakeGateway();
  it.client.connect();
  await expect(it.client.call("early", {})).rejects.toMatchObject({ code: "DISCONNECTED" });
  await it.letIn();
  const asked = it.client.call("lost", {});
  it.socket.drop();
  await expect(asked).rejects.toBeInstanceOf(GatewayError);
});

test("it comes back by itself, later each time, and at once when told so", async () => {
  const it = fakeGateway();
  it.client.connect();
  await it.letIn();
  it.socket.drop();
  expect(it.client.phase.peek()).toMatchObject({ kind: "away", restarting: false });
  vi.advanceTimersByTime(399);
  expect(it.sockets.length).toBe(1);
  vi.advanceTimersByTime(1);
  expect(it.sockets.length).toBe(2);
  it.socket.drop();
  vi.advanceTimersByTime(799);
  expect(it.sockets.length).toBe(2);
  it.client.hurry();
  expect(it.sockets.length).toBe(3);
});

test("delays grow up to a quarter of a minute, and are never nothing", () => {
  const delays = Array.from({ length: 12 }, (_, index) => delayBefore(index + 1, () => 1));
  expect(delays.slice(0, 4)).toEqual([400, 800, 1_600, 3_200]);
  expect(delays.at(-1)).toBe(15_000);
  expect(delayBefore(1, () => 0)).toBe(200);
});

test("a restart is called one", async () => {
  const it = fakeGateway();
  it.client.connect();
  await it.letIn();
  it.socket.event("shutdown", { reason: "gateway restarting", restartExpectedMs: 1_500 }, 1);
  it.socket.drop(1012);
  expect(it.client.phase.peek()).toMatchObject({ kind: "away", restarting: true });
});

test("everything is fetched after each login, and after a gap in the numbers", async () => {
  const it = fakeGateway();
  const fetch = vi.fn();
  it.client.onFresh(fetch);
  it.client.connect();
  await it.letIn();
  expect(fetch).toHaveBeenCalledTimes(1);
  for (const seq of [7, 8, 9]) it.socket.event("tick", { ts: seq }, seq);
  it.socket.event("node.invoke.request", {});
  expect(fetch).toHaveBeenCalledTimes(1);
  it.socket.event("tick", { ts: 11 }, 11);
  expect(fetch).toHaveBeenCalledTimes(2);
  it.socket.drop();
  vi.advanceTimersByTime(400);
  await it.letIn();
  expect(fetch).toHaveBeenCalledTimes(3);
});

test("silence is taken for the end of the connection", async () => {
  const it = fakeGateway();
  it.client.connect();
  await it.letIn();
  vi.advanceTimersByTime(45_000);
  it.socket.event("tick", { ts: 1 }, 1);
  vi.advanceTimersByTime(45_000);
  expect(it.client.phase.peek().kind).toBe("connected");
  vi.advanceTimersByTime(15_000);
  expect(it.client.phase.peek().kind).toBe("away");
});

test("hearers hear until they do not want to any more", async () => {
  const it = fakeGateway();
  const [hear, any] = [vi.fn(), vi.fn()];
  const end = it.client.on("tick", hear);
  it.client.onAny(any);
  it.client.connect();
  await it.letIn();
  it.socket.event("tick", { ts: 1 }, 1);
  end();
  it.socket.event("tick", { ts: 2 }, 2);
  expect(hear.mock.calls).toEqual([[{ ts: 1 }]]);
  expect(any.mock.calls).toEqual([["tick", { ts: 1 }], ["tick", { ts: 2 }]]);
});

test.each([
  ["nonsense", "not json"],
  ["a list", "[]"],
  ["nothing", "null"],
  ["an answer to nobody", "{\"type\":\"res\",\"id\":\"x\",\"ok\":true}"],
  ["an unknown frame", "{\"type\":\"other\"}"],
])("%s is ignored", async (_, data) => {
  const it = fakeGateway();
  it.client.connect();
  await it.letIn();
  it.socket.onmessage?.({ data } as MessageEvent);
  it.socket.onmessage?.({ data: new Blob() } as MessageEvent);
  expect(it.client.phase.peek().kind).toBe("connected");
});

test.each([
  ["AUTH_TOKEN_MISSING", {}, { kind: "secret", wants: "token", wrong: false }],
  ["AUTH_TOKEN_MISMATCH", {}, { kind: "secret", wants: "token", wrong: true }],
  ["AUTH_PASSWORD_MISSING", {}, { kind: "secret", wants: "password", wrong: false }],
  ["AUTH_PASSWORD_MISMATCH", {}, { kind: "secret", wants: "password", wrong: true }],
  ["CONTROL_UI_DEVICE_IDENTITY_REQUIRED", {}, { kind: "insecure" }],
  ["PAIRING_REQUIRED", { requestId: "r-1" }, { kind: "pairing", requestId: "r-1", command: "openclaw devices approve r-1" }],
  ["PAIRING_REQUIRED", {}, { kind: "pairing", requestId: undefined, command: "openclaw devices list" }],
  ["AUTH_RATE_LIMITED", { retryAfterMs: 5_000 }, { kind: "limited" }],
  ["CONTROL_UI_ORIGIN_NOT_ALLOWED", { next: "do this" }, { kind: "refused", next: "do this" }],
])("being refused with %s %j is %j", async (code, more, phase) => {
  const it = fakeGateway();
  it.client.connect();
  await it.refuse(code, more);
  expect(it.client.phase.peek()).toMatchObject(phase);
});

test("it looks again by itself whether somebody let it in", async () => {
  const it = fakeGateway();
  it.client.connect();
  await it.refuse("PAIRING_REQUIRED", { requestId: "r" });
  vi.advanceTimersByTime(2_500);
  expect(it.sockets.length).toBe(2);
  expect(it.client.phase.peek().kind).toBe("pairing");
  await it.letIn();
  expect(it.client.phase.peek().kind).toBe("connected");
});

test("a wrong secret is forgotten, and not tried again by itself", async () => {
  const credentials = new Credentials("/");
  credentials.enter("token", "wrong", true);
  const it = fakeGateway({ credentials });
  it.client.connect();
  await it.refuse("AUTH_TOKEN_MISMATCH");
  expect(credentials.shown(true)).toEqual({});
  vi.advanceTimersByTime(120_000);
  expect(it.sockets.length).toBe(1);
});

test("a setup code is shown once, and kept nowhere", async () => {
  const credentials = new Credentials("/");
  credentials.redeem("code");
  const identity = async () => ({ id: "dev", publicKey: "key", sign: async () => "s" });
  const it = fakeGateway({ credentials, identity });
  it.client.connect();
  await it.letIn();
  expect(it.socket.last("connect").params["auth"]).toEqual({ bootstrapToken: "code" });
  expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain("code\"");
  expect(credentials.shown(true)).toEqual({ deviceToken: "device-token" });
});

test("what it may do follows from what it was given", async () => {
  const it = fakeGateway();
  expect(it.client.may("operator.read")).toBe(false);
  it.client.connect();
  await it.letIn();
  expect([it.client.may("operator.read"), it.client.may("operator.write")]).toEqual([true, false]);
  expect([it.client.has("health"), it.client.has("chat.history")]).toEqual([true, false]);
  it.socket.drop();
  vi.advanceTimersByTime(400);
  await it.letIn({ ...HELLO, auth: { ...HELLO.auth, scopes: ["operator.admin"] } });
  expect(it.client.may("operator.write")).toBe(true);
});

test("the signed line is the one the gateway checks", async () => {
  // The vector of `ws-protocol.md` 4.6.
  const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
  const head = Uint8Array.from([0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]);
  const privateKey = await crypto.subtle.importKey("pkcs8", Uint8Array.from([...head, ...seed]), { name: "Ed25519" }, false, ["sign"]);
  const raw = Uint8Array.from(atob("A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="), (letter) => letter.charCodeAt(0));
  const publicKey = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, true, ["verify"]);
  const device = await ofKeys({ privateKey, publicKey });
  expect(device.id).toBe("56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c");
  expect(device.publicKey).toBe("A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg");
  const line = signedLine({
    deviceId: device.id, clientId: "cli", clientMode: "cli", role: "operator",
    scopes: ["operator.admin", "operator.approvals"], signedAt: 1_769_600_000_000, token: "tok", nonce: "nonce-1",
    platform: "Linux", deviceFamily: "",
  });
  expect(await device.sign(line)).toBe("zw236TNzjxU0khXkE_vO0T-PsVaZsEakP9-FT6BvhAgtn4ldk8fdDzwDbFmZaq6MFesAvGKvQFlMmBXJvOzqCA");
});

const CODE = base64url(new TextEncoder().encode(JSON.stringify({ url: "ws://evil.example", bootstrapToken: "boot" })));

test.each([
  ["/chat#token=t", { kind: "token", value: "t" }, null, "/chat"],
  ["/chat?token=t&session=a", { kind: "token", value: "t" }, null, "/chat?session=a"],
  ["/#password=p", { kind: "password", value: "p" }, null, "/"],
  [`/#setup=${CODE}`, null, "boot", "/"],
  ["/#setup=nonsense", null, null, "/"],
  ["/?setup=boot", null, null, "/?setup=boot"],
  ["/?gatewayUrl=ws://evil.example&x=1#gatewayUrl=ws://evil.example", null, null, "/?x=1"],
  ["/claw/chat?session=agent:main:main", null, null, "/claw/chat?session=agent%3Amain%3Amain"],
  ["/#token=%20", null, null, "/"],
])("the address %s brings %j and %j, and becomes %s", (address, secret, setup, rest) => {
  expect(takenFromAddress(new URL(address, "http://gateway"))).toEqual({ secret, setup, rest });
});

test("a secret stays in this tab unless it is to be remembered, and each gateway has its own", () => {
  new Credentials("/a/").enter("token", "one", false);
  expect(JSON.stringify({ ...localStorage })).not.toContain("one");
  new Credentials("/b/").enter("password", "two", true);
  sessionStorage.clear();
  expect(new Credentials("/a/").shown(false)).toEqual({});
  expect(new Credentials("/b/").shown(false)).toEqual({ password: "two" });
  new Credentials("/b/").forget();
  expect(JSON.stringify({ ...localStorage })).not.toContain("two");
});
