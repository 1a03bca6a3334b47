// Giving a node a command, and what it answers.
import { useState } from "preact/hooks";

import { freshId } from "../../gateway/client.ts";
import { gateway } from "../../gateway/index.ts";
import { duration } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { NodeRow } from "../../protocol/index.ts";
import { wordsFor } from "../../state/toasts.ts";
import { Badge, Spinner } from "../../ui/bits.tsx";
import { Button, CopyButton } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, SelectField, TextField } from "../../ui/form.tsx";
import { commandsOf, exampleFor } from "./words.ts";

interface Answer {
  isFine: boolean;
  text: string;
  tookMs: number;
}

/** How much longer than the node's time the gateway's answer may take. */
const GRACE_MS = 5_000;

export function Invoke({ node, name, onClose }: { node: NodeRow; name: string; onClose: () => void }) {
  const commands = commandsOf(node);
  const [command, setCommand] = useState(commands[0] ?? "");
  const [params, setParams] = useState(exampleFor(command));
  const [seconds, setSeconds] = useState("30");
  const [isRunning, setRunning] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const read = parsed(params);
  const timeoutMs = Math.round(Number(seconds) * 1000);
  const isFine = read.error === null && Number.isFinite(timeoutMs) && timeoutMs > 0;

  const run = async () => {
    setRunning(true);
    setAnswer(null);
    const from = performance.now();
    const finish = (isFine: boolean, text: string) => setAnswer({ isFine, text, tookMs: performance.now() - from });
    try {
      const asked = { nodeId: node.nodeId, command, params: read.value, timeoutMs, idempotencyKey: freshId() };
      const { payload, payloadJSON } = await gateway.request("node.invoke", asked, timeoutMs + GRACE_MS);
      finish(true, JSON.stringify(payload ?? payloadJSON, null, 2) ?? "null");
    } catch (error) {
      finish(false, wordsFor(error));
    }
    setRunning(false);
  };
  const actions = <Button kind="primary" icon="play" disabled={!isFine || isRunning} onClick={() => void run()}>{t("devices.invoke.run")}</Button>;
  return (
    <Dialog title={t("devices.invoke.title", { name })} onClose={onClose} actions={actions} wide>
      <SelectField
        label={t("devices.invoke.command")}
        value={command}
        options={commands.map((it) => [it, it] as const)}
        onValue={(next) => {
          setCommand(next);
          setParams(exampleFor(next));
        }}
      />
      <Field label={t("devices.invoke.params")} error={read.error}>
        {(attributes) => <textarea class="input code" rows={5} spellcheck={false} {...attributes} value={params} onInput={(event) => setParams(event.currentTarget.value)} />}
      </Field>
      <TextField label={t("devices.invoke.timeout")} type="number" value={seconds} onValue={setSeconds} />
      <div role="status" class="devices-answer">
        {isRunning && <p><Spinner /> {t("devices.invoke.running")}</p>}
        {answer && (
          <>
            <p class="devices-name">
              <Badge tone={answer.isFine ? "good" : "bad"}>{t(answer.isFine ? "devices.invoke.fine" : "devices.invoke.failed")}</Badge>
              <span class="field-hint">{duration(answer.tookMs)}</span>
              <CopyButton text={answer.text} />
            </p>
            <pre class="devices-json" tabIndex={0}>{answer.text}</pre>
          </>
        )}
      </div>
    </Dialog>
  );
}

function parsed(text: string): { value: unknown; error: string | null } {
  if (text.trim() === "") return { value: undefined, error: null };
  try {
    return { value: JSON.parse(text), error: null };
  } catch (error) {
    return { value: undefined, error: (error as Error).message };
  }
}
