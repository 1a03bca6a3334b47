// What one presses.
import type { ComponentChildren, ButtonHTMLAttributes } from "preact";
import { useEffect, useState } from "preact/hooks";

import { t } from "../i18n/index.ts";
import { Icon, type IconName } from "./icon.tsx";

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "icon" | "size">;

interface ButtonProps extends Native {
  kind?: "primary" | "plain" | "quiet" | "danger";
  size?: "small" | "usual";
  icon?: IconName;
  children?: ComponentChildren;
}

/** A button with words. */
export function Button({ kind = "plain", size = "usual", icon, children, class: more, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} class={`button ${kind} ${size} ${(more as string | undefined) ?? ""}`}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Native {
  icon: IconName;
  /** What it does, for those who do not see the picture. */
  label: string;
  size?: "small" | "usual";
}

/** A button that is a picture. */
export function IconButton({ icon, label, size = "usual", class: more, ...rest }: IconButtonProps) {
  return (
    <button type="button" title={label} aria-label={label} {...rest} class={`icon-button ${size} ${(more as string | undefined) ?? ""}`}>
      <Icon name={icon} size={size === "small" ? 16 : 18} />
    </button>
  );
}

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, label = t("common.copy") }: { text: string | (() => string); label?: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    if (await copied(typeof text === "string" ? text : text())) setCopied(true);
  };
  return <IconButton icon={isCopied ? "check" : "copy"} size="small" label={isCopied ? t("common.copied") : label} onClick={() => void copy()} />;
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedTheOldWay(text);
  }
}

/** Pages that are not secure have no clipboard; a selection can be copied everywhere. */
function copiedTheOldWay(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "out-of-sight";
  document.body.append(area);
  area.select();
  const worked = document.execCommand("copy");
  area.remove();
  return worked;
}
