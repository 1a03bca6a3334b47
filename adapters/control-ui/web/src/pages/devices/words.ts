// What to call devices and nodes, and which are shown first.
import type { NodeRow, PairedDevice, PendingDevice } from "../../protocol/index.ts";

type Named = Pick<PendingDevice, "displayName" | "clientId" | "deviceId"> & { operatorLabel?: string | null };

/** What people call a device: what an operator calls it counts before what it calls itself. */
export function nameOf(device: Named): string {
  return device.operatorLabel?.trim() || device.displayName?.trim() || device.clientId || short(device.deviceId);
}

/** Enough of an id to tell it from the others. */
export function short(id: string): string {
  return id.length > 14 ? `${id.slice(0, 12)}…` : id;
}

/** A scope without what all of them begin with. */
export function scopeName(scope: string): string {
  return scope.replace(/^operator\./, "");
}

/** What something runs on, in one line. */
export function machineOf(it: { platform?: string | null; deviceFamily?: string | null; modelIdentifier?: string | null; version?: string | null }): string {
  return [it.deviceFamily ?? it.modelIdentifier, it.platform, it.version].filter(Boolean).join(" · ");
}

/** The devices with all words of `text` in what is known of them: those that are there first, then the last seen. */
export function devicesFor(devices: readonly PairedDevice[], text: string): PairedDevice[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const seen = (device: PairedDevice) => device.lastSeenAtMs ?? device.createdAtMs;
  return devices
    .filter((device) => {
      const known = [nameOf(device), device.displayName, device.clientId, device.deviceId, device.platform, device.remoteIp, ...device.roles].join(" ").toLowerCase();
      return words.every((word) => known.includes(word));
    })
    .sort((one, other) => Number(other.connected) - Number(one.connected) || seen(other) - seen(one));
}

const UNUSED_MS = 30 * 86_400_000;

/** The devices that were not there for a month, without the one somebody sits at. */
export function unused(devices: readonly PairedDevice[], mine: string | null, now: number): PairedDevice[] {
  const last = (device: PairedDevice) => Math.max(device.lastSeenAtMs ?? 0, device.approvedAtMs);
  return devices.filter((device) => !device.connected && device.deviceId !== mine && now - last(device) > UNUSED_MS);
}

/** The nodes that are there first, then by name. */
export function nodesInOrder(nodes: readonly NodeRow[]): NodeRow[] {
  const name = (node: NodeRow) => node.displayName ?? node.nodeId;
  return [...nodes].sort((one, other) => Number(other.connected) - Number(one.connected) || name(one).localeCompare(name(other)));
}

/** The commands somebody may give: those about consent have methods of their own. */
export function commandsOf(node: Pick<NodeRow, "commands">): string[] {
  return node.commands.filter((command) => !command.startsWith("system.execApprovals."));
}

/** Parameters to begin with, for commands whose parameters are known. */
export function exampleFor(command: string): string {
  const example = EXAMPLES[command];
  return example === undefined ? "{}" : JSON.stringify(example, null, 2);
}

const EXAMPLES: Record<string, unknown> = {
  "system.run": { command: ["uname", "-a"] },
  "system.which": { bins: ["git"] },
  "system.notify": { title: "OpenClaw", body: "Hello" },
  "canvas.navigate": { url: "https://example.org/" },
};
