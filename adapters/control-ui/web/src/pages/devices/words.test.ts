import { expect, test } from "vitest";

import type { PairedDevice } from "../../protocol/index.ts";
import { commandsOf, devicesFor, exampleFor, machineOf, nameOf, scopeName, short } from "./words.ts";

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

test("commands about consent are not for everybody", () => {
  expect(commandsOf({ commands: ["system.execApprovals.set", "system.run"] })).toEqual(["system.run"]);
});

test("every example is JSON", () => {
  for (const command of ["system.run", "system.which", "something.else"]) expect(JSON.parse(exampleFor(command))).toBeTypeOf("object");
});
