// The device a client runs on: an Ed25519 key, what it signs, and the tokens it was given.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";

/** What stands before the 32 bytes of a private key in PKCS #8. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

const raw = (publicKey) => Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url");

/** A device with a key of its own, or with the one that grows from `seed`. */
export function makeDevice(seed) {
  const privateKey = seed
    ? createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(seed)]), format: "der", type: "pkcs8" })
    : generateKeyPairSync("ed25519").privateKey;
  const publicKey = createPublicKey(privateKey);
  return {
    deviceId: createHash("sha256").update(raw(publicKey)).digest("hex"),
    publicKey: raw(publicKey).toString("base64url"),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }),
    /** Base64url of the signature under `line`. */
    sign: (line) => sign(null, Buffer.from(line), privateKey).toString("base64url"),
  };
}

/** What OpenClaw's client library wants of its host, with the tokens kept in `tokens`, by role. */
export const hostOf = (device, tokens) => ({
  signDevicePayload: (_, payload) => device.sign(payload),
  publicKeyRawBase64UrlFromPem: () => device.publicKey,
  loadDeviceAuthToken: ({ role }) => tokens.get(role) ?? null,
  storeDeviceAuthToken: ({ role, token, scopes }) => tokens.set(role, { token, scopes }),
  clearDeviceAuthToken: ({ role }) => tokens.delete(role),
});

/** The line a device signs: version 1, which January's clients still knew, 2 or 3. */
export function signedLine(version, { deviceId, clientId, clientMode, role, scopes, signedAt, token, nonce, platform, deviceFamily }) {
  const words = [`v${version}`, deviceId, clientId, clientMode, role, scopes.join(","), signedAt, token ?? ""];
  if (version >= 2) words.push(nonce);
  if (version >= 3) words.push(platform.trim().toLowerCase(), (deviceFamily ?? "").trim().toLowerCase());
  return words.join("|");
}
