// Everything in English, a file for each part.
import chat from "./chat.ts";
import common from "./common.ts";
import config from "./config.ts";
import connect from "./connect.ts";
import devices from "./devices.ts";
import settings from "./settings.ts";

export default { ...chat, ...common, ...config, ...connect, ...devices, ...settings };
