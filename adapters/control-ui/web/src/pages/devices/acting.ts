// Doing something that may not work, and saying how it went.
import { useState } from "preact/hooks";

import { say, sayFailed } from "../../state/toasts.ts";

/** Runs one thing at a time; whether it still does. */
export function useActing(): [boolean, (what: () => Promise<unknown>, done?: string) => Promise<boolean>] {
  const [isBusy, setBusy] = useState(false);
  const act = async (what: () => Promise<unknown>, done?: string) => {
    setBusy(true);
    try {
      await what();
      if (done) say({ kind: "done", text: done });
      return true;
    } catch (error) {
      sayFailed(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return [isBusy, act];
}
