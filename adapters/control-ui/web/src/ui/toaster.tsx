// Where short words about what happened are shown.
import { t } from "../i18n/index.ts";
import { toasts } from "../state/toasts.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { AskForScopes } from "./scopes.tsx";

export function Toaster() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast ${toast.kind}`}>
          <Icon name={toast.kind === "failed" ? "alert" : "check"} />
          <span>{toast.text}</span>
          {toast.lacks && <AskForScopes scopes={[toast.lacks.scope]} {...(toast.lacks.again && { then: toast.lacks.again })} />}
          {toast.action && (
            <Button
              kind="quiet"
              size="small"
              onClick={() => {
                toasts.value = toasts.value.filter((it) => it.id !== toast.id);
                toast.action?.act();
              }}
            >
              {toast.action.label}
            </Button>
          )}
          <button
            type="button"
            class="toast-close"
            aria-label={t("common.close")}
            onClick={() => {
              toasts.value = toasts.value.filter((it) => it.id !== toast.id);
            }}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
