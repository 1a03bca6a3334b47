// For whoever looks for a fault: any method, every event, and the connection.
import { useEffect, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import { go, pathOf, query } from "../../router.ts";
import { Failure, PageHead, Spinner } from "../../ui/bits.tsx";
import { Segments } from "../../ui/form.tsx";
import { Connection } from "./connection.tsx";
import { Events } from "./events.tsx";
import { Methods } from "./methods.tsx";
import { record } from "./recorder.ts";
import { Tables } from "./tables.ts";
import "./debug.css";

const VIEWS = ["methods", "events", "connection"] as const;
type View = (typeof VIEWS)[number];

export default function Debug() {
  const [whole, setWhole] = useState<unknown>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => {
    setError(null);
    import("../../protocol/schema.json").then((module) => setWhole(module.default), setError);
  };
  useEffect(load, []);
  useEffect(() => record(), []);
  const methods = gateway.hello.value?.features.methods;
  const [tables, setTables] = useState<Tables | null>(null);
  useEffect(() => {
    if (whole) setTables(new Tables(whole, methods ?? []));
  }, [whole, methods]);
  const view = VIEWS.find((it) => it === query.value.get("view")) ?? "methods";
  return (
    <div class={`page debug debug-at-${view}`}>
      <PageHead title={t("debug.title")} />
      <div>
        <Segments<View>
          label={t("debug.view")} isPlain
          value={view}
          options={VIEWS.map((it) => [it, t(`debug.${it}`)] as const)}
          onValue={(next) => go(pathOf("debug", next === "methods" ? {} : { view: next }), "replace")}
        />
      </div>
      {error ? <Failure error={error} retry={load} /> : null}
      {!tables && !error && <div class="page-loading"><Spinner /></div>}
      {tables && view === "methods" && <Methods tables={tables} />}
      {tables && view === "events" && <Events tables={tables} />}
      {view === "connection" && <Connection />}
    </div>
  );
}
