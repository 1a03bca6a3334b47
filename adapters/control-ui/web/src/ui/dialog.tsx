// Something that has to be answered before anything else.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { t } from "../i18n/index.ts";
import { Button, IconButton } from "./button.tsx";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean;
}

/** A dialog. The browser keeps the keyboard inside and closes it with Escape. */
export function Dialog({ title, onClose, children, actions, wide = false }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${wide ? "wide" : ""}`}
      aria-labelledby={heading}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div class="dialog-inside">
        <header class="dialog-head">
          <h2 id={heading}>{title}</h2>
          <IconButton icon="close" label={t("common.close")} onClick={onClose} />
        </header>
        <div class="dialog-body">{children}</div>
        {actions && <footer class="dialog-actions">{actions}</footer>}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ComponentChildren;
  verb: string;
  danger?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks whether somebody is sure. */
export function Confirm({ title, children, verb, danger = false, onConfirm, onClose }: ConfirmProps) {
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button
        kind={danger ? "danger" : "primary"}
        onClick={() => {
          onClose();
          onConfirm();
        }}
      >
        {verb}
      </Button>
    </>
  );
  return <Dialog title={title} onClose={onClose} actions={actions}>{children}</Dialog>;
}
