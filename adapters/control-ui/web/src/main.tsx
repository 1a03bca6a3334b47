// Where the dashboard begins.
import { render } from "preact";

import { App } from "./app.tsx";
import { begin } from "./gateway/index.ts";
import { closest, speak } from "./i18n/index.ts";
import { FIRST, PAGES } from "./pages.ts";
import { follow, place } from "./router.ts";
import { notifyOfNews } from "./state/notices.ts";
import { applyTheme, preferences } from "./state/preferences.ts";
import { installWorker } from "./worker.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";

// Before anything else: the secret must not stay in the address.
begin();
applyTheme();
follow();
// Fetched while the gateway is asked whether this browser may come in. Where that fails, it is tried
// again, and told, when the page is shown.
PAGES.find((page) => page.id === (place.peek() || FIRST))?.load().catch(() => undefined);
const chosen = preferences.language.peek();
await speak(closest(chosen ? [chosen] : navigator.languages));
render(<App />, document.getElementById("app")!);
notifyOfNews();
// Not while the first page is on its way.
addEventListener("load", installWorker, { once: true });
if (document.readyState === "complete") installWorker();
