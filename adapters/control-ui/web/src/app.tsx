// The frame around the pages: navigation, the state of the connection, and the page that is shown.
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ConnectScreen } from "./connect/screen.tsx";
import { gateway } from "./gateway/index.ts";
import { t } from "./i18n/index.ts";
import { FIRST, GROUPS, PAGES, type Page } from "./pages.ts";
import { go, pathOf, place } from "./router.ts";
import { followApprovals } from "./state/approvals.ts";
import { assistant, followAgents } from "./state/assistant.ts";
import { say } from "./state/toasts.ts";
import { Avatar, Empty, Failure, Foreign, Spinner } from "./ui/bits.tsx";
import { Button, IconButton } from "./ui/button.tsx";
import { Icon } from "./ui/icon.tsx";
import { LackingPage, PleaDialog } from "./ui/scopes.tsx";
import { Toaster } from "./ui/toaster.tsx";

export function App() {
  useEffect(() => followAgents(), []);
  useEffect(() => followApprovals(), []);
  useEffect(() => tellOfNewVersion(), []);
  const phase = gateway.phase.value;
  // Who was in once keeps seeing what there was while the connection is away. Whoever is not let in any
  // more does not.
  const isIn = gateway.hello.value !== null && ["connected", "connecting", "away"].includes(phase.kind);
  return isIn ? <Frame /> : <ConnectScreen phase={phase} />;
}

function Frame() {
  const isOpen = useSignal(false);
  const page = shown(place.value);
  useEffect(() => {
    if (!place.value) go(pathOf(FIRST), "replace");
  }, [place.value]);
  useEffect(() => {
    isOpen.value = false;
    document.title = page ? `${t(page.label)} · ${assistant.value.name}` : assistant.value.name;
  }, [page, assistant.value.name]);
  return (
    <div
      class="frame"
      data-open={isOpen.value}
      data-page={page?.id}
      onKeyDown={(event) => {
        if (event.key === "Escape") isOpen.value = false;
      }}
    >
      <a class="skip" href="#content">{t("shell.skip")}</a>
      <aside class="side" id="navigation">
        <div class="side-head">
          <Avatar text={assistant.value.avatar} />
          <span class="side-name"><Foreign>{assistant.value.name}</Foreign></span>
        </div>
        <Navigation current={page?.id} />
        <Connection />
      </aside>
      <div class="side-shade" onClick={() => { isOpen.value = false; }} />
      <div class="main">
        <header class="bar">
          <IconButton icon="menu" label={t("shell.menu")} aria-expanded={isOpen.value} aria-controls="navigation" onClick={() => { isOpen.value = !isOpen.value; }} />
          <span class="bar-title">{page ? t(page.label) : assistant.value.name}</span>
        </header>
        <Away />
        <main class="content" id="content" tabIndex={-1}>
          {!page ? <Empty icon="info" title={t("shell.notFound")} />
            : lackedBy(page).length ? <LackingPage icon={page.icon} title={t(page.label)} scopes={lackedBy(page)} />
            : <Loaded key={page.id} page={page} />}
        </main>
      </div>
      <PleaDialog />
      <Toaster />
    </div>
  );
}

/** After an update this page is the old one: says so, and does not reload while somebody writes. */
function tellOfNewVersion(): () => void {
  let known: string | undefined;
  return gateway.hello.subscribe((hello) => {
    const version = hello?.server.version;
    if (known && version && version !== known) {
      const action = { label: t("shell.reload"), act: () => location.reload() };
      say({ kind: "done", text: t("shell.newVersion", { version }), action }, 60_000);
    }
    known = version ?? known;
  });
}

/** Whether the gateway has what a page needs. */
function isServed(page: Page): boolean {
  return page.methods.every((method) => gateway.has(method));
}

/** The scopes this browser lacks for a page. */
function lackedBy(page: Page): string[] {
  return (page.scopes ?? []).filter((scope) => !gateway.may(scope));
}

function shown(id: string): Page | undefined {
  return PAGES.find((page) => page.id === (id || FIRST) && isServed(page));
}

function Navigation({ current }: { current: string | undefined }) {
  const pages = PAGES.filter((page) => isServed(page) && !lackedBy(page).length);
  return (
    <nav class="nav" aria-label={t("shell.navigation")}>
      {GROUPS.map((group) => {
        const inside = pages.filter((page) => page.group === group);
        if (!inside.length) return null;
        return (
          <div class="nav-group" key={group}>
            <h2>{t(`shell.group.${group}`)}</h2>
            {inside.map((page) => (
              <a key={page.id} href={pathOf(page.id)} class="nav-link" {...(page.id === current ? { "aria-current": "page" } : {})}>
                <Icon name={page.icon} />
                {t(page.label)}
                {page.badge !== undefined && page.badge() > 0 && <span class="nav-badge">{page.badge()}</span>}
              </a>
            ))}
          </div>
        );
      })}
    </nav>
  );
}

/** How the connection is, always in sight. */
function Connection() {
  const isThere = gateway.phase.value.kind === "connected";
  return (
    <div class="side-foot" role="status" data-connected={isThere}>
      <span class="dot" aria-hidden="true" />
      {isThere ? t("shell.connected") : t("shell.reconnecting")}
      <span class="side-version">{gateway.hello.value?.server.version}</span>
    </div>
  );
}

function Away() {
  const phase = gateway.phase.value;
  if (phase.kind !== "away") return null;
  return (
    <div class="away" role="status">
      <Spinner />
      <span>{t(phase.restarting ? "shell.restarting" : "shell.away")}</span>
      <Button size="small" onClick={() => gateway.hurry()}>{t("shell.now")}</Button>
    </div>
  );
}

const loaded = new Map<string, ComponentType>();

function Loaded({ page }: { page: Page }) {
  const [state, setState] = useState<{ failed?: unknown }>({});
  const Component = loaded.get(page.id);
  const load = () => {
    page.load().then((module) => {
      loaded.set(page.id, module.default);
      setState({});
    }, (failed: unknown) => setState({ failed }));
  };
  useEffect(() => {
    if (!Component) load();
  }, []);
  if (Component) return <Component />;
  if (state.failed) return <div class="page"><p>{t("shell.pageFailed")}</p><Failure error={state.failed} retry={load} /></div>;
  return <div class="page page-loading"><Spinner /></div>;
}
