// The form, a section at a time, and the search in all of it.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import type { ConfigIssue } from "../../protocol/index.ts";
import { Empty } from "../../ui/bits.tsx";
import { Prose } from "../../ui/prose.tsx";
import { valueAt, type Path } from "./change.ts";
import { tree } from "./draft.ts";
import { Around, Fields, wanted } from "./form.tsx";
import { controlFor, type Known, type Shape } from "./shape.ts";

/** The section of keys that are no sections themselves. */
const GENERAL = "";
const FOUND_MOST = 60;

export function Sections({ shape, isReadOnly, issues }: { shape: Shape; isReadOnly: boolean; issues: readonly ConfigIssue[] }) {
  const search = useSignal("");
  const section = useSignal<string | null>(null);
  const [showAdvanced, setAdvanced] = useState(false);
  const root = controlFor(shape.root, {});
  const known = root.kind === "section" ? root.fields : [];
  const isSection = (it: Known) => ["section", "list", "json"].includes(controlFor(it.schema, undefined).kind);
  const present = Object.keys((tree.value ?? {}) as object);
  const sections = shape.ordered(known.filter(isSection), []).filter((it) => showAdvanced || present.includes(it.name) || it.name === section.value || !shape.hint([it.name]).isAdvanced);
  const general = known.filter((it) => !isSection(it));
  const target = wanted.value;
  useEffect(() => {
    if (target?.[0] === undefined) return;
    search.value = "";
    section.value = known.some((it) => it.name === target[0] && isSection(it)) ? target[0] : GENERAL;
  }, [target]);
  const current = section.value ?? (sections.some((it) => it.name === "gateway") ? "gateway" : sections[0]?.name ?? GENERAL);
  const shown = known.find((it) => it.name === current);
  const hint = shape.hint([current]);
  const found = useMemo(() => shape.find(search.value, FOUND_MOST), [shape, search.value]);
  const show = (name: string) => {
    section.value = name;
    search.value = "";
    // The section before may have been longer than this one.
    document.querySelector("#content")?.scrollTo({ top: 0 });
  };
  const control = shown && controlFor(shown.schema, valueAt(tree.value, [current]));
  const at = (known: Known) => ({ path: [known.name], place: [known.name], schema: known.schema });
  return (
    <Around.Provider value={{ shape, isReadOnly, showAdvanced, issues }}>
      <div class="config-form">
        <div class="config-side">
          <input class="input" type="search" aria-label={t("config.search")} placeholder={t("config.search")} value={search.value} onInput={(event) => { search.value = event.currentTarget.value; }} />
          <label class="config-advanced"><input type="checkbox" checked={showAdvanced} onChange={(event) => setAdvanced(event.currentTarget.checked)} /> {t("config.advanced")}</label>
          <select class="input config-pick" aria-label={t("config.sections")} value={current} onChange={(event) => show(event.currentTarget.value)}>
            {sections.map((it) => <option key={it.name} value={it.name} selected={it.name === current}>{shape.hint([it.name]).label}</option>)}
            {general.length > 0 && <option value={GENERAL} selected={current === GENERAL}>{t("config.general")}</option>}
          </select>
          <nav class="config-sections" aria-label={t("config.sections")}>
            {[...sections.map((it) => it.name), ...(general.length ? [GENERAL] : [])].map((name) => (
              <button key={name} type="button" {...(name === current && !search.value ? { "aria-current": "true" as const } : {})} onClick={() => show(name)}>
                {name === GENERAL ? t("config.general") : shape.hint([name]).label}
                {present.includes(name) && <span class="config-dot" title={t("config.present")} />}
              </button>
            ))}
          </nav>
        </div>
        <div class="config-main">
          {search.value.trim() !== "" ? (
            <Found found={found} />
          ) : (
            <section class="card" aria-label={hint.label}>
              <header class="config-head">
                <h2>{current === GENERAL ? t("config.general") : hint.label}</h2>
                {hint.help && <p class="field-hint"><Prose>{hint.help}</Prose></p>}
              </header>
              {current === GENERAL && <Fields at={{ path: [], place: [], schema: shape.root }} fields={general} others={null} />}
              {shown && control?.kind === "section" && <Fields key={current} at={at(shown)} fields={control.fields} others={control.others} />}
              {shown && control && control.kind !== "section" && <Fields key={current} at={{ path: [], place: [], schema: shape.root }} fields={[shown]} others={null} />}
            </section>
          )}
        </div>
      </div>
    </Around.Provider>
  );
}

/** What the search found. What is below free names leads to where those are. */
function Found({ found }: { found: readonly { place: Path; hint: { label: string; help: string } }[] }) {
  if (!found.length) return <Empty icon="search" title={t("config.search.nothing")} />;
  return (
    <>
      <p class="out-of-sight" role="status">{t("config.search.found", { count: found.length })}</p>
      <ul class="config-found">
        {found.map(({ place, hint }) => (
          <li key={place.join(".")}>
            <button
              type="button"
              onClick={() => {
                const free = place.indexOf("*");
                wanted.value = free === -1 ? place : place.slice(0, free);
              }}
            >
              <span class="config-label">{hint.label}</span>
              <code class="config-path" translate={false}>{place.join(".")}</code>
              <span class="field-hint"><Prose>{hint.help}</Prose></span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
