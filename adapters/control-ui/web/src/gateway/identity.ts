// Who this browser is to the gateway: an Ed25519 key that never leaves it.

/** A device the gateway can recognize. */
export interface DeviceIdentity {
  /** Lower-case hex of the SHA-256 of the public key. */
  readonly id: string;
  /** base64url of the 32 bytes of the public key. */
  readonly publicKey: string;
  /** base64url of the signature under `text`. */
  sign(text: string): Promise<string>;
}

/** What goes into the proof that a connection is the device's. */
export interface Signed {
  deviceId: string;
  clientId: string;
  clientMode: string;
  role: string;
  scopes: readonly string[];
  signedAt: number;
  token: string;
  nonce: string;
  platform: string;
  deviceFamily: string;
}

/** The line that is signed (version 3). */
export function signedLine(it: Signed): string {
  const plain = (text: string) => text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return [
    "v3", it.deviceId, it.clientId, it.clientMode, it.role, it.scopes.join(","), String(it.signedAt),
    it.token, it.nonce, plain(it.platform), plain(it.deviceFamily),
  ].join("|");
}

/** Whether browsers let this page have keys: over HTTPS or on the gateway's own machine. */
export function canHaveIdentity(): boolean {
  return globalThis.isSecureContext && Boolean(globalThis.crypto?.subtle) && Boolean(globalThis.indexedDB);
}

/**
 * The identity of this browser, made at the first call. Nothing where browsers allow none, or know no
 * Ed25519.
 */
export async function identity(): Promise<DeviceIdentity | null> {
  if (!canHaveIdentity()) return null;
  try {
    const keys = (await stored()) ?? (await create());
    return await ofKeys(keys);
  } catch {
    return null;
  }
}

/** Forgets the key. The gateway does not know this browser any more afterwards. */
export async function forgetIdentity(): Promise<void> {
  await inStore("readwrite", (store) => store.delete(DEVICE));
}

export async function ofKeys(keys: CryptoKeyPair): Promise<DeviceIdentity> {
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
  return {
    id: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    publicKey: base64url(raw),
    async sign(text) {
      const bytes = new TextEncoder().encode(text);
      return base64url(new Uint8Array(await crypto.subtle.sign("Ed25519", keys.privateKey, bytes)));
    },
  };
}

export function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const DATABASE = "openclaw-control-ui";
const STORE = "keys";
const DEVICE = "device";

async function create(): Promise<CryptoKeyPair> {
  // Not extractable: a script that gets in can use the key while it is there, and not take it along.
  const keys = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  // Another tab may have been faster; there is one key.
  const kept = await inStore("readwrite", (store) => {
    const request = store.get(DEVICE);
    request.onsuccess = () => {
      if (request.result === undefined) store.put(keys, DEVICE);
    };
    return request;
  });
  return (kept as CryptoKeyPair | undefined) ?? (keys as CryptoKeyPair);
}

async function stored(): Promise<CryptoKeyPair | undefined> {
  return (await inStore("readonly", (store) => store.get(DEVICE))) as CryptoKeyPair | undefined;
}

async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await new Promise<IDBDatabase>((done, fail) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  try {
    return await new Promise<T>((done, fail) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onerror = () => fail(transaction.error);
      transaction.onabort = () => fail(transaction.error);
    });
  } finally {
    database.close();
  }
}
