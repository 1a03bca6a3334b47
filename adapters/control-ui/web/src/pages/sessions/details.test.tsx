import { signal } from "@preact/signals";
import { render } from "preact";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { speak } from "../../i18n/index.ts";
import type { Model, SessionRow } from "../../protocol/index.ts";
import { Details } from "./details.tsx";

const { asked, scopes, world } = vi.hoisted(() => ({
  asked: [] as { method: string; params: unknown }[],
  scopes: new Set<string>(),
  world: { refuse: null as Error | null },
}));

vi.mock("../../gateway/index.ts", () => ({
  base: new URL("http://gateway.test/"),
  credentials: {},
  gateway: {
    hello: signal({ snapshot: { sessionDefaults: { defaultAgentId: "main", mainKey: "main", mainSessionKey: "agent:main:main" } } }),
    may: (scope: string) => scopes.has(scope),
    has: () => true,
    on: () => () => undefined,
    onAny: () => () => undefined,
    onFresh(fetch: () => void) {
      fetch();
      return () => undefined;
    },
    async request(method: string, params: unknown) {
      asked.push({ method, params });
      if (world.refuse && method === "sessions.patch") throw world.refuse;
      return method === "sessions.preview" ? { previews: [{ key: "k", status: "empty", items: [] }], ts: 0 } : { ok: true };
    },
  },
}));

const row: SessionRow = {
  key: "agent:main:x", kind: "direct", sessionId: "s", createdAt: 1, updatedAt: 1, abortedLastRun: false, compactionCount: 0,
  inputTokens: 5, outputTokens: 6, totalTokens: 500, label: "Garden", modelProvider: "p", model: "m",
};
const models: Model[] = [{ provider: "p", id: "m", name: "The model", available: true, reasoning: false, contextWindow: 1000 }];
let place: HTMLElement;

beforeAll(() => speak("en"));
beforeEach(() => {
  asked.length = 0;
  scopes.clear();
  world.refuse = null;
  place = document.createElement("div");
  document.body.append(place);
});
afterEach(() => {
  render(null, place);
  place.remove();
});

function show(shown: SessionRow = row) {
  render(<Details row={shown} models={models} onClose={() => undefined} />, place);
}

const button = (name: string) => [...place.querySelectorAll("button")].find((it) => it.textContent === name);
const labelled = (name: string) => {
  const label = [...place.querySelectorAll("label")].find((it) => it.textContent === name);
  return place.querySelector<HTMLInputElement & HTMLSelectElement>(`#${CSS.escape(label?.htmlFor ?? "")}`)!;
};

function enter(name: string, value: string) {
  const control = labelled(name);
  control.value = value;
  control.dispatchEvent(new Event(control.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
}

test("whoever may only read sees what is chosen, and can change nothing", () => {
  scopes.add("operator.read");
  show();
  expect(place.textContent).toContain("Only administrators may change these.");
  expect(place.querySelector("fieldset")?.disabled).toBe(true);
  expect(["Compact", "Start over", "Delete"].map(button)).toEqual([undefined, undefined, undefined]);
  expect(place.querySelector(".dialog-actions")).toBeNull();
  expect(button("Open in chat")).toBeDefined();
});

test("the main session cannot be deleted", () => {
  scopes.add("operator.admin");
  show({ ...row, key: "agent:main:main" });
  expect(button("Delete")).toBeUndefined();
  expect(button("Start over")).toBeDefined();
});

test("how full its model is stands there in words", () => {
  show();
  expect(place.textContent).toContain("500 of 1,000 tokens (50%)");
});

test("only what was changed is sent, and can then not be sent again", async () => {
  scopes.add("operator.admin");
  show();
  enter("Name", "Hedge");
  enter("Asks first", "always");
  await vi.waitFor(() => expect(button("Save")?.disabled).toBe(false));
  place.querySelector<HTMLButtonElement>(".dialog-actions .primary")!.click();
  await vi.waitFor(() => expect(asked).toContainEqual({ method: "sessions.patch", params: { key: row.key, label: "Hedge", execAsk: "always" } }));
  await vi.waitFor(() => expect(place.querySelector<HTMLButtonElement>(".dialog-actions .primary")?.disabled).toBe(true));
});

test("a refusal is said beside what was entered", async () => {
  scopes.add("operator.admin");
  world.refuse = new Error("label already in use: Taken");
  show();
  enter("Name", "Taken");
  await vi.waitFor(() => expect(button("Save")?.disabled).toBe(false));
  place.querySelector<HTMLButtonElement>(".dialog-actions .primary")!.click();
  await vi.waitFor(() => expect(place.querySelector("[role=alert]")?.textContent).toContain("label already in use"));
  expect(labelled("Name").value).toBe("Taken");
});
