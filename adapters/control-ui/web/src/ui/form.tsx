// What one fills in.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  /** The control; it gets the name its label refers to. */
  children: (attributes: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ComponentChildren;
}

/** A control with its label, a hint and what is wrong with it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const below = useId();
  const describes = hint || error ? { "aria-describedby": below } : {};
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, ...describes, ...(error ? { "aria-invalid": true } : {}) })}
      {(hint || error) && (
        <div id={below} class={error ? "field-error" : "field-hint"} {...(error ? { role: "alert" } : {})}>{error ?? hint}</div>
      )}
    </div>
  );
}

interface TextProps {
  type?: "text" | "password" | "number" | "search";
  step?: number | "any";
  name?: string;
  placeholder?: string;
  autocomplete?: "off" | "current-password";
  required?: boolean;
  autoFocus?: boolean;
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  value: string;
  onValue: (value: string) => void;
}

/** A line of text. */
export function TextField({ label, hint, error, value, onValue, ...rest }: TextProps) {
  return (
    <Field label={label} hint={hint} error={error ?? null}>
      {(attributes) => (
        <input class="input" {...({ ...attributes, ...rest } as object)} value={value} onInput={(event) => onValue(event.currentTarget.value)} />
      )}
    </Field>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onValue: (value: T) => void;
  hint?: ComponentChildren;
  disabled?: boolean;
}

/** One of several. */
export function SelectField<T extends string>({ label, value, options, onValue, hint, disabled = false }: ChoiceProps<T>) {
  return (
    <Field label={label} hint={hint}>
      {(attributes) => (
        <select class="input" {...attributes} value={value} disabled={disabled} onChange={(event) => onValue(event.currentTarget.value as T)}>
          {options.map(([key, text]) => <option key={key} value={key} selected={key === value}>{text}</option>)}
        </select>
      )}
    </Field>
  );
}

/** One of a few, all of them in sight. */
export function Segments<T extends string>({ label, value, options, isPlain = false, onValue }: Omit<ChoiceProps<T>, "hint"> & { /** Whether what is chosen says enough. */ isPlain?: boolean }) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class={isPlain ? "out-of-sight" : ""}>{label}</legend>
      <div class="segments-row">
        {options.map(([key, text]) => (
          <label key={key} class={key === value ? "on" : ""}>
            <input type="radio" name={name} value={key} checked={key === value} onChange={() => onValue(key)} />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** On or off. */
export function Switch({ label, hint, checked, disabled = false, onValue }: { label: string; hint?: string | undefined; checked: boolean; disabled?: boolean; onValue: (on: boolean) => void }) {
  const id = useId();
  const below = useId();
  return (
    <div class="switch">
      <input id={id} type="checkbox" role="switch" checked={checked} disabled={disabled} aria-describedby={hint ? below : undefined} onChange={(event) => onValue(event.currentTarget.checked)} />
      <div>
        <label for={id}>{label}</label>
        {hint && <div id={below} class="field-hint">{hint}</div>}
      </div>
    </div>
  );
}
