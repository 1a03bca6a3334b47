// Everything in Spanish, a file for each part.
import agents from "./agents.ts";
import approvals from "./approvals.ts";
import chat from "./chat.ts";
import common from "./common.ts";
import config from "./config.ts";
import connect from "./connect.ts";
import debug from "./debug.ts";
import devices from "./devices.ts";
import logs from "./logs.ts";
import overview from "./overview.ts";
import scopes from "./scopes.ts";
import sessions from "./sessions.ts";
import settings from "./settings.ts";
import usage from "./usage.ts";
import type { Catalogue } from "../index.ts";

export default {
  ...agents,
  ...approvals,
  ...chat,
  ...common,
  ...config,
  ...connect,
  ...debug,
  ...devices,
  ...logs,
  ...overview,
  ...scopes,
  ...sessions,
  ...settings,
  ...usage,
} satisfies Catalogue;
