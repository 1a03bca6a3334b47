// Everything in Simplified Chinese, a file for each part.
import approvals from "./approvals.ts";
import chat from "./chat.ts";
import common from "./common.ts";
import config from "./config.ts";
import connect from "./connect.ts";
import debug from "./debug.ts";
import devices from "./devices.ts";
import settings from "./settings.ts";
import type { Catalogue } from "../index.ts";

export default { ...approvals, ...chat, ...common, ...config, ...connect, ...debug, ...devices, ...settings } satisfies Catalogue;
