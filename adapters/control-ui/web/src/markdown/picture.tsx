// Pictures in what models write: those in the text are shown, those elsewhere only when somebody asks.
//
// Whoever named a picture elsewhere learns from fetching it that somebody reads this, and when. So nothing
// of it is in the page until somebody presses the button that says where it is; then the browser fetches
// it, without saying from where, and without what it keeps for that host (see the policy in `answer.rs`).
import type { Tokens } from "marked";
import { createContext } from "preact";
import { useContext, useId, useState } from "preact/hooks";

import { t } from "../i18n/index.ts";
import { Icon } from "../ui/icon.tsx";
import { hostOf, inlinePicture, plain, safeLink, safePicture } from "./links.ts";

/** The pictures elsewhere that somebody asked for in one text. */
export type Opened = Set<string>;

/** Those of the text around. */
export const OpenedHere = createContext<Opened>(new Set());

/** How many texts are remembered: enough for whoever scrolls to and fro. */
const REMEMBERED = 100;
const remembered = new Map<string, Opened>();

/** What somebody opened in the text of that name, as long as this page is there. */
export function openedIn(name: string): Opened {
  const opened = remembered.get(name) ?? new Set();
  remembered.delete(name);
  remembered.set(name, opened);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= REMEMBERED) break;
    remembered.delete(oldest);
  }
  return opened;
}

export function Picture({ image }: { image: Tokens.Image }) {
  const words = image.text || t("chat.attach.picture");
  const here = inlinePicture(image.href);
  if (here) return <img src={here} alt={image.text} loading="lazy" />;
  const address = plain(image.href);
  const picture = safePicture(address);
  if (picture) return <Elsewhere address={picture} words={words} />;
  const link = safeLink(address);
  if (!link) return <span class="no-link">{words}</span>;
  return (
    <a class="picture-link" href={link} target="_blank" rel="noopener noreferrer">
      <Icon name="link" size={14} />
      {t("chat.picture.elsewhere", { host: hostOf(link) })}: {words}
    </a>
  );
}

function Elsewhere({ address, words }: { address: string; words: string }) {
  const opened = useContext(OpenedHere);
  const [isOpen, setOpen] = useState(opened.has(address));
  const [hasFailed, setFailed] = useState(false);
  const place = useId();
  const host = hostOf(address);
  const toggle = () => {
    if (isOpen) opened.delete(address);
    else opened.add(address);
    setFailed(false);
    setOpen(!isOpen);
  };
  return (
    <span class="picture">
      <span class="picture-bar">
        <button type="button" class="picture-button" aria-expanded={isOpen} aria-controls={place} onClick={toggle}>
          <Icon name="picture" size={16} />
          <span>{t(isOpen ? "chat.picture.hide" : "chat.picture.show", { host })}</span>
        </button>
        <a class="picture-link" href={address} target="_blank" rel="noopener noreferrer" title={t("chat.picture.open")} aria-label={`${t("chat.picture.open")}: ${words}`}>
          <Icon name="link" size={14} />
        </a>
        <bdi class="picture-words">{words}</bdi>
      </span>
      <span id={place} aria-live="polite">
        {isOpen && !hasFailed && <img src={address} alt={words} referrerpolicy="no-referrer" decoding="async" onError={() => setFailed(true)} />}
        {isOpen && hasFailed && <span class="picture-failed"><Icon name="alert" size={14} /> {t("chat.picture.failed", { host })}</span>}
      </span>
    </span>
  );
}
