// The protocol, as the gateway's own tables declare it.
import type { Events, Methods } from "./generated.ts";

export type * from "./generated.ts";

export type MethodName = keyof Methods;
export type Params<M extends MethodName> = Methods[M]["params"];
export type Result<M extends MethodName> = Methods[M]["result"];
export type EventName = keyof Events;
export type Payload<E extends EventName> = Events[E];
