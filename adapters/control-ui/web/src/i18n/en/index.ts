// Everything in English, a file for each part.
import agents from "./agents.ts";
import chat from "./chat.ts";
import common from "./common.ts";
import connect from "./connect.ts";
import logs from "./logs.ts";
import overview from "./overview.ts";
import sessions from "./sessions.ts";
import settings from "./settings.ts";
import usage from "./usage.ts";

export default { ...agents, ...chat, ...common, ...connect, ...logs, ...overview, ...sessions, ...settings, ...usage };
