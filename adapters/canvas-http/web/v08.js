// Shows version 0.8 with the official renderer.
import { ContextProvider } from "@lit/context";
import { v0_8 } from "@a2ui/lit";
import { Context } from "@a2ui/lit/ui";
import { theme } from "./theme.js";

// What a context of an action says, with paths replaced by what is there.
function resolve(processor, detail, surfaceId) {
  const value = ({ path, literalString, literalNumber, literalBoolean }) => {
    if (path === undefined) return literalString ?? literalNumber ?? literalBoolean ?? null;
    const node = detail.sourceComponent;
    const full = processor.resolvePath(path, detail.dataContextPath);
    return processor.getData(node, full, surfaceId);
  };
  const entries = (detail.action.context ?? []).map((item) => [item.key, value(item.value)]);
  return Object.fromEntries(entries);
}

export function createRenderer(stage, act) {
  const processor = v0_8.Data.createSignalA2uiMessageProcessor();
  const box = document.createElement("section");
  stage.append(box);
  new ContextProvider(box, { context: Context.theme, initialValue: theme });

  box.addEventListener("a2uiaction", (event) => {
    const detail = event.payload ?? event.detail;
    const surface = event.composedPath().find((it) => it.localName === "a2ui-surface");
    const surfaceId = surface?.surfaceId ?? null;
    act({
      name: detail.action.name,
      surfaceId,
      sourceComponentId: detail.sourceComponentId,
      timestamp: new Date().toISOString(),
      context: resolve(processor, detail, surfaceId),
    });
  });

  function draw() {
    const shown = [...processor.getSurfaces()].map(([id, surface]) => {
      const known = [...box.children].find((element) => element.surfaceId === id);
      const element = known ?? document.createElement("a2ui-surface");
      Object.assign(element, { surfaceId: id, processor });
      // Another object, so that it is drawn again.
      element.surface = { ...surface };
      return element;
    });
    box.replaceChildren(...shown);
  }

  return {
    apply(messages) {
      processor.processMessages(messages);
      draw();
    },
    reset() {
      processor.clearSurfaces();
      draw();
    },
    surfaces: () => [...processor.getSurfaces().keys()],
  };
}
