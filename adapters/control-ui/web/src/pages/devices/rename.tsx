// Calling something something else.
import { useState } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/form.tsx";

export function Rename({ name: before, onName, onClose }: { name: string; onName: (name: string) => void; onClose: () => void }) {
  const [name, setName] = useState(before);
  const isFine = name.trim() !== "" && name.trim() !== before;
  const rename = () => {
    if (!isFine) return;
    onClose();
    onName(name.trim());
  };
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button kind="primary" disabled={!isFine} onClick={rename}>{t("devices.rename")}</Button>
    </>
  );
  return (
    <Dialog title={t("devices.rename")} onClose={onClose} actions={actions}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          rename();
        }}
      >
        <TextField label={t("devices.name")} value={name} onValue={setName} autocomplete="off" required />
      </form>
    </Dialog>
  );
}
