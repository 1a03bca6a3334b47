// Talking: the sessions on one side, and one or several of them beside one another.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { go, pathOf, query } from "../../router.ts";
import { canonical, mainSession } from "../../state/assistant.ts";
import { preferences } from "../../state/preferences.ts";
import { followSessions } from "../../state/sessions.ts";
import { sayFailed } from "../../state/toasts.ts";
import { followCommands } from "./commands.ts";
import { Pane } from "./pane.tsx";
import { followModels } from "./session-menu.tsx";
import { SessionsList } from "./sessions-list.tsx";
import "./chat.css";

/** More than these beside one another would be too narrow to read. */
const MOST = 4;

export default function Chat() {
  const open = openIn(query.value);
  const isNarrow = useMedia(NARROW);
  // On a phone the list covers what one reads, so it is there only as long as one chooses.
  const [isChoosing, setChoosing] = useState(false);
  const isListed = isNarrow ? isChoosing : preferences.showSessions.value;
  const list = (on: boolean) => {
    if (matchMedia(NARROW).matches) setChoosing(on);
    else preferences.showSessions.value = on;
  };
  useEffect(() => setChoosing(false), [open.join("\n")]);
  const search = useRef<HTMLInputElement | null>(null);
  useEffect(() => {
    const ends = [followSessions(), followCommands(), followModels()];
    return () => ends.forEach((end) => end());
  }, []);

  const show = useCallback((list: readonly string[]) => go(pathOf("chat", { session: [...list] })), []);
  const begin = useCallback(async () => {
    try {
      const { key } = await gateway.request("sessions.create", {});
      show([key, ...openIn(query.peek()).slice(1)]);
    } catch (error) {
      sayFailed(error);
    }
  }, []);
  const split = useCallback((session: string) => {
    const now = openIn(query.peek());
    show([...now.filter((it) => it !== session).slice(0, MOST - 1), session]);
  }, []);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const mod = event.ctrlKey || event.metaKey;
      if (mod && event.key.toLowerCase() === "k") {
        event.preventDefault();
        list(true);
        requestAnimationFrame(() => search.current?.focus());
      } else if (event.altKey && event.code === "KeyN") {
        event.preventDefault();
        void begin();
      }
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);

  return (
    <div class="chat" data-list={isListed}>
      {isListed && <SessionsList open={open} onNew={() => void begin()} onSplit={split} search={search} />}
      {isNarrow && isChoosing && <div class="chat-shade" onClick={() => setChoosing(false)} />}
      <div class="panes" data-count={open.length}>
        {open.map((session, index) => (
          <Pane
            key={index}
            session={session}
            isFirst={index === 0}
            isAlone={open.length === 1}
            onClose={() => show(open.filter((_, at) => at !== index))}
            onGone={() => show(open.length > 1 ? open.filter((_, at) => at !== index) : [mainSession()])}
            onGo={(other) => show(open.map((it, at) => (at === index ? other : it)))}
            onSplit={() => {
              gateway.request("sessions.create", {}).then(({ key }) => split(key), sayFailed);
            }}
            onList={() => list(!isListed)}
          />
        ))}
      </div>
    </div>
  );
}

const NARROW = "(max-width: 52rem)";

function useMedia(media: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(media).matches);
  useEffect(() => {
    const list = matchMedia(media);
    const change = () => setMatches(list.matches);
    list.addEventListener("change", change);
    return () => list.removeEventListener("change", change);
  }, [media]);
  return matches;
}

/** The sessions an address names: each once, and the main one where it names none. */
function openIn(params: URLSearchParams): string[] {
  const named = params.getAll("session").filter(Boolean).map((key) => canonical(key));
  return named.length ? [...new Set(named)].slice(0, MOST) : [mainSession()];
}
