// Asking a gateway for something without a browser: to put there what a test wants to see.
import { after } from "node:test";

import { WebSocket } from "ws";

/** Opens a connection to `gateway`, which may do everything. */
export async function rpc(gateway) {
  const socket = new WebSocket(gateway.url);
  const waiting = new Map();
  let last = 0;
  const call = (method, params) => new Promise((done, fail) => {
    last += 1;
    waiting.set(String(last), { done, fail });
    socket.send(JSON.stringify({ type: "req", id: String(last), method, params }));
  });
  await new Promise((done, fail) => {
    socket.onerror = () => fail(new Error("the gateway is not there"));
    socket.onclose = () => fail(new Error("the gateway closed"));
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.event === "connect.challenge") {
        call("connect", {
          minProtocol: 4,
          maxProtocol: 4,
          client: { id: "gateway-client", version: "0", platform: "test", mode: "backend" },
          role: "operator",
          scopes: ["operator.admin"],
          auth: { token: gateway.token },
        }).then(done, fail);
        return;
      }
      const asked = frame.type === "res" && waiting.get(frame.id);
      if (!asked) return;
      waiting.delete(frame.id);
      if (frame.ok) asked.done(frame.payload);
      else asked.fail(new Error(`${frame.error.code}: ${frame.error.message}`));
    };
  });
  return { call, isOpen: () => socket.readyState === WebSocket.OPEN, close: () => socket.close() };
}

/** Asks the gateway of a house, over one connection that is opened when it is first needed. */
export function caller(it) {
  let client;
  after(() => client?.close());
  return async (method, params) => {
    if (!client?.isOpen()) client = await rpc(it.gateway);
    return client.call(method, params);
  };
}
