import { render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, expect, test } from "vitest";

import { speak } from "../../i18n/index.ts";
import type { ConfigFile } from "../../protocol/index.ts";
import { REDACTED } from "./change.ts";
import { begin, patch } from "./draft.ts";
import { Around, Fields, wanted } from "./form.tsx";
import { Shape } from "./shape.ts";

const SCHEMA = {
  properties: {
    hooks: { type: "object", properties: { token: { type: ["string", "null"] }, deep: { type: "object", properties: { inner: { type: "integer" } } } } },
    rare: { type: "object", properties: { word: { type: "string" } } },
  },
};
const shape = new Shape({
  schema: SCHEMA, version: "", generatedAt: "",
  uiHints: { "hooks.token": { label: "Token", help: "Who may `call`.", sensitive: true }, "hooks.deep.inner": { label: "Inner" }, rare: { label: "Rare", advanced: true } },
});

let box: HTMLElement;

async function show(parsed: object, more: Partial<{ isReadOnly: boolean; showAdvanced: boolean }> = {}) {
  begin({ hash: "1", appliedConfigHash: "1", parsed, config: parsed, raw: "{}", exists: true, path: "/x", valid: true, issues: [], legacyIssues: [], runningIssues: [], warnings: [] } satisfies ConfigFile);
  const fields = Object.entries(SCHEMA.properties).map(([name, schema]) => ({ name, schema }));
  await act(() => render(
    <Around.Provider value={{ shape, isReadOnly: false, showAdvanced: false, issues: [], ...more }}>
      <Fields at={{ path: [], place: [], schema: SCHEMA }} fields={fields} others={null} />
    </Around.Provider>,
    box,
  ));
}

const button = (name: string) => [...box.querySelectorAll("button")].find((it) => (it.getAttribute("aria-label") ?? it.textContent)?.startsWith(name));

beforeEach(async () => {
  await speak("en");
  render(null, document.body);
  box = document.createElement("div");
  document.body.replaceChildren(box);
});

test("a secret that is set can be replaced or kept, and is never in the page", async () => {
  await show({ hooks: { token: REDACTED } });
  expect(box.innerHTML).not.toContain(REDACTED);
  await act(() => button("Replace")!.click());
  const input = box.querySelector<HTMLInputElement>("input[type=password]")!;
  expect(input.value).toBe("");
  await act(() => {
    input.value = "new";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  expect(patch.value).toEqual({ hooks: { token: "new" } });
  await act(() => button("Cancel")!.click());
  expect(patch.value).toBeUndefined();
});

test("a secret that is emptied again stays what it was", async () => {
  await show({ hooks: { token: REDACTED } });
  await act(() => button("Replace")!.click());
  const input = box.querySelector<HTMLInputElement>("input[type=password]")!;
  for (const text of ["n", ""]) {
    await act(() => {
      input.value = text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  expect(patch.value).toBeUndefined();
});

test("whoever may only read can change nothing", async () => {
  await show({ hooks: { token: REDACTED, deep: { inner: 1 } } }, { isReadOnly: true });
  expect(button("Replace")).toBeUndefined();
  expect([...box.querySelectorAll("input")].every((it) => it.disabled)).toBe(true);
});

test("what is rarely used is shown when it is set, asked for, or looked for", async () => {
  await show({});
  expect(box.textContent).not.toContain("Rare");
  await show({ rare: { word: "x" } });
  expect(box.textContent).toContain("Rare");
  await show({}, { showAdvanced: true });
  expect(box.textContent).toContain("Rare");
});

test("rows are made when the group around them is opened, or something in it is looked for", async () => {
  await show({});
  expect(box.textContent).not.toContain("Inner");
  await act(() => {
    wanted.value = ["hooks", "deep", "inner"];
  });
  expect(box.textContent).toContain("Inner");
});
