import { expect, test } from "vitest";

import type { PairedDevice } from "../../protocol/index.ts";
import { commandsOf, devicesFor, exampleFor, machineOf, nameOf, scopeName, short, unused } from "./words.ts";

const device = (id: string, more: Partial<PairedDevice> = {}): PairedDevice => ({
  deviceId: id, publicKey: "", approvedAtMs: 1, createdAtMs: 1, connected: false, roles: ["operator"], scopes: [], tokens: [], ...more,
});

test.each([
  [{ operatorLabel: "Mine", displayName: "Its own", clientId: "cli" }, "Mine"],
  [{ operatorLabel: "  ", displayName: "Its own", clientId: "cli" }, "Its own"],
  [{ clientId: "cli" }, "cli"],
  [{}, "0123456789ab…"],
])("a device of which %j is known is called %s", (known, name) => {
  expect(nameOf(device("0123456789abcdef", known))).toBe(name);
});

test("devices that are there come first, then those seen last", () => {
  const devices = [device("old", { lastSeenAtMs: 5 }), device("new", { lastSeenAtMs: 9 }), device("here", { connected: true })];
  expect(devicesFor(devices, "").map((it) => it.deviceId)).toEqual(["here", "new", "old"]);
});

test("every word has to be known of a device", () => {
  const devices = [device("a", { displayName: "Kitchen", platform: "ios" }), device("b", { displayName: "Kitchen", platform: "linux" })];
  expect(devicesFor(devices, "kitchen LINUX").map((it) => it.deviceId)).toEqual(["b"]);
  expect(devicesFor(devices, "garden")).toEqual([]);
});

test("what is not known of a machine is left out", () => {
  expect(machineOf({ platform: "linux", deviceFamily: null, version: "1.2" })).toBe("linux · 1.2");
  expect(machineOf({})).toBe("");
});

test("names are short where they would be long", () => {
  expect([short("abc"), scopeName("operator.admin"), scopeName("node")]).toEqual(["abc", "admin", "node"]);
});

test("only what was not there for a month is unused", () => {
  const day = 86_400_000;
  const now = 100 * day;
  const devices = [
    device("old", { lastSeenAtMs: 60 * day }),
    device("never", { approvedAtMs: 50 * day }),
    device("lately", { lastSeenAtMs: 90 * day }),
    device("just approved", { lastSeenAtMs: 10 * day, approvedAtMs: 99 * day }),
    device("here", { connected: true }),
    device("mine"),
  ];
  expect(unused(devices, "mine", now).map((it) => it.deviceId)).toEqual(["old", "never"]);
});

test("commands about consent are not for everybody", () => {
  expect(commandsOf({ commands: ["system.execApprovals.set", "system.run"] })).toEqual(["system.run"]);
});

test("every example is JSON", () => {
  for (const command of ["system.run", "system.which", "something.else"]) expect(JSON.parse(exampleFor(command))).toBeTypeOf("object");
});
