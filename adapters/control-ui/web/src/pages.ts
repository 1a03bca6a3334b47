// Every page there is, in the order of the navigation.
//
// A page is loaded when it is first shown. One whose methods the gateway does not have is not in the
// navigation. To add one: a folder in `pages/` whose `index.tsx` exports the component by default, its
// words in every language, and an entry here.
import type { ComponentType } from "preact";

import type { Key } from "./i18n/index.ts";
import type { MethodName } from "./protocol/index.ts";
import { waiting as approvals } from "./state/approvals.ts";
import type { IconName } from "./ui/icon.tsx";

export interface Page {
  /** The word in the address. */
  id: string;
  group: Group;
  icon: IconName;
  label: Key;
  /** What it cannot do without. */
  methods: readonly MethodName[];
  /** What this browser has to be allowed, if it is more than to read. */
  scopes?: readonly string[];
  /** How many things there wait for somebody. */
  badge?: () => number;
  load: () => Promise<{ default: ComponentType }>;
}

export const GROUPS = ["talk", "control", "agents", "system"] as const;
export type Group = (typeof GROUPS)[number];

export const PAGES: readonly Page[] = [
  {
    id: "chat",
    group: "talk",
    icon: "chat",
    label: "chat.title",
    methods: ["chat.history", "chat.send", "sessions.list"],
    load: () => import("./pages/chat/index.tsx"),
  },
  {
    id: "overview",
    group: "control",
    icon: "gauge",
    label: "overview.title",
    methods: ["health"],
    load: () => import("./pages/overview/index.tsx"),
  },
  {
    id: "sessions",
    group: "control",
    icon: "sessions",
    label: "sessions.title",
    methods: ["sessions.list", "sessions.subscribe"],
    load: () => import("./pages/sessions/index.tsx"),
  },
  {
    id: "usage",
    group: "control",
    icon: "chart",
    label: "usage.title",
    methods: ["sessions.usage", "sessions.list", "sessions.subscribe"],
    load: () => import("./pages/usage/index.tsx"),
  },
  {
    id: "approvals",
    group: "control",
    icon: "approve",
    label: "approvals.title",
    methods: ["exec.approval.list", "exec.approval.resolve"],
    scopes: ["operator.approvals"],
    badge: () => approvals.value.length,
    load: () => import("./pages/approvals/index.tsx"),
  },
  {
    id: "devices",
    group: "control",
    icon: "device",
    label: "devices.title",
    methods: ["device.pair.list", "device.pair.approve", "device.pair.reject", "device.pair.remove"],
    scopes: ["operator.pairing"],
    load: () => import("./pages/devices/index.tsx"),
  },
  {
    id: "agents",
    group: "agents",
    icon: "agent",
    label: "agents.title",
    methods: ["agents.list", "health"],
    load: () => import("./pages/agents/index.tsx"),
  },
  {
    id: "config",
    group: "system",
    icon: "config",
    label: "config.title",
    methods: ["config.get", "config.schema", "config.patch", "config.apply"],
    load: () => import("./pages/config/index.tsx"),
  },
  {
    id: "logs",
    group: "system",
    icon: "log",
    label: "logs.title",
    methods: ["logs.tail"],
    load: () => import("./pages/logs/index.tsx"),
  },
  {
    id: "debug",
    group: "system",
    icon: "code",
    label: "debug.title",
    methods: [],
    load: () => import("./pages/debug/index.tsx"),
  },
  {
    id: "settings",
    group: "system",
    icon: "settings",
    label: "settings.title",
    methods: [],
    load: () => import("./pages/settings/index.tsx"),
  },
];

/** The page shown where the address names none. */
export const FIRST = "chat";
