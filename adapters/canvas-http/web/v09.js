// Shows version 0.9 with the official renderer. `build.mjs` gives its outermost
// element another name.
import { MessageProcessor } from "@a2ui/web_core/v0_9";
import { A2uiSurface, basicCatalog } from "@a2ui/lit/v0_9";

function createRenderer(stage, act) {
  const box = document.createElement("section");
  stage.append(box);
  const elements = new Map();
  const make = () => new MessageProcessor([basicCatalog], act);
  let processor;

  function begin() {
    box.replaceChildren();
    elements.clear();
    processor = make();
    processor.onSurfaceCreated((surface) => {
      const element = new A2uiSurface();
      element.surface = surface;
      elements.set(surface.id, element);
      box.append(element);
    });
    processor.onSurfaceDeleted((id) => {
      elements.get(id)?.remove();
      elements.delete(id);
    });
  }
  begin();

  return {
    apply: (messages) => processor.processMessages(messages),
    reset: begin,
    surfaces: () => [...elements.keys()],
  };
}

window.openclawA2UIReady(createRenderer);
