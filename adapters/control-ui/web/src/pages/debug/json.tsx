// JSON to look at, copy and keep.
import { t } from "../../i18n/index.ts";
import { bytes } from "../../i18n/format.ts";
import { Button, CopyButton } from "../../ui/button.tsx";
import { download } from "../../ui/download.ts";

/** How much is shown. Browsers take long to lay out more than this. */
const SHOWN = 200_000;

export function Json({ text, name }: { text: string; name: string }) {
  return (
    <div class="debug-json">
      <div class="debug-tools">
        <CopyButton text={text} />
        <Button size="small" icon="download" onClick={() => download(`${name}.json`, "application/json", text)}>{t("debug.keep")}</Button>
      </div>
      <pre tabIndex={0}>{text.slice(0, SHOWN)}</pre>
      {text.length > SHOWN && <p class="field-hint">{t("debug.cut", { shown: bytes(SHOWN) })}</p>}
    </div>
  );
}
