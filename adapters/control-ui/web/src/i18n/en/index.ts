// Everything in English, a file for each part.
import chat from "./chat.ts";
import common from "./common.ts";
import connect from "./connect.ts";
import sessions from "./sessions.ts";
import settings from "./settings.ts";

export default { ...chat, ...common, ...connect, ...sessions, ...settings };
