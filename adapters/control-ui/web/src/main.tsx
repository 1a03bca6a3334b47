// Where the dashboard begins.
import { render } from "preact";

import { App } from "./app.tsx";
import { begin } from "./gateway/index.ts";
import { closest, speak } from "./i18n/index.ts";
import { follow } from "./router.ts";
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
const chosen = preferences.language.peek();
await speak(closest(chosen ? [chosen] : navigator.languages));
render(<App />, document.getElementById("app")!);
notifyOfNews();
installWorker();
