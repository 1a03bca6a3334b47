// The protocol, written from the tables of methods and events of the gateway. Do not edit:
//   UPDATE=1 cargo nextest run -p tests --test control_ui

/** A question is put. */
export interface Accepted {
  /** When it was put. */
  createdAtMs: number;
  /** When nobody has to answer any more. */
  expiresAtMs: number;
  /** The question. */
  id: string;
  /** Always `accepted`. */
  status: string;
}

/** An agent. */
export interface Agent {
  /** Its name in keys. */
  id: string;
  /** How it presents itself. */
  identity?: Look | null;
  /** Its model. */
  model?: AgentModel | null;
  /** Its name for people. */
  name?: string | null;
}

/** What holds for an agent. */
export interface AgentApprovals {
  /** The programs that may run. */
  allowlist?: AllowedProgram[];
  /** `off`, `on-miss` or `always`. */
  ask?: string | null;
  /** Kept, and without effect: no answer is a no. */
  askFallback?: string | null;
  /** Whether the programs of skills count as listed. */
  autoAllowSkills?: boolean | null;
  /** `deny`, `allowlist` or `full`. */
  security?: string | null;
}

/**
 * The payload of `agent`, as clients of protocol 4 read it: one step of a run
 * (`ws-protocol.md` 8.5).
 */
export interface AgentEvent {
  /** Who answers. */
  agentId: string;
  /** What happened; its fields depend on the kind. */
  data: Record<string, unknown>;
  /** The run. */
  runId: string;
  /** Counts the steps of this run from 1. */
  seq: number;
  /** Its transcript. */
  sessionId: string;
  /** The session, spelled as whoever started the run spelled it. */
  sessionKey: string;
  /** What kind of step it is: `lifecycle`, `assistant`, `usage` or `tool`. */
  stream: string;
  /** When, in milliseconds since 1970. */
  ts: number;
}

/** How an agent is. */
export interface AgentHealth {
  /** Its name in keys. */
  agentId: string;
  /** How often it looks around by itself. */
  heartbeat: HeartbeatPlan;
  /** Whether it answers when nobody is named. */
  isDefault: boolean;
  /** Its name for people. */
  name?: string | null;
  /** Its sessions. */
  sessions: SessionsHealth;
}

/** How often an agent looks around by itself. */
export interface AgentHeartbeat {
  /** The agent. */
  agentId: string;
  /** Whether it does at all. */
  enabled: boolean;
  /** How often, as written in the configuration. */
  every: string;
  /** The same in milliseconds. */
  everyMs: number | null;
}

/** Which model said something, and what it used. */
export interface AgentMeta {
  /** The model. */
  model?: string | null;
  /** Who offers the model. */
  provider?: string | null;
  /** Tokens. */
  usage: Used;
}

/** The model of an agent. */
export interface AgentModel {
  /** The first one that is asked. */
  primary: string;
}

/** Results of `agent`, first and second. */
export type AgentResult = Underway | Ended | Stopped;

/** What an agent used. */
export interface AgentUsed {
  /** The agent. */
  agentId: string;
  /** What it used. */
  totals: Used2;
}

/** What all conversations used, in several ways. */
export interface Aggregates {
  /** By agent, the dearest first. */
  byAgent: AgentUsed[];
  /**
   * By channel. Conversations of no channel are not among them, and there are
   * no others.
   */
  byChannel: unknown[];
  /** By whoever began the conversations. */
  byCreator: CreatorUsed[];
  /** By model, the dearest first. */
  byModel: ModelUsed[];
  /** By provider, the dearest first. */
  byProvider: ModelUsed[];
  /** What was used, day by day. */
  costDaily: DayUsed[];
  /** In short, day by day. */
  daily: DayInShort[];
  /** How long answers took, day by day. Not counted. */
  dailyLatency: unknown[];
  /** What was said. */
  messages: Messages;
  /** What each model used, day by day. */
  modelDaily: ModelDay[];
  /** How many of them used something. */
  sessionCount: number;
  /** Which tools were asked for. */
  tools: ToolCounts;
}

/** A program that may run. */
export interface AllowedProgram {
  /** Names the entry; made when it is absent. */
  id?: string | null;
  /** For which file. */
  lastResolvedPath?: string | null;
  /** When it was last of use, in milliseconds. */
  lastUsedAt?: number | null;
  /** For which command. */
  lastUsedCommand?: string | null;
  /** Which programs: a pattern for the full path. */
  pattern: string;
}

/** What answers in a session. */
export interface Answering {
  /** The model. */
  model: string | null;
  /** Who offers the model. */
  modelProvider: string | null;
}

/** What holds when nothing else is said. */
export interface ApprovalDefaults {
  /** `off`, `on-miss` or `always`. */
  ask?: string | null;
  /** Kept, and without effect: no answer is a no. */
  askFallback?: string | null;
  /** Whether the programs of skills count as listed. */
  autoAllowSkills?: boolean | null;
  /** `deny`, `allowlist` or `full`. */
  security?: string | null;
}

/** The approvals that wait in a session. There are none yet in this gateway. */
export interface ApprovalReplay {
  /** The approvals. */
  approvals: unknown[];
  /** The session. */
  sessionKey: string;
  /** Whether some were left out. */
  truncated: boolean;
  /** When the list was made. */
  updatedAtMs: number;
}

/** How far a question is. */
export type ApprovalStatus = "pending" | "approved" | "denied" | "expired";

/** `exec-approvals.json`. */
export interface ApprovalsFile {
  /** What holds for one agent, or under `*` for every agent. */
  agents?: Record<string, AgentApprovals>;
  /** What holds when nothing else is said. */
  defaults?: ApprovalDefaults | null;
  /** Where an application of the desktop asks its user. */
  socket?: ApprovalsSocket | null;
  /** Always 1. */
  version: 1;
}

/** Where an application of the desktop asks its user. */
export interface ApprovalsSocket {
  /** The socket. */
  path?: string | null;
  /** What whoever speaks there has to know. Never shown. */
  token?: string | null;
}

/** Result of `device.pair.approve`. */
export interface Approved {
  /** The device. */
  device: PairedDevice;
  /** The request. */
  requestId: string;
}

/** Result of `node.pair.approve`. */
export interface Approved2 {
  /** The node. */
  node: PairedNode;
  /** The request. */
  requestId: string;
}

/** What may follow a command. */
export interface ArgumentRow {
  /** What it can be; anything if there is nothing here. */
  choices?: Choice[];
  /** What it means. */
  description: string;
  /** What to call it. */
  name: string;
  /** `string`. */
  type: string;
}

/** What may be sent along with a message. */
export interface AttachmentPolicy {
  /** The largest file, in bytes. */
  maxBytes: number;
  /** The largest picture, in bytes. */
  maxImageBytes: number;
}

/** Result of `skills.bins`. */
export interface Bins {
  /** The programs. */
  bins: string[];
}

/** Something that goes on. */
export interface Blocker {
  /** How many. */
  count: number;
  /** Of what kind. */
  kind: string;
  /** For a person. */
  message: string;
}

/** Result of `tools.catalog`. */
export interface Catalog {
  /** The agent. */
  agentId: string;
  /** The tools. */
  groups: Group[];
  /** The profiles one can choose. */
  profiles: ProfileRow[];
}

/**
 * The payload of `chat`, as clients of protocol 4 read it: what an agent
 * answers (`ws-protocol.md` 8.3).
 */
export interface ChatEvent {
  /** Who answers. */
  agentId: string;
  /** What is new, with `delta`. */
  deltaText: string | null;
  /**
   * What kind of failure it was: `rate_limit`, `timeout`, `context_length`
   * or `unknown`.
   */
  errorKind: string | null;
  /** What went wrong, with `error`. */
  errorMessage: string | null;
  /**
   * Everything so far, or, with `final`, the message as it stands in the
   * transcript.
   */
  message: Message | null;
  /** What the gateway is at, with `status`. */
  phase: string | null;
  /** Whether `deltaText` is everything so far instead. */
  replace: boolean | null;
  /** The run. */
  runId: string;
  /** The `seq` of the agent's step this belongs to. */
  seq: number;
  /** The session, spelled as whoever started the run spelled it. */
  sessionKey: string;
  /** How far the answer is. */
  state: ChatProgress;
  /** Why it ends here. */
  stopReason: string | null;
}

/** Result of `chat.metadata`. */
export interface ChatMetadata {
  /** The commands. */
  commands: CommandRow[];
  /** The models. */
  models: Model[];
}

/** How far an answer is. */
export type ChatProgress = "status" | "delta" | "final" | "aborted" | "error";

/** What can follow a command. */
export interface Choice {
  /** What to show. */
  label: string;
  /** What to type. */
  value: string;
}

/** A command. */
export interface CommandRow {
  /** Whether something may follow it. */
  acceptsArgs: boolean;
  /** What may follow it. */
  args?: ArgumentRow[];
  /** `session`, `options` or `status`. */
  category: string;
  /** What it does. */
  description: string;
  /** Its name, without the slash. */
  name: string;
  /** The same, for menus. */
  nativeName: string;
  /** `both`: it can be typed and chosen from a menu. */
  scope: string;
  /** `native`. */
  source: string;
  /** What can be typed for it. */
  textAliases: string[];
}

/** Result of `commands.list`. */
export interface Commands {
  /** The commands. */
  commands: CommandRow[];
}

/** Result of `sessions.compact`. */
export interface CompactResult {
  /** Whether something was left out. */
  compacted: boolean;
  /** How many entries are left. */
  kept?: number | null;
  /** The session. */
  key: string;
  /** Always true. */
  ok: boolean;
  /** Why nothing was left out. */
  reason?: string | null;
}

/** The payload of `config.changed`. */
export interface ConfigChanged {
  /** Names the text of the file that was read. */
  hash: string;
  /** What is wrong with the file. */
  issues: ConfigIssue[];
  /** The keys that changed. */
  paths: string[];
}

/** Result of `config.get`. */
export interface ConfigFile {
  /** SHA-256 of the text that is in force. */
  appliedConfigHash: string;
  /** What is in force by it, defaults included. */
  config: unknown;
  /** Whether it is there. */
  exists: boolean;
  /** SHA-256 of the text, in hex. */
  hash: string;
  /** What is wrong with it. */
  issues: ConfigIssue[];
  /** What is written in an old way. */
  legacyIssues: ConfigIssue[];
  /** What it says, before defaults. */
  parsed: unknown;
  /** Where it is. */
  path: string;
  /** Its text. */
  raw: string | null;
  /** What is wrong with the file, and what of it could not be put into force. */
  runningIssues: ConfigIssue[];
  /** Whether it can be used. */
  valid: boolean;
  /** What is odd about it. */
  warnings: ConfigIssue[];
}

/** Something about the configuration a person should know. */
export interface ConfigIssue {
  /** The file it is in, where that is known. */
  file?: string | null;
  /** The line it is on, from 1. */
  line?: number | null;
  /** What is the matter with it. */
  message: string;
  /** The key, as in `gateway.port`. */
  path: string;
}

/** Result of `config.schema`. */
export interface ConfigShape {
  /** When it was made. */
  generatedAt: string;
  /** The JSON schema. */
  schema: unknown;
  /** How to show each key in a form. */
  uiHints: Record<string, unknown>;
  /** The version of the gateway. */
  version: string;
}

/** What was said: plain text, or parts. */
export type Content = string | MessagePart[];

/** Result of `usage.cost`. */
export interface CostTold {
  /** The days in which something was used. */
  daily: UsedDay[];
  /** How many days are meant. */
  days: number;
  /** All of them. */
  totals: Used2;
  /** When it was put together. */
  updatedAt: number;
}

/** How much goes on. */
export interface Counts {
  /** Runs that are active or wait for another one. */
  embeddedRuns: number;
  /** All together. */
  totalActive: number;
}

/** Result of `sessions.create`. */
export interface Created {
  /** What is remembered about it. */
  entry: SessionEntry;
  /** The session. */
  key: string;
  /** Always true. */
  ok: boolean;
  /** What answers in it. */
  resolved: Answering;
  /** The run of what was said. */
  runId?: string | null;
  /** Whether something was said in it. */
  runStarted: boolean;
  /** Its transcript. */
  sessionId: string;
}

/** Somebody who began conversations. */
export interface Creator {
  /** Who. */
  key: string;
}

/** What the conversations used that somebody began. */
export interface CreatorUsed {
  /** The same, day by day. */
  daily: DayUsed[];
  /** Who. */
  key: string;
  /** How many they are. */
  sessionCount: number;
  /** What they used. */
  totals: Used2;
}

/** What was used in a day. */
export interface DayBreakdown {
  /** Tokens read from a cache. */
  cacheRead: number;
  /** Dollars for what was read from a cache. */
  cacheReadCost: number;
  /** Tokens written to a cache. */
  cacheWrite: number;
  /** Dollars for what was written to a cache. */
  cacheWriteCost: number;
  /** Dollars, as far as prices are known. */
  cost: number;
  /** As in `2026-01-27`. */
  date: string;
  /** Tokens read anew. */
  input: number;
  /** Dollars for what was read anew. */
  inputCost: number;
  /** The same by model. */
  missingCostByModel?: Record<string, number>;
  /** How many answers there are whose price is not known. */
  missingCostEntries: number;
  /** Tokens written. */
  output: number;
  /** Dollars for what was written. */
  outputCost: number;
  /** Tokens together. */
  tokens: number;
  /** Dollars, as far as prices are known. */
  totalCost: number;
  /** Tokens together. */
  totalTokens: number;
}

/** A day in short. */
export interface DayInShort {
  /** Dollars, as far as prices are known. */
  cost: number;
  /** As in `2026-01-27`. */
  date: string;
  /** Answers that came to a bad end. */
  errors: number;
  /** Questions and answers. */
  messages: number;
  /** Tokens together. */
  tokens: number;
  /** Tools that were asked for. */
  toolCalls: number;
}

/** What was said in a day. */
export interface DayMessages {
  /** Answers. */
  assistant: number;
  /** As in `2026-01-27`. */
  date: string;
  /** Answers that came to a bad end. */
  errors: number;
  /** Tools that were asked for. */
  toolCalls: number;
  /** What tools said. Not counted. */
  toolResults: number;
  /** Questions and answers. */
  total: number;
  /** Questions. */
  user: number;
}

/** What was used in a day. */
export interface DayUsed {
  /** Tokens read from a cache. */
  cacheRead: number;
  /** Dollars for what was read from a cache. */
  cacheReadCost: number;
  /** Tokens written to a cache. */
  cacheWrite: number;
  /** Dollars for what was written to a cache. */
  cacheWriteCost: number;
  /** As in `2026-01-27`. */
  date: string;
  /** Tokens read anew. */
  input: number;
  /** Dollars for what was read anew. */
  inputCost: number;
  /** The same by model. */
  missingCostByModel?: Record<string, number>;
  /** How many answers there are whose price is not known. */
  missingCostEntries: number;
  /** Tokens written. */
  output: number;
  /** Dollars for what was written. */
  outputCost: number;
  /** Dollars, as far as prices are known. */
  totalCost: number;
  /** Tokens together. */
  totalTokens: number;
}

/** How a question ended. */
export interface Decided {
  /** When it was put. */
  createdAtMs: number;
  /**
   * `allow-once`, `allow-always`, `deny`, or `null`: nobody answered, which
   * is a no.
   */
  decision: string | null;
  /** When nobody had to answer any more. */
  expiresAtMs: number;
  /** The question. */
  id: string;
}

/** What answers when nothing was chosen. */
export interface Defaults {
  /** How many tokens it is shown at most. */
  contextTokens: number | null;
  /** The model. */
  model: string | null;
}

/** What answers in a session where nothing was chosen. */
export interface Defaults2 {
  /** How many tokens it is shown at most. */
  contextTokens: number | null;
  /** The model. */
  model: string | null;
  /** Who offers the model. */
  modelProvider: string | null;
}

/** Where a conversation takes place. */
export interface DeliveryContext {
  /** The account it goes through. */
  accountId?: string | null;
  /** The channel. */
  channel?: string | null;
  /** Whom it reaches there. */
  to?: string | null;
}

/** Result of `sessions.describe`. */
export interface Described {
  /** Its row in the list, or `null`. */
  session: SessionRow | null;
}

/** A question, and what can be answered. */
export interface Described2 {
  /** The command as one line. */
  commandText: string;
  /** When it was asked. */
  createdAtMs: number;
  /** The answer; none is a no. */
  decision: string | null;
  /** When nobody has to answer any more. */
  expiresAtMs: number;
  /** Names it. */
  id: string;
  /** Always `exec`. */
  kind: string;
  /** What it is about. */
  request: ExecRequest;
  /** When. */
  resolvedAtMs?: number | null;
  /** Who answered. */
  resolvedBy?: string | null;
  /** `pending`, `approved`, `denied` or `expired`. */
  status: ApprovalStatus;
}

/** The payload of `device.pair.changed`. */
export interface DeviceChanged {
  /** What changed, as in `renamed`. */
  change: string;
  /** The device. */
  deviceId: string;
  /** When, in milliseconds since 1970. */
  ts: number;
}

/** What became of a device that asked. */
export interface DeviceDecided {
  /** `approved`, `rejected` or `superseded`. */
  decision: string;
  /** The device. */
  deviceId: string;
  /** The request. */
  requestId: string;
  /** When, in milliseconds since 1970. */
  ts: number;
}

/** A token a device can come back with. */
export interface DeviceToken {
  /** The token. */
  deviceToken: string;
  /** Since when it is good, in milliseconds since 1970. */
  issuedAtMs: number;
  /** For which role. */
  role: string;
  /** What it allows. */
  scopes: string[];
}

/** Result of `device.pair.list`. */
export interface Devices {
  /** Those that were let in, the newest first. */
  paired: PairedDevice[];
  /** Those that wait, the newest first. */
  pending: PendingDevice[];
}

/** Result of what either happens or not. */
export interface Done {
  /** Whether it was done. */
  ok: boolean;
}

/** It is done. */
export interface Done2 {
  /** Always true. */
  ok: boolean;
}

/** Result of `node.pending.drain`. */
export interface Drained {
  /** Whether there is more. */
  hasMore: boolean;
  /** The work, the urgent first. */
  items: WorkRow[];
  /** The node. */
  nodeId: string;
}

/** Result of `tools.effective`. */
export interface Effective {
  /** Whose session it is. */
  agentId: string;
  /** The tools: one group, or none. */
  groups: EffectiveGroup[];
  /** The profile that holds there. */
  profile: string;
}

/** The tools from one source. */
export interface EffectiveGroup {
  /** Always `core`. */
  id: string;
  /** Its name for people. */
  label: string;
  /** Always `core`. */
  source: string;
  /** The tools. */
  tools: EffectiveTool[];
}

/** A tool that may be used. */
export interface EffectiveTool {
  /** What it does. */
  description: string;
  /** Its name. */
  id: string;
  /** Its name for people. */
  label: string;
  /** The same, as models are told. */
  rawDescription: string;
  /** `low`, `medium` or `high`. */
  risk: string;
  /** Always `core`. */
  source: string;
}

/** The run has ended. */
export interface Ended {
  /** What was said, and how. */
  result: RunResult;
  /** The run. */
  runId: string;
  /** `ok`, or `aborted`. */
  status: string;
  /** `completed`, or `aborted`. */
  summary: string;
}

/** Result of `node.pending.enqueue`. */
export interface Enqueued {
  /** Whether it waited before. */
  deduped: boolean;
  /** The node. */
  nodeId: string;
  /** What waits now. */
  queued: WorkRow;
  /** Whether the node was woken. Always false. */
  wakeTriggered: boolean;
}

/** Result of `node.event`. */
export interface EventResult {
  /** What was not handled. */
  event?: string | null;
  /** False, when it was not. */
  handled?: boolean | null;
  /** Always true. */
  ok: boolean;
  /** Why not. */
  reason?: string | null;
}

/** A command that waits for consent, or waited. */
export interface ExecApproval {
  /** When it was asked. */
  createdAtMs: number;
  /** The answer; none is a no. */
  decision: string | null;
  /** When nobody has to answer any more. */
  expiresAtMs: number;
  /** Names it. */
  id: string;
  /** Always `exec`. */
  kind: string;
  /** What it is about. */
  request: ExecRequest;
  /** When. */
  resolvedAtMs?: number | null;
  /** Who answered. */
  resolvedBy?: string | null;
  /** `pending`, `approved`, `denied` or `expired`. */
  status: ApprovalStatus;
}

/** The payload of `exec.approval.requested`. */
export interface ExecApprovalRequested {
  /** When it was asked. */
  createdAtMs: number;
  /** When nobody has to answer any more. */
  expiresAtMs: number;
  /** Names the question. */
  id: string;
  /** What it is about. */
  request: ExecRequest;
}

/** The payload of `exec.approval.resolved`. */
export interface ExecApprovalResolved {
  /** The answer. Without one the time is over. */
  decision: string | null;
  /** Names the question. */
  id: string;
  /** Who answered. */
  resolvedBy?: string | null;
  /** When. */
  ts: number;
}

/** Consent that was given once and for all. */
export interface ExecGrant {
  /** When. */
  createdAtMs: number;
  /** Until when. */
  expiresAtMs: number | null;
  /** Names it. */
  grantId: string;
  /** Who gave it. */
  grantedBy: string | null;
  /** When it was last of use. */
  lastUsedAtMs: number | null;
  /**
   * What it is about. It covers exactly this command, of this program, for
   * whoever asked.
   */
  request: ExecRequest;
}

/**
 * What somebody wants to run, as whoever decides gets to see it: everything
 * that would not be seen is written out.
 */
export interface ExecRequest {
  /** For which agent. */
  agentId: string | null;
  /** When the caller says somebody is asked. */
  ask: string | null;
  /**
   * The fingerprint of everything that decides what the command does, as the
   * machine that would run it took it.
   */
  bindingHash?: string | null;
  /** The command as one line. What is left out is marked. */
  command: string;
  /** Program and arguments, if they are known one by one. */
  commandArgv?: string[] | null;
  /** Where it would run. */
  cwd: string | null;
  /** The variables that would be set for it, by name. */
  envKeys?: string[];
  /** On which kind of machine: `gateway`, `node`, `sandbox`. */
  host: string | null;
  /** On which node. */
  nodeId?: string | null;
  /** SHA-256 of exactly what was asked, in hex. */
  requestHash: string;
  /** The file of the program. */
  resolvedPath: string | null;
  /** What the caller says may run. */
  security: string | null;
  /** For which session, as the caller spelled it. */
  sessionKey: string | null;
  /** What the caller says to look out for. */
  warningText?: string | null;
}

/** Why nothing came of a tool. */
export interface Failure {
  /** `not_found`, `tool_error`, `timeout` or `unavailable`. */
  code: string;
  /** What is wrong, for a person. */
  message: string;
}

/** What the gateway serves. */
export interface Features {
  /** Extensions of the protocol. */
  capabilities: string[];
  /** The events, whatever the client may see of them. */
  events: string[];
  /** The methods, whatever the client may call of them. */
  methods: string[];
}

/** Result of `sessions.delete`. */
export interface Forgotten {
  /** Files that were set aside. There are none: what goes is gone. */
  archived: string[];
  /** Whether there was such a session. */
  deleted: boolean;
  /** The session. */
  key: string;
  /** Always true. */
  ok: boolean;
}

/** Result of `gateway.identity.get`. */
export interface GatewayIdentity {
  /** The fingerprint of the key. */
  deviceId: string;
  /** The public key, in base64url. */
  publicKey: string;
}

/** What the client is and may do. */
export interface Granted {
  /** The token its device can come back with instead of the secret. */
  deviceToken?: string | null;
  /** Tokens for other roles a setup code gave to the device. */
  deviceTokens?: DeviceToken[];
  /** Since when that token is good, in milliseconds since 1970. */
  issuedAtMs?: number | null;
  /** How it showed who it is. */
  method: string;
  /** What it is. */
  role: string;
  /** What it may do. */
  scopes: string[];
}

/** Consent that was given once and for all. */
export interface Grants {
  /** The newest first. */
  grants: ExecGrant[];
}

/** A group of tools. */
export interface Group {
  /** Its name. */
  id: string;
  /** Its name for people. */
  label: string;
  /** Always `core`. */
  source: string;
  /** Its tools. */
  tools: Tool2[];
}

/**
 * The result of `health` and the payload of the event of that name
 * (`ws-protocol.md` 10.5).
 */
export interface HealthSummary {
  /** Each agent. */
  agents: AgentHealth[];
  /** What to call them. */
  channelLabels: Record<string, string>;
  /** The order in which to show them. */
  channelOrder: string[];
  /** Each channel by name. */
  channels: Record<string, unknown>;
  /** Who answers when nobody is named. */
  defaultAgentId: string;
  /** How long finding out took, in milliseconds. */
  durationMs: number;
  /** How often agents look around by themselves, in seconds; 0 is never. */
  heartbeatSeconds: number;
  /** Whether everything is as it should be. */
  ok: boolean;
  /** Parts that do not work, by name, and why. */
  problems?: Record<string, string>;
  /** The sessions of all agents. */
  sessions: SessionsHealth;
  /** When this was found out. */
  ts: number;
}

/** How often an agent looks around by itself. */
export interface HeartbeatPlan {
  /** How long an answer may be that only says all is well, in characters. */
  ackMaxChars: number;
  /** Whether it does at all. */
  enabled: boolean;
  /** How often, as written in the configuration. */
  every: string;
  /** The same in milliseconds. */
  everyMs: number | null;
  /** What it is told then. */
  prompt: string;
  /** Where the result goes. */
  target: string;
}

/** How often agents look around by themselves. */
export interface Heartbeats {
  /** Each agent. */
  agents: AgentHeartbeat[];
  /** Who answers when nobody is named. */
  defaultAgentId: string;
}

/** Result of `set-heartbeats`. */
export interface Heartbeats2 {
  /** Whether they are sent. */
  enabled: boolean;
  /** Whether it was done. */
  ok: boolean;
}

/** Result of `connect`: what a client should know to begin with. */
export interface HelloOk {
  /** What the client is and may do. */
  auth: Granted;
  /**
   * Where a node finds the canvas: paths such as `/__openclaw__/a2ui/` are put
   * behind it. Absent where there is none.
   */
  canvasHostUrl?: string | null;
  /** What it serves. */
  features: Features;
  /** The same for newer nodes, as `canvas`. */
  pluginSurfaceUrls?: SurfaceUrls | null;
  /** What it has to keep to. */
  policy: Policy;
  /** The protocol that was agreed upon. */
  protocol: number;
  /** The gateway. */
  server: Server;
  /** How things are. */
  snapshot: Snapshot;
  /** `hello-ok`. */
  type: string;
}

/** What was decided. */
export interface History {
  /** The newest first. */
  approvals: ExecApproval[];
  /** Where to go on, if there is more. */
  nextCursor: string | null;
}

/** Result of `chat.history`. */
export interface HistoryResult {
  /** What answers when nothing was chosen. */
  defaults: Defaults2;
  /** Whether there are older ones. */
  hasMore: boolean;
  /** The messages, each with its `id` and its place `seq` under `__openclaw`. */
  messages: Message[];
  /** The `offset` of the next older part. */
  nextOffset?: number | null;
  /** Its current transcript, if it exists. */
  sessionId?: string | null;
  /** Its row in the list, if it exists. */
  sessionInfo?: SessionRow | null;
  /** The session, as the caller spelled it. */
  sessionKey: string;
  /** How long its model thinks. */
  thinkingLevel: string;
  /** How many messages the conversation has. */
  totalMessages: number;
}

/** Result of `wizard.cancel` and `wizard.status`. */
export interface How {
  /** What went wrong. */
  error?: string | null;
  /** `running`, `done`, `cancelled` or `error`. */
  status: string;
}

/** Result of `agent.identity.get`. */
export interface Identity {
  /** Its name in keys. */
  agentId: string;
  /** Its picture: a URL, a data URL or a letter. */
  avatar: string;
  /** Its sign. */
  emoji?: string | null;
  /** Its name for people. */
  name: string;
}

/** Result of `system.info`. */
export interface Info {
  /** How many runs are active. */
  activeRuns: number;
  /** The processor architecture. */
  arch: string;
  /** How many clients are connected. */
  clients: number;
  /** How many processors there are. */
  cpuCount: number;
  /** What it is called on the network. */
  hostname: string;
  /** What the machine is called by people. */
  machineName: string;
  /** How much of it is free, in bytes. */
  memoryFreeBytes: number;
  /** How much memory the machine has, in bytes. */
  memoryTotalBytes: number;
  /** What runs the gateway. Called so because OpenClaw runs on Node. */
  nodeVersion: string;
  /** The operating system, for people. */
  osLabel: string;
  /** The process. */
  pid: number;
  /** The operating system. */
  platform: string;
  /** The port it listens on. */
  port: number;
  /** Tells this start of the gateway from others. */
  processInstanceId: string;
  /** Its release. */
  release: string;
  /** How long it has been running, in milliseconds. */
  uptimeMs: number;
  /** The version of the gateway. */
  version: string;
}

/** What is answered by saying nothing. */
export type InitialView = boolean | string;

/** Result of `chat.inject`. */
export interface InjectResult {
  /** Names the message. */
  messageId: string;
  /** Always true. */
  ok: boolean;
}

/** Result of `node.invoke`. */
export interface InvokeResult {
  /** What it did. */
  command: string;
  /** The node. */
  nodeId: string;
  /** Always true. */
  ok: boolean;
  /** What it answered. */
  payload: unknown;
  /** The same as the node wrote it, if it wrote JSON into a text. */
  payloadJSON: string | null;
}

/** Result of `tools.invoke`. */
export interface Invoked {
  /** Why nothing came of it. */
  error?: Failure | null;
  /** Whether it worked. */
  ok: boolean;
  /** What came of it: `content` for a model, `details` for a program. */
  output?: unknown;
  /** Always `core`. */
  source: string;
  /** The tool, as the caller spelled it. */
  toolName: string;
}

/** A message, and what it used. */
export interface LogLine {
  /** What was said: at most 2000 characters. */
  content: string;
  /** Dollars, where it used something whose price is known. */
  cost?: number | null;
  /** `user`, `assistant` or `toolResult`. */
  role: string;
  /** When it was said. */
  timestamp: number;
  /** Tokens, where it used some. */
  tokens?: number | null;
}

/** Result of `sessions.usage.logs`. */
export interface LogsTold {
  /** The messages, in the order in which they were said. */
  logs: LogLine[];
}

/** How an agent presents itself. */
export interface Look {
  /** Its picture, as the configuration names it. */
  avatar?: string | null;
  /** Its picture, as an address browsers can show. */
  avatarUrl?: string | null;
  /** Its sign. */
  emoji?: string | null;
  /** Its name. */
  name?: string | null;
  /** What it is like. */
  theme?: string | null;
}

/**
 * One message of a transcript (`ws-protocol.md` 9.3). Stored in this form and
 * handed out as it is stored.
 */
export interface Message {
  /** What was said. */
  content: Content;
  /** What went wrong, when it ends in an error. */
  errorMessage?: string | null;
  /** The idempotency key of the call that brought it, for messages of users. */
  idempotencyKey?: string | null;
  /** Whether the tool failed, for what tools say. */
  isError?: boolean | null;
  /** The model that said it. */
  model?: string | null;
  /** Who offers the model that said it. */
  provider?: string | null;
  /** Who said it. */
  role: MessageRole;
  /** The run it belongs to, for answers. */
  runId?: string | null;
  /**
   * Why it ends here: `stop`, `length`, `aborted`, `interrupted`, `error`,
   * `injected`, `command`.
   */
  stopReason?: string | null;
  /** When, in milliseconds since the epoch. */
  timestamp: number;
  /** The call this is the result of, for what tools say. */
  toolCallId?: string | null;
  /** What it used. */
  usage?: MessageUsage | null;
}

/** What a message cost, in dollars. */
export interface MessageCost {
  /** What was read from a cache. */
  cacheRead: number;
  /** What was written to a cache. */
  cacheWrite: number;
  /** What was read anew. */
  input: number;
  /** What was written. */
  output: number;
  /** Together. */
  total: number;
}

/** A part of a message. */
export type MessagePart = {
  /** The text. */
  text: string;
  type: "text";
} | {
  /** The bytes in base64. */
  data: string;
  /** As in `image/png`. */
  mimeType: string;
  type: "image";
} | {
  /** The text. */
  thinking: string;
  type: "thinking";
} | {
  /**
   * What it was given: an object, or the text as the model wrote it when
   * that is no JSON.
   */
  arguments: unknown;
  /** Names the call. */
  id: string;
  /** The tool. */
  name: string;
  type: "toolCall";
};

/** Who said something. */
export type MessageRole = "user" | "assistant" | "system" | "toolResult";

/** Tokens a message used. No token is of two kinds. */
export interface MessageUsage {
  /** Read from a cache. */
  cacheRead: number;
  /** Written to a cache. */
  cacheWrite: number;
  /** What they cost by the prices of that time, where they were known. */
  cost?: MessageCost | null;
  /** Read anew. */
  input: number;
  /** Written. */
  output: number;
  /** Together. */
  totalTokens: number;
}

/**
 * How many messages there were, as far as they belong to answers that used
 * something.
 */
export interface Messages {
  /** Answers. */
  assistant: number;
  /** Answers that came to a bad end. */
  errors: number;
  /** Tools that were asked for. */
  toolCalls: number;
  /** What tools said. Not counted. */
  toolResults: number;
  /** Questions and answers. */
  total: number;
  /** Questions. */
  user: number;
}

/** Result of `sessions.messages.subscribe` and `.unsubscribe`. */
export interface MessagesSubscribed {
  /** The approvals that wait, if they were asked for. */
  approvalReplay?: ApprovalReplay | null;
  /** The session. */
  key: string;
  /** Whether the client is subscribed now. */
  subscribed: boolean;
}

/** A model. */
export interface Model {
  /** Whether it can be chosen. */
  available: boolean;
  /** How many tokens it can have in mind. */
  contextWindow?: number | null;
  /** What its provider calls it. */
  id: string;
  /** What it can read. */
  input?: string[];
  /** How many tokens it can say at once. */
  maxTokens?: number | null;
  /** What people call it. */
  name: string;
  /** Who offers it. */
  provider: string;
  /** Whether it can think before it answers. */
  reasoning: boolean;
  /** Marks, as `default`. */
  tags?: string[];
}

/** What a model used in a day. */
export interface ModelDay {
  /** Dollars, as far as prices are known. */
  cost: number;
  /** How many answers. */
  count: number;
  /** As in `2026-01-27`. */
  date: string;
  /** The model. */
  model?: string | null;
  /** Who offers it. */
  provider?: string | null;
  /** Tokens together. */
  tokens: number;
}

/** What a model used, or all those of a provider. */
export interface ModelUsed {
  /** How many answers. */
  count: number;
  /** The model. */
  model?: string | null;
  /** Who offers it. */
  provider?: string | null;
  /** What they used. */
  totals: Used2;
}

/** Result of `models.list`. */
export interface Models {
  /** The models. */
  models: Model[];
}

/** The payload of `node.pair.resolved`. */
export interface NodeDecided {
  /** `approved`, `rejected` or `superseded`. */
  decision: string;
  /** The node. */
  nodeId: string;
  /** The request. */
  requestId: string;
  /** When. */
  ts: number;
}

/** Result of `node.describe`. */
export interface NodeDescription {
  /** `approved`, `pending-approval`, `pending-reapproval` or `unapproved`. */
  approvalState: string;
  /** Since when it may be asked for this. */
  approvedAtMs?: number | null;
  /** Its abilities, as far as they were approved. */
  caps: string[];
  /** Which program it is. */
  clientId?: string | null;
  /** What kind of program it is. */
  clientMode?: string | null;
  /**
   * The commands it may be given now; for a node that is not there, those it
   * may be given when it comes back.
   */
  commands: string[];
  /** Whether it is there. */
  connected: boolean;
  /** Since when it is there. */
  connectedAtMs?: number | null;
  /** The version of the part of it that does the work. */
  coreVersion?: string | null;
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** What people call it. */
  displayName?: string | null;
  /** What it last said about its machine. */
  hostStats?: unknown;
  /** When it came last, since the gateway was started. */
  lastConnectedAtMs?: number | null;
  /** When it was last heard of, since the gateway was started. */
  lastSeenAtMs?: number | null;
  /** What was heard of it then. */
  lastSeenReason?: string | null;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** Names the node. */
  nodeId: string;
  /** Whether its device is paired. */
  paired: boolean;
  /** Where it looks for programs. Only for those who may pair. */
  pathEnv?: string | null;
  /** The abilities it asks for. */
  pendingDeclaredCaps?: string[] | null;
  /** The commands it asks for. */
  pendingDeclaredCommands?: string[] | null;
  /** The request that waits for a decision. */
  pendingRequestId?: string | null;
  /** What its machine allows it. */
  permissions?: Record<string, boolean>;
  /** What it runs on. */
  platform?: string | null;
  /** Where it connected from. Only for those who may pair. */
  remoteIp?: string | null;
  /** When it was made. */
  ts: number;
  /** The version of the part of it that people see. */
  uiVersion?: string | null;
  /** The version of its program. */
  version?: string | null;
}

/** The payload of `node.invoke.cancel`. */
export interface NodeInvokeCancel {
  /** The command nobody waits for any more. */
  invokeId: string;
  /** The node. */
  nodeId: string;
}

/** The payload of `node.invoke.request`. */
export interface NodeInvokeRequest {
  /** What it is asked to do. */
  command: string;
  /** Names the command, for the answer. */
  id: string;
  /** Makes repeating the command harmless. */
  idempotencyKey?: string | null;
  /** The node. */
  nodeId: string;
  /** With what, as JSON in a text. */
  paramsJSON: string | null;
  /** How long somebody waits for the answer. */
  timeoutMs: number;
}

/** Result of `node.list`. */
export interface NodeList {
  /** The nodes. */
  nodes: NodeRow[];
  /** When it was made. */
  ts: number;
}

/** The payload of `node.presence`. */
export interface NodePresence {
  /** Whether it is there. */
  connected: boolean;
  /** What it calls itself. */
  displayName?: string | null;
  /** The node. */
  nodeId: string;
  /** What brought this about, as in `connect`. */
  reason: string;
  /** When. */
  ts: number;
}

/** A node that waits for somebody's decision. */
export interface NodeRequestRow {
  /** The abilities it asks for. */
  caps: string[];
  /** Which program it is. */
  clientId?: string | null;
  /** What kind of program it is. */
  clientMode?: string | null;
  /** The commands it asks for. */
  commands: string[];
  /** The version of the part of it that does the work. */
  coreVersion?: string | null;
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** What people call it. */
  displayName?: string | null;
  /** Whether something was approved for this node before. */
  isRepair: boolean;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** Names the node. */
  nodeId: string;
  /** What its machine allows it. */
  permissions?: Record<string, boolean>;
  /** What it runs on. */
  platform?: string | null;
  /** Where it connected from. Only for those who may pair. */
  remoteIp?: string | null;
  /** Names the request. */
  requestId: string;
  /** What whoever approves it has to hold. */
  requiredApproveScopes: string[];
  /** Whether whoever asks does not want anybody to be bothered. */
  silent?: boolean | null;
  /** When it asked, in milliseconds since the epoch. */
  ts: number;
  /** The version of the part of it that people see. */
  uiVersion?: string | null;
  /** The version of its program. */
  version?: string | null;
}

/** A node that was let in once, whether it is there or not. */
export interface NodeRow {
  /** `approved`, `pending-approval`, `pending-reapproval` or `unapproved`. */
  approvalState: string;
  /** Since when it may be asked for this. */
  approvedAtMs?: number | null;
  /** Its abilities, as far as they were approved. */
  caps: string[];
  /** Which program it is. */
  clientId?: string | null;
  /** What kind of program it is. */
  clientMode?: string | null;
  /**
   * The commands it may be given now; for a node that is not there, those it
   * may be given when it comes back.
   */
  commands: string[];
  /** Whether it is there. */
  connected: boolean;
  /** Since when it is there. */
  connectedAtMs?: number | null;
  /** The version of the part of it that does the work. */
  coreVersion?: string | null;
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** What people call it. */
  displayName?: string | null;
  /** What it last said about its machine. */
  hostStats?: unknown;
  /** When it came last, since the gateway was started. */
  lastConnectedAtMs?: number | null;
  /** When it was last heard of, since the gateway was started. */
  lastSeenAtMs?: number | null;
  /** What was heard of it then. */
  lastSeenReason?: string | null;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** Names the node. */
  nodeId: string;
  /** Whether its device is paired. */
  paired: boolean;
  /** Where it looks for programs. Only for those who may pair. */
  pathEnv?: string | null;
  /** The abilities it asks for. */
  pendingDeclaredCaps?: string[] | null;
  /** The commands it asks for. */
  pendingDeclaredCommands?: string[] | null;
  /** The request that waits for a decision. */
  pendingRequestId?: string | null;
  /** What its machine allows it. */
  permissions?: Record<string, boolean>;
  /** What it runs on. */
  platform?: string | null;
  /** Where it connected from. Only for those who may pair. */
  remoteIp?: string | null;
  /** The version of the part of it that people see. */
  uiVersion?: string | null;
  /** The version of its program. */
  version?: string | null;
}

/** The sessions of one agent. */
export interface OfAgent {
  /** The agent. */
  agentId: string;
  /** How many of its sessions are shown. */
  count: number;
  /** What the store is called. */
  path: string;
  /** The newest. */
  recent: Recent[];
}

/** Result of `chat.message.get`. */
export interface OneMessage {
  /** The message. */
  message?: Message | null;
  /** Whether it was found. */
  ok: boolean;
  /** `not_found`, when it was not. */
  unavailableReason?: string | null;
}

/** What was said last in a session. */
export interface OnePreview {
  /** What was said, the oldest first. */
  items: PreviewLine[];
  /** The session, as the caller spelled it. */
  key: string;
  /** `ok`, `empty`, `missing` or `error`. */
  status: string;
}

/** One of several answers. */
export interface OptionView {
  /** What there is to say about it. */
  hint?: string | null;
  /** What it is called. */
  label: string;
  /** The answer. */
  value: string;
}

/** What became of a change. */
export interface Outcome {
  /** The keys that changed. */
  changed: string[];
  /** What is in force by the file, secrets replaced. */
  config: unknown;
  /** Whether nothing was written. */
  dryRun?: boolean;
  /** What becomes of each of them, for a person. */
  effects: string[];
  /** SHA-256 of its text now, or as it would be. */
  hash: string;
  /** It was made. */
  ok: boolean;
  /** Where the file is. */
  path: string;
  /** The restart that the change needs, if it needs one. */
  restart?: Restart | null;
  /** What is odd about it. */
  warnings: ConfigIssue[];
}

/** A device that was let in. */
export interface PairedDevice {
  /** When it was last approved, in milliseconds since 1970. */
  approvedAtMs: number;
  /** Which program. */
  clientId?: string | null;
  /** What kind of program. */
  clientMode?: string | null;
  /** Whether it is connected. */
  connected: boolean;
  /** When it was first approved, in milliseconds since 1970. */
  createdAtMs: number;
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** The device. */
  deviceId: string;
  /** What it calls itself. */
  displayName?: string | null;
  /** When it last came, in milliseconds since 1970. */
  lastSeenAtMs?: number | null;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** What an operator calls it. */
  operatorLabel?: string | null;
  /** What it runs on. */
  platform?: string | null;
  /** Its public key: base64url of its 32 bytes. */
  publicKey: string;
  /** Where it came from when it was approved, unless from this machine. */
  remoteIp?: string | null;
  /** What it is, if it is only one thing. */
  role?: string | null;
  /** What it may be. */
  roles: string[];
  /** What it may do as an operator. */
  scopes: string[];
  /** What is known about its tokens; never the tokens. */
  tokens: TokenSummary[];
}

/** A node something was approved for. */
export interface PairedNode {
  /** When this was approved. */
  approvedAtMs: number;
  /** Its abilities. */
  caps: string[];
  /** Which program it is. */
  clientId?: string | null;
  /** What kind of program it is. */
  clientMode?: string | null;
  /** Its commands. */
  commands: string[];
  /** The version of the part of it that does the work. */
  coreVersion?: string | null;
  /** When something was approved for the first time. */
  createdAtMs: number;
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** What people call it. */
  displayName?: string | null;
  /** When it came last, since the gateway was started. */
  lastConnectedAtMs?: number | null;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** Names the node. */
  nodeId: string;
  /** What its machine allows it. */
  permissions?: Record<string, boolean>;
  /** What it runs on. */
  platform?: string | null;
  /** Where it connected from. Only for those who may pair. */
  remoteIp?: string | null;
  /**
   * What it may show as `node.pair.verify`. Told once, to whoever approved a
   * node that is no device; never listed and never kept.
   */
  token?: string | null;
  /** The version of the part of it that people see. */
  uiVersion?: string | null;
  /** The version of its program. */
  version?: string | null;
}

/** Result of `node.pair.list`. */
export interface Pairings {
  /** The nodes something was approved for, the newest first. */
  paired: PairedNode[];
  /** The nodes that wait, the newest first. */
  pending: NodeRequestRow[];
}

/** Result of `sessions.patch`. */
export interface Patched {
  /** How it is now. */
  entry: SessionEntry;
  /** The session. */
  key: string;
  /** Always true. */
  ok: boolean;
  /** What the store is called. */
  path: string;
  /** What answers in it. */
  resolved: Answering;
}

/** A device that waits for somebody's decision. */
export interface PendingDevice {
  /** Its abilities, if it wants to be a node. */
  caps?: string[];
  /** Which program. */
  clientId?: string | null;
  /** What kind of program. */
  clientMode?: string | null;
  /** Commands it carries out, if it wants to be a node. */
  commands?: string[];
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** The device. */
  deviceId: string;
  /** What it calls itself. */
  displayName?: string | null;
  /** When it is forgotten, in milliseconds since 1970. */
  expiresAtMs: number;
  /** Whether it is known already. */
  isRepair?: boolean;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** What it runs on. */
  platform?: string | null;
  /** Its public key: base64url of its 32 bytes. */
  publicKey: string;
  /**
   * Why it has to ask: `not-paired`, `role-upgrade`, `scope-upgrade` or
   * `revoked`.
   */
  reason: string;
  /** Where it comes from, unless from this machine. */
  remoteIp?: string | null;
  /** Names the request. */
  requestId: string;
  /** What it wants to be. */
  role: string;
  /** The same, as a list. */
  roles: string[];
  /** What it wants to be allowed. */
  scopes: string[];
  /** Whether it is approved without asking anybody. */
  silent?: boolean;
  /** When it asked, in milliseconds since 1970. */
  ts: number;
}

/** What the client has to keep to. */
export interface Policy {
  /** What may be sent along with a message. */
  attachments: AttachmentPolicy;
  /** What may wait for it, in bytes, before it is closed. */
  maxBufferedBytes: number;
  /** The longest message, in bytes. */
  maxPayload: number;
  /** How often `tick` comes, in milliseconds. */
  tickIntervalMs: number;
}

/** The policy as it is on disk. */
export interface Policy2 {
  /** Whether it is there. */
  exists: boolean;
  /** What it says. What others must know to speak on the socket is left out. */
  file: ApprovalsFile;
  /** SHA-256 of the text, in hex. */
  hash: string;
  /** Where it is. */
  path: string;
  /** Why it cannot be read, if it cannot. Then nothing may run. */
  problem?: string | null;
}

/** Result of `gateway.restart.preflight`. */
export interface Preflight {
  /** What goes on. */
  blockers: Blocker[];
  /** How much goes on. */
  counts: Counts;
  /** Nothing goes on. */
  safe: boolean;
  /** The same in a sentence. */
  summary: string;
}

/** The payload of `presence`: everybody, not only who changed. */
export interface PresenceChanged {
  /** Who is connected, or was a moment ago. */
  presence: PresenceEntry[];
}

/** Somebody who is, or was a moment ago, connected (`ws-protocol.md` 10.4). */
export interface PresenceEntry {
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** Its device. */
  deviceId?: string | null;
  /** The machine, or the program when that is not known. */
  host?: string | null;
  /** Tells several running copies apart. */
  instanceId?: string | null;
  /** Its address, unless it is this machine. */
  ip?: string | null;
  /** Seconds since somebody touched it. */
  lastInputSeconds?: number | null;
  /** What kind of program it is; `gateway` for the gateway itself. */
  mode?: string | null;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** What it runs on. */
  platform?: string | null;
  /** Why this entry was written, as in `connect`. */
  reason?: string | null;
  /** What it is to the gateway. */
  roles?: string[] | null;
  /** What it may do. */
  scopes?: string[] | null;
  /** Marks. */
  tags?: string[] | null;
  /** A line for people. */
  text?: string | null;
  /** When, in milliseconds since the epoch. */
  ts: number;
  /** The version of its program. */
  version?: string | null;
}

/** One thing that was said. */
export interface PreviewLine {
  /** `user`, `assistant`, `tool`, `system` or `other`. */
  role: string;
  /** How it begins. */
  text: string;
}

/** Result of `sessions.preview`. */
export interface Previews {
  /** The sessions in the order in which they were asked for. */
  previews: OnePreview[];
  /** When it was made. */
  ts: number;
}

/** A profile. */
export interface ProfileRow {
  /** Its name in the configuration. */
  id: string;
  /** Its name for people. */
  label: string;
}

/** Result of `node.pending.pull`. */
export interface Pulled {
  /** Commands that wait. Always empty: they are not kept for later. */
  actions: unknown[];
  /** The work. */
  items: WorkRow[];
  /** The node. */
  nodeId: string;
}

/** Result of what either concerns somebody or not. */
export interface Received {
  /** Present, and true, when nobody waits for it (any more). */
  ignored?: boolean;
  /** Always true. */
  ok: boolean;
}

/** How one session is. */
export interface Recent {
  /** Whether its last run was stopped before its end. */
  abortedLastRun: boolean;
  /** How long ago it changed, in milliseconds. */
  age: number | null;
  /** Whose. */
  agentId?: string | null;
  /** Where its messages come from. */
  channel?: string | null;
  /** `direct` or `group`. */
  chatType?: string | null;
  /** How often it was compacted. */
  compactionCount: number;
  /** How many tokens its model is shown at most. */
  contextTokens: number | null;
  /** When it began. */
  createdAt: number;
  /** What it seems to be about, when asked for. */
  derivedTitle?: string | null;
  /** What to call it. */
  displayName?: string | null;
  /** Whether commands may leave the sandbox. */
  elevatedLevel?: string | null;
  /** When a person is asked. */
  execAsk?: string | null;
  /** Where commands run. */
  execHost?: string | null;
  /** On which node commands run. */
  execNode?: string | null;
  /** Which commands run. */
  execSecurity?: string | null;
  /** What is special about it. */
  flags: string[];
  /** What wakes the agent in a group. */
  groupActivation?: string | null;
  /** Tokens read. */
  inputTokens: number;
  /** Which. */
  key: string;
  /** `direct`, `group`, `global` or `unknown`. */
  kind: string;
  /** A name for people. */
  label?: string | null;
  /** How its last message begins, when asked for. */
  lastMessagePreview?: string | null;
  /** The model that answered last. */
  model?: string | null;
  /** The model chosen for it. */
  modelOverride?: string | null;
  /** Who offers the model that answered last. */
  modelProvider?: string | null;
  /** Tokens written. */
  outputTokens: number;
  /** How much is used; no more than 999. */
  percentUsed: number | null;
  /** Who offers the model chosen for it. */
  providerOverride?: string | null;
  /** Whether what the model thinks is shown. */
  reasoningLevel?: string | null;
  /** How many are left. */
  remainingTokens: number | null;
  /** Whether an answer says what it cost. */
  responseUsage?: string | null;
  /** Whether it may be spoken in. */
  sendPolicy?: string | null;
  /** Its current transcript. */
  sessionId: string;
  /** The session that started it. */
  spawnedBy?: string | null;
  /** `running` while a run is active. */
  status?: string | null;
  /** How long the model thinks. */
  thinkingLevel?: string | null;
  /** What the next prompt is about, in tokens. */
  totalTokens: number;
  /** When it last changed. */
  updatedAt: number | null;
  /** Whether the steps of tools are shown. */
  verboseLevel?: string | null;
}

/** One of the newest sessions. */
export interface RecentSession {
  /** How long ago that is, in milliseconds. */
  age: number | null;
  /** Which. */
  key: string;
  /** When it last changed. */
  updatedAt: number | null;
}

/** Result of `node.pluginSurface.refresh`. */
export interface Refreshed {
  /**
   * Until when, unless it is used before, in milliseconds since 1970. Absent
   * when the address was good already.
   */
  expiresAtMs?: number | null;
  /** Where. */
  pluginSurfaceUrls: SurfaceUrls;
  /** What can be seen. */
  surface: string;
}

/** Result of `device.pair.reject`. */
export interface Rejected {
  /** The device. */
  deviceId: string;
  /** The request. */
  requestId: string;
}

/** Result of `node.pair.reject`. */
export interface Rejected2 {
  /** The node that asked. */
  nodeId: string;
  /** The request. */
  requestId: string;
}

/** Result of `device.pair.remove`. */
export interface Removed {
  /** The device. */
  deviceId: string;
  /** Always true. */
  removed: boolean;
}

/** Result of `node.pair.remove`. */
export interface Removed2 {
  /** The node. */
  nodeId: string;
}

/** Result of `device.pair.rename`. */
export interface Renamed {
  /** The device. */
  deviceId: string;
  /** What it is called. */
  label: string;
}

/** Result of `node.rename`. */
export interface Renamed2 {
  /** What it is called now. */
  displayName: string;
  /** The node. */
  nodeId: string;
}

/** Results of `exec.approval.request`, first and last. */
export type RequestResult = Accepted | Decided;

/** Result of `gateway.restart.request`. */
export interface Requested {
  /** Always `true`. */
  ok: boolean;
  /** What goes on. */
  preflight: Preflight;
  /** The restart that comes. */
  restart: Restart;
  /**
   * `scheduled`, `deferred` until runs have ended, or `coalesced` with an
   * earlier request.
   */
  status: string;
}

/** Result of `device.scopes.requestUpgrade`. */
export interface Requested2 {
  /** The request. */
  requestId: string;
}

/** Result of `node.pair.request`. */
export interface Requested3 {
  /** Whether it is new. */
  created: boolean;
  /** The request. */
  request: NodeRequestRow;
  /** Always `pending`. */
  status: string;
}

/** Result of `sessions.reset`. */
export interface Reset {
  /** How it is now. */
  entry: SessionEntry;
  /** The session. */
  key: string;
  /** Always true. */
  ok: boolean;
}

/** Result of `sessions.resolve`. */
export interface Resolved {
  /** Its agent. Not for protocol 3, which knows two keys only. */
  agentId?: string | null;
  /** The session. */
  key: string;
  /** Always true. */
  ok: boolean;
}

/** The restart that comes. */
export interface Restart {
  /** Whether one had been asked for before. */
  coalesced: boolean;
  /** When. */
  delayMs: number;
  /** How: `emit`, without a signal. */
  mode: string;
  /** Always `true`. */
  ok: boolean;
  /** The process, which stays the same. */
  pid: number;
  /** Why. */
  reason: string;
  /** The signal that would do the same. */
  signal: string;
}

/** A restart that will come. */
export interface Restart2 {
  /** In which time, in milliseconds. */
  delayMs: number;
  /** How: the gateway restarts itself. */
  mode: string;
  /** Always true. */
  ok: boolean;
  /** The process. */
  pid: number;
  /** Why. */
  reason: string;
  /** What it amounts to. */
  signal: string;
}

/** Why the gateway starts anew, and who wants to know. */
export interface RestartPayload {
  /** Where that conversation takes place. */
  deliveryContext?: DeliveryContext | null;
  /** What to do if something is wrong. */
  doctorHint: string | null;
  /** `config-apply`, `update` or `restart`. */
  kind: string;
  /** What whoever asked for it had to say. */
  message: string | null;
  /** The conversation that is told. */
  sessionKey?: string | null;
  /** What was done. */
  stats?: UpdateResult | null;
  /** How it went. */
  status: UpdateStatus;
  /** The thread of it. */
  threadId?: string | null;
  /** When, in milliseconds since 1970. */
  ts: number;
}

/** Result of `device.token.revoke`. */
export interface Revoked {
  /** The device. */
  deviceId: string;
  /** When, in milliseconds since 1970. */
  revokedAtMs: number;
  /** For which role. */
  role: string;
}

/** Result of `agents.list`. */
export interface Roster {
  /** Each agent. */
  agents: Agent[];
  /** Who answers when nobody is named. */
  defaultId: string;
  /** What the main conversation of an agent is called. */
  mainKey: string;
  /** `per-sender`. */
  scope: string;
}

/** Result of `device.token.rotate`. */
export interface Rotated {
  /** The device. */
  deviceId: string;
  /** For which role. */
  role: string;
  /** Since when, in milliseconds since 1970. */
  rotatedAtMs: number;
  /** What it allows. */
  scopes: string[];
  /** The new token, if it is the caller's own. */
  token?: string | null;
}

/** How something was said. */
export interface RunMeta {
  /** Whether it was stopped before its end. */
  aborted: boolean;
  /** Which model said it. */
  agentMeta: AgentMeta;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /** Why it was stopped, if it was. */
  stopReason?: string | null;
}

/** How a run ended, in the words of `agent` and `agent.wait`. */
export interface RunResult {
  /** How it was said. */
  meta: RunMeta;
  /** What was said. */
  payloads: Said[];
}

/** Result of `update.run`. */
export interface RunResult2 {
  /** Whether nothing went wrong. */
  ok: boolean;
  /** The restart, if there is one. */
  restart: Restart2 | null;
  /** What was done. */
  result: UpdateResult;
  /** What is told after it, and where that is kept. */
  sentinel: Sentinel | null;
}

/** How the run of a message is. */
export interface RunState {
  /** The run; the idempotency key. */
  runId: string;
  /**
   * `started`; `in_flight` when it was sent before and has not ended; `ok` or
   * `aborted` when it has.
   */
  status: string;
}

/** Something that was said. */
export interface Said {
  /** A file that belongs to it. */
  mediaUrl: string | null;
  /** The text. */
  text: string;
}

/** What became of a message. */
export type SendResult = RunState | Stopped;

/** What is told after a restart. */
export interface Sentinel {
  /** The file. */
  path: string;
  /** What is told. */
  payload: RestartPayload;
}

/** What was used between two points. */
export interface SeriesPoint {
  /** Tokens read from a cache. */
  cacheRead: number;
  /** Tokens written to a cache. */
  cacheWrite: number;
  /** Dollars, as far as prices are known. */
  cost: number;
  /** Dollars up to here. */
  cumulativeCost: number;
  /** Tokens up to here. */
  cumulativeTokens: number;
  /** Tokens read anew. */
  input: number;
  /** Tokens written. */
  output: number;
  /** When the last of the answers was given that are put together here. */
  timestamp: number;
  /** Tokens together. */
  totalTokens: number;
}

/** Result of `sessions.usage.timeseries`. */
export interface SeriesTold {
  /** What was used, in the order of time. */
  points: SeriesPoint[];
  /** The transcript. */
  sessionId: string;
}

/** The gateway. */
export interface Server {
  /** Tells this start of the gateway from others. */
  bootId: string;
  /** Names the connection. */
  connId: string;
  /** The machine it runs on. */
  host: string;
  /** Its version. */
  version: string;
}

/** How short names of sessions are completed. */
export interface SessionDefaults {
  /** Who answers when nobody is named. */
  defaultAgentId: string;
  /** What the main conversation of an agent is called. */
  mainKey: string;
  /** The main conversation of the default agent. */
  mainSessionKey: string;
  /** `per-sender`. */
  scope: string;
}

/**
 * What is remembered about a session (`ws-protocol.md` 9.2), as `sessions.patch`
 * and `sessions.reset` return it.
 */
export interface SessionEntry {
  /** Whether its last run was stopped before its end. */
  abortedLastRun: boolean;
  /** Where its messages come from. */
  channel?: string | null;
  /** How often it was compacted. */
  compactionCount: number;
  /** When it began. */
  createdAt: number;
  /** Whether commands may leave the sandbox. */
  elevatedLevel?: string | null;
  /** When a person is asked. */
  execAsk?: string | null;
  /** Where commands run. */
  execHost?: string | null;
  /** On which node commands run. */
  execNode?: string | null;
  /** Which commands run. */
  execSecurity?: string | null;
  /** What wakes the agent in a group. */
  groupActivation?: string | null;
  /** Tokens read. */
  inputTokens: number;
  /** A name for people. */
  label?: string | null;
  /** The model that answered last. */
  model?: string | null;
  /** The model chosen for it. */
  modelOverride?: string | null;
  /** Who offers the model that answered last. */
  modelProvider?: string | null;
  /** Tokens written. */
  outputTokens: number;
  /** Who offers the model chosen for it. */
  providerOverride?: string | null;
  /** Whether what the model thinks is shown. */
  reasoningLevel?: string | null;
  /** Whether an answer says what it cost. */
  responseUsage?: string | null;
  /** Whether it may be spoken in. */
  sendPolicy?: string | null;
  /** Its current transcript. */
  sessionId: string;
  /** The session that started it. */
  spawnedBy?: string | null;
  /** How long the model thinks. */
  thinkingLevel?: string | null;
  /** What the next prompt is about, in tokens. */
  totalTokens: number;
  /** When it last changed. */
  updatedAt: number;
  /** Whether the steps of tools are shown. */
  verboseLevel?: string | null;
}

/** Result of `sessions.list`. */
export interface SessionList {
  /** How many are here. */
  count: number;
  /** What answers when nothing was chosen. */
  defaults: Defaults2;
  /** Whether there are more. */
  hasMore: boolean;
  /** How many were asked for. */
  limitApplied: number;
  /** The `offset` of the next part, if there is one. */
  nextOffset: number | null;
  /** What the store is called. */
  path: string;
  /** The sessions. */
  sessions: SessionRow[];
  /** How many sessions there are in all. */
  totalCount: number;
  /** When the list was made. */
  ts: number;
}

/** The payload of `session.message`. */
export interface SessionMessage {
  /** Whose. */
  agentId?: string | null;
  /** The message. */
  message: Message;
  /** Names it. */
  messageId: string;
  /** Its place in the transcript. */
  messageSeq: number;
  /** Which session. */
  sessionKey: string;
}

/** A row of `sessions.list` (`ws-protocol.md` 9.4). */
export interface SessionRow {
  /** Whether its last run was stopped before its end. */
  abortedLastRun: boolean;
  /** Whose. */
  agentId?: string | null;
  /** Where its messages come from. */
  channel?: string | null;
  /** `direct` or `group`. */
  chatType?: string | null;
  /** How often it was compacted. */
  compactionCount: number;
  /** When it began. */
  createdAt: number;
  /** What it seems to be about, when asked for. */
  derivedTitle?: string | null;
  /** What to call it. */
  displayName?: string | null;
  /** Whether commands may leave the sandbox. */
  elevatedLevel?: string | null;
  /** When a person is asked. */
  execAsk?: string | null;
  /** Where commands run. */
  execHost?: string | null;
  /** On which node commands run. */
  execNode?: string | null;
  /** Which commands run. */
  execSecurity?: string | null;
  /** What wakes the agent in a group. */
  groupActivation?: string | null;
  /** Tokens read. */
  inputTokens: number;
  /** Which. */
  key: string;
  /** `direct`, `group`, `global` or `unknown`. */
  kind: string;
  /** A name for people. */
  label?: string | null;
  /** How its last message begins, when asked for. */
  lastMessagePreview?: string | null;
  /** The model that answered last. */
  model?: string | null;
  /** The model chosen for it. */
  modelOverride?: string | null;
  /** Who offers the model that answered last. */
  modelProvider?: string | null;
  /** Tokens written. */
  outputTokens: number;
  /** Who offers the model chosen for it. */
  providerOverride?: string | null;
  /** Whether what the model thinks is shown. */
  reasoningLevel?: string | null;
  /** Whether an answer says what it cost. */
  responseUsage?: string | null;
  /** Whether it may be spoken in. */
  sendPolicy?: string | null;
  /** Its current transcript. */
  sessionId: string;
  /** The session that started it. */
  spawnedBy?: string | null;
  /** `running` while a run is active. */
  status?: string | null;
  /** How long the model thinks. */
  thinkingLevel?: string | null;
  /** What the next prompt is about, in tokens. */
  totalTokens: number;
  /** When it last changed. */
  updatedAt: number | null;
  /** Whether the steps of tools are shown. */
  verboseLevel?: string | null;
}

/** What a conversation used. */
export interface SessionSum {
  /** The days in which it was used. */
  activityDates: string[];
  /** Tokens read from a cache. */
  cacheRead: number;
  /** Dollars for what was read from a cache. */
  cacheReadCost: number;
  /** Tokens written to a cache. */
  cacheWrite: number;
  /** Dollars for what was written to a cache. */
  cacheWriteCost: number;
  /** What was used in each. */
  dailyBreakdown: DayBreakdown[];
  /** What was said in each. */
  dailyMessageCounts: DayMessages[];
  /** What each model used in each. */
  dailyModelUsage: ModelDay[];
  /** How long that took, in milliseconds. */
  durationMs: number;
  /** When the first of the answers was given. */
  firstActivity: number;
  /** Tokens read anew. */
  input: number;
  /** Dollars for what was read anew. */
  inputCost: number;
  /** When the last one was. */
  lastActivity: number;
  /** What was said. */
  messageCounts: Messages;
  /** The same by model. */
  missingCostByModel?: Record<string, number>;
  /** How many answers there are whose price is not known. */
  missingCostEntries: number;
  /** What each model used. */
  modelUsage: ModelUsed[];
  /** Tokens written. */
  output: number;
  /** Dollars for what was written. */
  outputCost: number;
  /** Its transcript. */
  sessionId: string;
  /** Which tools were asked for. */
  toolUsage?: ToolCounts | null;
  /** Dollars, as far as prices are known. */
  totalCost: number;
  /** Tokens together. */
  totalTokens: number;
}

/** A conversation and what it used. */
export interface SessionUsage {
  /** Whose it is. */
  agentId: string | null;
  /** `direct` or `group`. */
  chatType?: string | null;
  /** What its context is made of. */
  contextWeight?: null;
  /** Who began it. */
  creatorKey: string;
  /** The newest of its transcripts. */
  currentSessionId?: string | null;
  /** Whether it is known what its context is made of. */
  hasContextWeight: boolean;
  /** How many those are. */
  historicalInstanceCount?: number | null;
  /** All that are counted. */
  includedSessionIds?: string[] | null;
  /** The conversation. */
  key: string;
  /** What to call it. */
  label?: string | null;
  /** The model that answered last. */
  model?: string | null;
  /** The model that was chosen for it. */
  modelOverride?: string | null;
  /** Who offers the model that answered last. */
  modelProvider?: string | null;
  /** Who offers the model that was chosen for it. */
  providerOverride?: string | null;
  /** `instance`, or `family` with what was used before it was started over. */
  scope: string;
  /** What its transcripts have in common. */
  sessionFamilyKey?: string | null;
  /** Its transcript. */
  sessionId: string;
  /** When it last changed. */
  updatedAt: number;
  /** What it used, if it used something in these days. */
  usage: SessionSum | null;
}

/** The sessions. */
export interface Sessions {
  /** The newest of each agent. */
  byAgent: OfAgent[];
  /** How many there are. */
  count: number;
  /** What answers when nothing was chosen. */
  defaults: Defaults;
  /** What the stores are called. */
  paths: string[];
  /** The newest. */
  recent: Recent[];
}

/** Result of `sessions.abort`. */
export interface SessionsAborted {
  /** The run that was stopped, the active one first. */
  abortedRunId: string | null;
  /** Always true. */
  ok: boolean;
  /** `aborted`, or `no-active-run`. */
  status: string;
}

/** The payload of `sessions.changed`. */
export interface SessionsChanged {
  /** Whose. */
  agentId?: string | null;
  /** `create`, `patch`, `reset`, `delete`, `compact`, `message`, `run`. */
  reason: string;
  /** How it is now, unless it is gone. */
  session?: SessionRow | null;
  /** Which. */
  sessionKey: string;
  /** When. */
  ts: number;
}

/** How many sessions there are, and the newest of them. */
export interface SessionsHealth {
  /** How many. */
  count: number;
  /** Where they are kept. */
  path: string;
  /** The newest five. */
  recent: RecentSession[];
}

/** Result of `sessions.subscribe`. */
export interface SessionsSubscribed {
  /** The list, if it was asked for. */
  list?: SessionList | null;
  /** Always true. */
  subscribed: boolean;
}

/** Result of `sessions.usage`. */
export interface SessionsTold {
  /** The same in other ways. */
  aggregates: Aggregates;
  /** Whose conversations there are. */
  creatorOptions: Creator[];
  /** The last day. */
  endDate: string;
  /** The newest conversations. */
  sessions: SessionUsage[];
  /** The first day. */
  startDate: string;
  /** All of them. */
  totals: Used2;
  /** When it was put together. */
  updatedAt: number;
}

/** Result of `device.pair.setupCode`. */
export interface SetupCode {
  /** What the code lets a device be. */
  access: string;
  /** What clients have to show otherwise. */
  auth: string;
  /** Until when it is good, in milliseconds since 1970. */
  expiresAtMs: number;
  /** Where the device finds the gateway. */
  gatewayUrl: string;
  /** All addresses it may try. */
  gatewayUrls?: string[] | null;
  /** The code as a picture: a data URL of a PNG. */
  qrDataUrl?: string | null;
  /**
   * The code: base64url of JSON with `url`, `urls`, `bootstrapToken`,
   * `expiresAtMs` and, with TLS, `tlsFingerprint`.
   */
  setupCode: string;
  /** Names the code; not a secret. */
  setupId: string;
  /** Where the address comes from. */
  urlSource: string;
}

/** The payload of `device.pair.setup.completed`. */
export interface SetupCompleted {
  /** What it may do now. */
  access: string;
  /** The device that used it. */
  deviceId: string;
  /** What it calls itself. */
  deviceName?: string | null;
  /** Names the setup code. */
  setupId: string;
  /** When, in milliseconds since 1970. */
  ts: number;
}

/** Result of `device.pair.setupStatus`. */
export interface SetupStatus {
  /** What it lets a device be. */
  access?: string | null;
  /** The device that used it. */
  deviceId?: string | null;
  /** What that device calls itself. */
  deviceName?: string | null;
  /** The code. */
  setupId: string;
  /** `pending`, `completed`, `expired` or `unknown`. */
  status: string;
  /** When it was used, in milliseconds since 1970. */
  ts?: number | null;
}

/** The payload of `shutdown`, as clients read it. */
export interface Shutdown {
  /** Why, for a person. */
  reason: string;
  /** When it will be back, in milliseconds, if it will. */
  restartExpectedMs: number | null;
}

/** How things are. What the client may not see is left out. */
export interface Snapshot {
  /** What clients have to show. */
  authMode: string;
  /** Where the configuration file is, for administrators. */
  configPath?: string | null;
  /** The last health summary, for those who may read; empty otherwise. */
  health: HealthSummary;
  /** Who is connected, for those who may read. */
  presence: PresenceEntry[];
  /** How short names of sessions are completed. */
  sessionDefaults: SessionDefaults;
  /** Where the state is, for administrators. */
  stateDir?: string | null;
  /** The versions of both. */
  stateVersion: Versions;
  /** How long the gateway has been running, in milliseconds. */
  uptimeMs: number;
}

/** Result of `update.status`. */
export interface Standing {
  /** Whether the gateway looks for new versions by itself: it does not. */
  checkOnStart: boolean;
  /** What an update would run; nothing if it would be skipped. */
  commands: string[];
  /**
   * What installed the program: `cargo`, `deb`, `npm`, `nix`, `container`,
   * `source` or `unknown`.
   */
  mode: string;
  /** Why it would be skipped, and what a person can do instead. */
  reason?: string | null;
  /** The directory it was installed into. */
  root?: string | null;
  /** Whether an update is under way. */
  running: boolean;
  /** How the last update since the start of the gateway went. */
  sentinel: RestartPayload | null;
  /** The version that runs. */
  version: string;
}

/** Result of `wizard.start`. */
export interface Started {
  /** Whether it has ended. */
  done: boolean;
  /** What went wrong. */
  error?: string | null;
  /** The wizard. */
  sessionId: string;
  /** `running`, `done`, `cancelled` or `error`. */
  status: string;
  /** The question. */
  step?: StepView | null;
}

/** Result of `chat.startup`. */
export interface Startup {
  /** What answers when nothing was chosen. */
  defaults: Defaults2;
  /** Whether there are older ones. */
  hasMore: boolean;
  /** The messages, each with its `id` and its place `seq` under `__openclaw`. */
  messages: Message[];
  /** What can be chosen. */
  metadata: ChatMetadata;
  /** The `offset` of the next older part. */
  nextOffset?: number | null;
  /** Its current transcript, if it exists. */
  sessionId?: string | null;
  /** Its row in the list, if it exists. */
  sessionInfo?: SessionRow | null;
  /** The session, as the caller spelled it. */
  sessionKey: string;
  /** How long its model thinks. */
  thinkingLevel: string;
  /** How many messages the conversation has. */
  totalMessages: number;
}

/** Result of `status`. */
export interface StatusSummary {
  /** A line for each channel. */
  channelSummary: string[];
  /** How often agents look around by themselves. */
  heartbeat: Heartbeats;
  /** What the agent of the main session will be told when it is next asked. */
  queuedSystemEvents: string[];
  /** The version of the gateway. */
  runtimeVersion: string;
  /** The sessions. */
  sessions: Sessions;
}

/** Result of `usage.status`. */
export interface StatusTold {
  /** Those who said something. None do. */
  providers: unknown[];
  /** When it was looked up. */
  updatedAt: number;
}

/** The end of what a command said. */
export interface StepLog {
  /** How it ended; `null` if it had to be ended. */
  exitCode: number | null;
  /** The end of its complaints. */
  stderrTail: string;
  /** The end of its output. */
  stdoutTail: string;
}

/** A question. */
export interface StepView {
  /** Its name. */
  id: string;
  /** What is answered by saying nothing. */
  initialValue?: InitialView | null;
  /** The question. */
  message: string;
  /** The answers there are. */
  options?: OptionView[] | null;
  /** What an answer looks like. */
  placeholder?: string | null;
  /** Whether the answer is a secret. */
  sensitive?: boolean | null;
  /** What it is about. */
  title: string;
  /** `note`, `select`, `text` or `confirm`. */
  type: string;
}

/** Which runs were stopped. */
export interface Stopped {
  /** Whether there was a run to stop. */
  aborted: boolean;
  /** Always true. */
  ok: boolean;
  /** The runs. */
  runIds: string[];
}

/** Addresses, by what can be seen there. */
export interface SurfaceUrls {
  /** The canvas. */
  canvas: string;
}

/** Result of `logs.tail`. */
export interface TailResult {
  /** Where the next answer begins. */
  cursor: number;
  /** The file. */
  file: string;
  /** The lines. */
  lines: string[];
  /** Whether the file is another one than the cursor was made for. */
  reset: boolean;
  /** How long the file is. */
  size: number;
  /** Whether something before them was left out. */
  truncated: boolean;
}

/** The payload of `tick`, as clients read it. */
export interface Tick {
  /** When, in milliseconds since 1970. */
  ts: number;
}

/** What is known about a token. */
export interface TokenSummary {
  /** When it was made, in milliseconds since 1970. */
  createdAtMs: number;
  /** When it was last shown. */
  lastUsedAtMs?: number | null;
  /** When it was taken back. */
  revokedAtMs?: number | null;
  /** For which role it is. */
  role: string;
  /** When it was replaced. */
  rotatedAtMs?: number | null;
  /** What it allows. */
  scopes: string[];
}

/** A tool. */
export interface Tool {
  /** How often it was asked for. */
  count: number;
  /** Its name. */
  name: string;
}

/** A tool. */
export interface Tool2 {
  /** The profiles it is in. */
  defaultProfiles: string[];
  /** What it does. */
  description: string;
  /** Its name. */
  id: string;
  /** Its name for people. */
  label: string;
  /** `low`, `medium` or `high`. */
  risk: string;
  /** Always `core`. */
  source: string;
}

/** Which tools were asked for. */
export interface ToolCounts {
  /** Each, the most wanted first. */
  tools: Tool[];
  /** How often. */
  totalCalls: number;
  /** How many different ones. */
  uniqueTools: number;
}

/** The question is on disk. */
export interface Underway {
  /** When. */
  acceptedAt: number;
  /** Who answers. */
  agentId?: string | null;
  /** The run; the idempotency key. */
  runId: string;
  /** The session. */
  sessionKey: string;
  /** `accepted`. */
  status: string;
}

/** What came of an update. */
export interface UpdateResult {
  /** The version that is installed now. */
  after?: string | null;
  /** The version before. */
  before?: string | null;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /**
   * What installed the program: `cargo`, `deb`, `npm`, `nix`, `container`,
   * `source` or `unknown`.
   */
  mode: string;
  /** Why it did not go well, or what a person can do instead. */
  reason?: string | null;
  /** The directory it was installed into. */
  root?: string | null;
  /** How it went. */
  status?: UpdateStatus | null;
  /** What was run. */
  steps: UpdateStep[];
}

/** How something went. */
export type UpdateStatus = "ok" | "error" | "skipped";

/** A command that was run. */
export interface UpdateStep {
  /** The command. */
  command: string;
  /** Where it ran. */
  cwd: string;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /** What it said. */
  log: StepLog;
  /** What it was for. */
  name: string;
}

/** Result of `device.scopes.waitUpgrade`. */
export interface Upgraded {
  /** The token to come back with. */
  deviceToken?: string | null;
  /** The request. */
  requestId: string;
  /** What it allows. */
  scopes?: string[] | null;
  /** `approved` or `rejected`. */
  status: string;
}

/** Tokens that were used. */
export interface Used {
  /** Read from a cache. */
  cacheRead: number;
  /** Written to a cache. */
  cacheWrite: number;
  /** Read. */
  input: number;
  /** Written. */
  output: number;
  /** Together. */
  total: number;
}

/** What some answers used. */
export interface Used2 {
  /** Tokens read from a cache. */
  cacheRead: number;
  /** Dollars for what was read from a cache. */
  cacheReadCost: number;
  /** Tokens written to a cache. */
  cacheWrite: number;
  /** Dollars for what was written to a cache. */
  cacheWriteCost: number;
  /** Tokens read anew. */
  input: number;
  /** Dollars for what was read anew. */
  inputCost: number;
  /** The same by model. */
  missingCostByModel?: Record<string, number>;
  /** How many answers there are whose price is not known. */
  missingCostEntries: number;
  /** Tokens written. */
  output: number;
  /** Dollars for what was written. */
  outputCost: number;
  /** Dollars, as far as prices are known. */
  totalCost: number;
  /** Tokens together. */
  totalTokens: number;
}

/** What was used in a day. */
export interface UsedDay {
  /** Tokens read from a cache. */
  cacheRead: number;
  /** Dollars for what was read from a cache. */
  cacheReadCost: number;
  /** Tokens written to a cache. */
  cacheWrite: number;
  /** Dollars for what was written to a cache. */
  cacheWriteCost: number;
  /** As in `2026-01-27`. */
  date: string;
  /** Tokens read anew. */
  input: number;
  /** Dollars for what was read anew. */
  inputCost: number;
  /** The same by model. */
  missingCostByModel?: Record<string, number>;
  /** How many answers there are whose price is not known. */
  missingCostEntries: number;
  /** Tokens written. */
  output: number;
  /** Dollars for what was written. */
  outputCost: number;
  /** Dollars, as far as prices are known. */
  totalCost: number;
  /** Tokens together. */
  totalTokens: number;
}

/** Result of `node.pair.verify`. */
export interface Verified {
  /** The node, if it is. */
  node?: PairedNode | null;
  /** Whether it is. */
  ok: boolean;
}

/** The versions of the state all clients share. */
export interface Versions {
  /** Goes up with every health summary. */
  health: number;
  /** Goes up when somebody comes or goes. */
  presence: number;
}

/** Result of `agent.wait`. */
export interface WaitResult {
  /** When it ended. */
  endedAt?: number | null;
  /** Why it failed, if it did. */
  error?: string | null;
  /** The run. */
  runId: string;
  /** When it began. */
  startedAt?: number | null;
  /**
   * `ok`, `error`, or `timeout` when it has not ended. A run that was stopped
   * is `ok` with a `stopReason`.
   */
  status: string;
  /** Why it was stopped, if it was. */
  stopReason?: string | null;
}

/** Result of `wizard.next`. */
export interface Where {
  /** Whether it has ended. */
  done: boolean;
  /** What went wrong. */
  error?: string | null;
  /** `running`, `done`, `cancelled` or `error`. */
  status: string;
  /** The question. */
  step?: StepView | null;
}

/** Result of `node.pending.ack`. */
export interface WorkDone {
  /** What was taken away. */
  ackedIds: string[];
  /** The node. */
  nodeId: string;
  /** How much still waits. */
  remainingCount: number;
}

/** Something a node shall do. */
export interface WorkRow {
  /** Since when it waits. */
  createdAtMs: number;
  /** Until when. */
  expiresAtMs: number;
  /** Names it. */
  id: string;
  /** How soon. */
  priority: string;
  /** What. */
  type: string;
}

/** Parameters of `chat.abort`. */
export interface AbortParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** The run; all runs of the session when absent. */
  runId?: string | null;
  /** The session. */
  sessionKey: string;
}

/** Parameters of `node.pending.ack`. */
export interface AckParamsIn {
  /** What was done. */
  ids: string[];
}

/** What holds for an agent. */
export interface AgentApprovalsIn {
  /** The programs that may run. */
  allowlist?: AllowedProgramIn[];
  /** `off`, `on-miss` or `always`. */
  ask?: string | null;
  /** Kept, and without effect: no answer is a no. */
  askFallback?: string | null;
  /** Whether the programs of skills count as listed. */
  autoAllowSkills?: boolean | null;
  /** `deny`, `allowlist` or `full`. */
  security?: string | null;
}

/** Parameters of `agent`. */
export interface AgentParamsIn {
  /** Who shall answer. */
  agentId?: string | null;
  /** Pictures to look at. */
  attachments?: EnclosureIn[] | null;
  /** The channel it is about. */
  channel?: string | null;
  /** Instructions in addition to the agent's own. */
  extraSystemPrompt?: string | null;
  /** Names the run, and makes repeating the call harmless. */
  idempotencyKey: string;
  /** A name for the session. */
  label?: string | null;
  /** The question. */
  message: string;
  /** A model other than the session's. */
  model?: string | null;
  /** The channel to answer on. */
  replyChannel?: string | null;
  /** The session, by its transcript. */
  sessionId?: string | null;
  /** The session; the main one of the agent when absent. */
  sessionKey?: string | null;
  /** How long to think. */
  thinking?: string | null;
  /** How long the run may take, in seconds; 0 is the default. */
  timeout?: number | null;
}

/** Whose agents. */
export type AgentScopeIn = "all";

/** A program that may run. */
export interface AllowedProgramIn {
  /** Names the entry; made when it is absent. */
  id?: string | null;
  /** For which file. */
  lastResolvedPath?: string | null;
  /** When it was last of use, in milliseconds. */
  lastUsedAt?: number | null;
  /** For which command. */
  lastUsedCommand?: string | null;
  /** Which programs: a pattern for the full path. */
  pattern: string;
}

/** An answer. */
export interface AnswerIn {
  /** The question. */
  stepId: string;
  /** What is answered. */
  value?: AnsweredIn | null;
}

/** What is answered. */
export type AnsweredIn = boolean | number | string;

/** What holds when nothing else is said. */
export interface ApprovalDefaultsIn {
  /** `off`, `on-miss` or `always`. */
  ask?: string | null;
  /** Kept, and without effect: no answer is a no. */
  askFallback?: string | null;
  /** Whether the programs of skills count as listed. */
  autoAllowSkills?: boolean | null;
  /** `deny`, `allowlist` or `full`. */
  security?: string | null;
}

/** Names a question. */
export interface ApprovalParamsIn {
  /** The question. */
  id: string;
}

/** `exec-approvals.json`. */
export interface ApprovalsFileIn {
  /** What holds for one agent, or under `*` for every agent. */
  agents?: Record<string, AgentApprovalsIn>;
  /** What holds when nothing else is said. */
  defaults?: ApprovalDefaultsIn | null;
  /** Where an application of the desktop asks its user. */
  socket?: ApprovalsSocketIn | null;
  /** Always 1. */
  version: 1;
}

/** Where an application of the desktop asks its user. */
export interface ApprovalsSocketIn {
  /** The socket. */
  path?: string | null;
  /** What whoever speaks there has to know. Never shown. */
  token?: string | null;
}

/** Parameters of `tools.catalog`. */
export interface CatalogParamsIn {
  /** The agent; the default one when absent. */
  agentId?: string | null;
}

/** Parameters of `config.patch` and `config.apply`. */
export interface ChangeParamsIn {
  /** For which text it was made. */
  baseHash?: string | null;
  /** Whether to write nothing. */
  dryRun?: boolean | null;
  /** What it is told. */
  note?: string | null;
  /** The text. */
  raw: string;
  /**
   * How long to wait with a restart, if one is needed, in milliseconds, at most
   * a minute.
   */
  restartDelayMs?: number | null;
  /** The session that is told about it. */
  sessionKey?: string | null;
}

/** Parameters of `commands.list`. */
export interface CommandsParamsIn {
  /** Whether to say what may follow each command. Default: yes. */
  includeArgs?: boolean | null;
}

/** Parameters of `sessions.compact`. */
export interface CompactParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** The session. */
  key: string;
  /** How many entries stay. Default: 400. */
  maxLines?: number | null;
}

/** What a client shows. */
export interface ConnectAuthIn {
  /** The token out of a setup code. */
  bootstrapToken?: string | null;
  /** The token of the device. */
  deviceToken?: string | null;
  /** The gateway's password. */
  password?: string | null;
  /** The gateway's token, or the token of the device. */
  token?: string | null;
}

/** What a client says about itself. Shown to people, trusted for nothing. */
export interface ConnectClientIn {
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** What people call it. */
  displayName?: string | null;
  /** Which program. */
  id: string;
  /** Tells several running copies apart. */
  instanceId?: string | null;
  /** What kind of program it is. */
  mode: "webchat" | "cli" | "ui" | "backend" | "node" | "probe" | "test" | "worker";
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** What it runs on. */
  platform: string;
  /** Its version. */
  version: string;
}

/** The device a client runs on: an Ed25519 key, and what it signed with it. */
export interface ConnectDeviceIn {
  /** SHA-256 of the public key, in lower-case hex. */
  id: string;
  /** The nonce of the challenge. */
  nonce?: string | null;
  /** The public key: base64url of its 32 bytes, or PEM. */
  publicKey: string;
  /**
   * The signature under `v3|id|client.id|client.mode|role|scopes|signedAt|token|nonce|platform|deviceFamily`,
   * or under the shorter lines of older clients: base64url of its 64 bytes.
   */
  signature: string;
  /** When it signed, in milliseconds since 1970: the time of the challenge. */
  signedAt: number;
}

/** Parameters of `connect`. */
export interface ConnectParamsIn {
  /** What it shows. */
  auth?: ConnectAuthIn | null;
  /** What it can do. */
  caps?: string[] | null;
  /** What the client says about itself. */
  client: ConnectClientIn;
  /** Commands a node can run. */
  commands?: string[] | null;
  /** Its device identity, and the proof of it. */
  device?: ConnectDeviceIn | null;
  /** The language of its user. */
  locale?: string | null;
  /** The newest protocol the client speaks. */
  maxProtocol: number;
  /** The oldest protocol the client speaks. */
  minProtocol: number;
  /** Where a node looks for programs. */
  pathEnv?: string | null;
  /** What a node is allowed on its machine. */
  permissions?: Record<string, boolean> | null;
  /** `operator` (the default) or `node`. */
  role?: string | null;
  /**
   * What it wants to be allowed. Protocol 3: everything when absent or empty;
   * protocol 4: nothing.
   */
  scopes?: string[] | null;
  /** What its program calls itself. */
  userAgent?: string | null;
}

/** Parameters of `usage.cost`. Unknown ones are ignored. */
export interface CostParamsIn {
  /** Only this agent. */
  agentId?: string | null;
  /** Every agent. */
  agentScope?: AgentScopeIn | null;
  /** So many days up to today, from 1 to 36600. Default: 30. */
  days?: DaysIn | null;
  /** The last day. */
  endDate?: string | null;
  /** Where days begin. Default: `utc`. */
  mode?: Mode2In | null;
  /** The days by name, instead. */
  range?: RangeIn | null;
  /** The first day, as in `2026-01-27`, together with `endDate`. */
  startDate?: string | null;
  /** With `mode: "specific"`: as `Europe/Vienna`. Counts before `utcOffset`. */
  timeZone?: string | null;
  /** With `mode: "specific"`: as `UTC+5:30`. */
  utcOffset?: string | null;
}

/** Parameters of `sessions.create`. */
export interface CreateParamsIn {
  /** Whose it is, when no key is given. */
  agentId?: string | null;
  /** Pictures to look at. */
  attachments?: EnclosureIn[] | null;
  /** Names the first run. */
  idempotencyKey?: string | null;
  /** The session; a new name is made up when absent. */
  key?: string | null;
  /** A name for people, unique among sessions. */
  label?: string | null;
  /** What to say first. */
  message?: string | null;
  /** Which model answers. */
  model?: string | null;
  /** The same, when there is no `message`. */
  task?: string | null;
  /** How long it thinks. */
  thinkingLevel?: string | null;
  /** How long the first run may take; 0 is the default. */
  timeoutMs?: number | null;
}

/** A number of days, or a text that is one. */
export type DaysIn = number | string;

/** Parameters that name a request. */
export interface DecideParamsIn {
  /** The request. */
  requestId: string;
}

/** Parameters of `sessions.delete`. */
export interface DeleteParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** Whether what was said goes too. Default: yes. */
  deleteTranscript?: boolean | null;
  /** The session. */
  key: string;
}

/** Parameters of `sessions.describe`. */
export interface DescribeParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** Whether to say what it is about. */
  includeDerivedTitles?: boolean | null;
  /** Whether to show how its last message begins. */
  includeLastMessage?: boolean | null;
  /** The session. */
  key: string;
}

/** Parameters of what is about a device. */
export interface DeviceParamsIn {
  /** The device. */
  deviceId: string;
}

/** Parameters of `node.pending.drain`. */
export interface DrainParamsIn {
  /** How much at most. Default: 4. */
  maxItems?: number | null;
}

/** Parameters of `tools.effective`. */
export interface EffectiveParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** The session. */
  sessionKey: string;
}

/** A file sent along with a message. */
export interface EnclosureIn {
  /** The bytes in base64, perhaps as a `data:` URL. */
  content?: string | null;
  /** What it is called. */
  fileName?: string | null;
  /** The same precisely, as in `image/png`. */
  mimeType?: string | null;
  /** What it is, as in `image`. */
  type?: string | null;
}

/** Parameters of `node.pending.enqueue`. */
export interface EnqueueParamsIn {
  /** For how long it waits, in milliseconds. Default: a day. */
  expiresInMs?: number | null;
  /** The node. */
  nodeId: string;
  /** How soon. Default: `normal`. */
  priority?: PriorityIn | null;
  /** What it shall do. */
  type: WorkIn;
}

/** Parameters of `system-event`. Others are ignored. */
export interface EventParamsIn {
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** The device. */
  deviceId?: string | null;
  /** The machine. */
  host?: string | null;
  /** Tells several running copies apart. */
  instanceId?: string | null;
  /** Its address. */
  ip?: string | null;
  /** Seconds since somebody touched it. */
  lastInputSeconds?: number | null;
  /** What kind of program it is. */
  mode?: string | null;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** What it runs on. */
  platform?: string | null;
  /** Why it announces itself. */
  reason?: string | null;
  /** What it is to the gateway. */
  roles?: string[] | null;
  /** What it may do. */
  scopes?: string[] | null;
  /** Marks. */
  tags?: string[] | null;
  /** What to say. Required. */
  text?: string | null;
  /** The version of its program. */
  version?: string | null;
}

/** Parameters of `node.event`. */
export interface EventParams2In {
  /** What happened. */
  event: string;
  /** More about it. */
  payload?: unknown;
  /** The same, as JSON in a text. */
  payloadJSON?: string | null;
}

/** Parameters of `exec.approval.grants.list`. */
export interface GrantsParamsIn {
  /** At most so many. */
  limit?: number | null;
}

/** What wakes the agent in a group. */
export type GroupActivationIn = "mention" | "always";

/** What is counted with a conversation. */
export type GroupByIn = "instance" | "family";

/** Parameters of `health`. Others are ignored. */
export interface HealthParamsIn {
  /** Whether to look anew. */
  probe?: boolean | null;
}

/** Parameters of `chat.history`. */
export interface HistoryParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** At most so many messages. Default: 200. */
  limit?: number | null;
  /** At most so many bytes of messages, but one message at least. */
  maxBytes?: number | null;
  /** Leaving out so many of the newest. */
  offset?: number | null;
  /** The session. */
  sessionKey: string;
}

/** Parameters of `approval.history`. */
export interface HistoryParams2In {
  /** Where to go on: `nextCursor` of the page before. */
  cursor?: string | null;
  /** Only of this kind. There are no others than `exec` so far. */
  kind?: string | null;
  /** At most so many. */
  limit?: number | null;
}

/** Parameters of `agent.identity.get`. */
export interface IdentityParamsIn {
  /** The agent. */
  agentId?: string | null;
  /** A session of it. */
  sessionKey?: string | null;
}

/** Parameters of `chat.inject`. */
export interface InjectParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** What to put before it, in brackets. */
  label?: string | null;
  /** What to say. */
  message: string;
  /** The session. */
  sessionKey: string;
}

/** Parameters of `node.invoke`. */
export interface InvokeParamsIn {
  /** What it shall do. */
  command: string;
  /** Passed on to the node, which may use it to recognise a repetition. */
  idempotencyKey: string;
  /** The node. */
  nodeId: string;
  /** With which parameters. */
  params?: unknown;
  /** How long to wait, in milliseconds; 0 does not wait, and asks nothing. */
  timeoutMs?: number | null;
}

/** Parameters of `tools.invoke`. */
export interface InvokeParams2In {
  /** On behalf of which agent. */
  agentId?: string | null;
  /** With what: an object. */
  args?: unknown;
  /** Names the call, and makes repeating it harmless. */
  idempotencyKey?: string | null;
  /** The tool. */
  name: string;
  /** On behalf of which session; the main one of the agent when absent. */
  sessionKey?: string | null;
}

/** Parameters of `sessions.list`. */
export interface ListParamsIn {
  /** Changed within so many minutes. */
  activeMinutes?: number | null;
  /** Of this agent. */
  agentId?: string | null;
  /** Sessions of a group. There are none. */
  group?: string | null;
  /** Sessions with a board. There are none. */
  hasBoard?: boolean | null;
  /** Whether to say what they are about. */
  includeDerivedTitles?: boolean | null;
  /** Whether the session `global` counts. */
  includeGlobal?: boolean | null;
  /** Whether to show how their last messages begin. */
  includeLastMessage?: boolean | null;
  /** Whether the session `unknown` counts. */
  includeUnknown?: boolean | null;
  /** With exactly this label. */
  label?: string | null;
  /** At most so many. Default: 100; no more than 1,000. */
  limit?: number | null;
  /** Leaving out so many of the newest. */
  offset?: number | null;
  /** Sessions that were pinned. There are none. */
  pinned?: boolean | null;
  /** Sessions of a project. There are none. */
  projectId?: string | null;
  /** With this text in label, title, key or transcript name. */
  search?: string | null;
  /** Started by this session. */
  spawnedBy?: string | null;
}

/** Parameters of `sessions.usage.logs`. Unknown ones are ignored. */
export interface LogsParamsIn {
  /** The agent it belongs to. */
  agentId?: string | null;
  /** The conversation. */
  key?: string | null;
  /** At most so many messages. Default: 200; more than 1000 are not told. */
  limit?: number | null;
}

/** Parameters of `config.schema.lookup`. */
export interface LookupParamsIn {
  /** The path. */
  path: string;
}

/** Parameters of `chat.message.get`. */
export interface MessageParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** The message, by the `id` it has under `__openclaw` in the history. */
  messageId: string;
  /** The session. */
  sessionKey: string;
}

/** Parameters of `sessions.messages.subscribe`. */
export interface MessagesParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** Whether to get the approvals that wait. */
  includeApprovals?: boolean | null;
  /** The session. */
  key: string;
}

/** Parameters of `chat.metadata`. */
export interface MetadataParamsIn {
}

/** Where the gateway runs. */
export type ModeIn = "local" | "remote";

/** Where days begin. */
export type Mode2In = "utc" | "gateway" | "specific";

/** Parameters of `models.list`. */
export interface ModelsParamsIn {
}

/** Parameters of `wizard.next`. */
export interface NextParamsIn {
  /** The answer. */
  answer?: AnswerIn | null;
  /** The wizard. */
  sessionId: string;
}

/** Parameters of `sessions.messages.unsubscribe`. */
export interface NoMessagesParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** The session. */
  key: string;
}

/** Parameters that name a node. */
export interface NodeParamsIn {
  /** The node. */
  nodeId: string;
}

/** No parameters. */
export type NothingIn = Record<string, never>;

/** Parameters of `wizard.cancel` and `wizard.status`. */
export interface OneIn {
  /** The wizard. */
  sessionId: string;
}

/** Parameters of `sessions.patch`. `null` goes back to the default. */
export interface PatchParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** Whether commands may leave the sandbox: `off`, `on`, `ask`, `full`. */
  elevatedLevel?: string | null;
  /** When a person is asked: `off`, `on-miss`, `always`. */
  execAsk?: string | null;
  /** Where commands run: `sandbox`, `gateway`, `node`. */
  execHost?: string | null;
  /** On which node commands run. */
  execNode?: string | null;
  /** Which commands run: `deny`, `allowlist`, `full`. */
  execSecurity?: string | null;
  /** What wakes the agent in a group. */
  groupActivation?: GroupActivationIn | null;
  /** The session. */
  key: string;
  /** A name for people, unique among sessions. */
  label?: string | null;
  /** Which model answers. */
  model?: string | null;
  /** Whether what the model thinks is shown: `off`, `on`, `stream`. */
  reasoningLevel?: string | null;
  /** Whether an answer says what it cost. */
  responseUsage?: UsageWordIn | null;
  /** Whether the conversation may be spoken in. */
  sendPolicy?: SendPolicyIn | null;
  /** The session that started this one. Set once. */
  spawnedBy?: string | null;
  /** How long the model thinks. */
  thinkingLevel?: string | null;
  /** Whether the steps of tools are shown: `off`, `on`, `full`. */
  verboseLevel?: string | null;
}

/** A command as a node would run it. */
export interface PlanIn {
  /** For which agent. */
  agentId?: string | null;
  /** Program and arguments. */
  argv: string[];
  /** The fingerprint of everything that decides what the command does. */
  bindingHash?: string | null;
  /** Where. */
  cwd?: string | null;
  /** The variables that would be set, by name. */
  envKeys?: string[] | null;
  /** The file of the program. */
  resolvedPath?: string | null;
  /** For which session. */
  sessionKey?: string | null;
}

/** Parameters of `sessions.preview`. */
export interface PreviewParamsIn {
  /** The sessions; the first 64 count. */
  keys: string[];
  /** How many messages of each. Default: 12; no more than 50. */
  limit?: number | null;
  /** How many characters of each message. Default: 240; no more than 2,000. */
  maxChars?: number | null;
}

/** How soon. */
export type PriorityIn = "normal" | "high";

/** What a code lets a device be. */
export type ProfileWordIn = "limited" | "node" | "dashboard";

/** Parameters of `node.invoke.progress`. */
export interface ProgressParamsIn {
  /** What was done so far. */
  chunk: string;
  /** The command. */
  invokeId: string;
  /** The node. */
  nodeId: string;
  /** Counts upwards. */
  seq: number;
}

/** Days by name. */
export type RangeIn = "7d" | "30d" | "90d" | "1y" | "all";

/** Parameters of `node.pluginSurface.refresh`. */
export interface RefreshParamsIn {
  /** The address the caller has. */
  observedUrl?: string | null;
  /** What: `canvas`. */
  surface: string;
}

/** Parameters of `node.pair.remove`. */
export interface RemoveParamsIn {
  /** The node. */
  nodeId: string;
}

/** Parameters of `device.pair.rename`. */
export interface RenameParamsIn {
  /** The device. */
  deviceId: string;
  /** What to call it. */
  label: string;
}

/** Parameters of `node.rename`. */
export interface RenameParams2In {
  /** What to call it. */
  displayName: string;
  /** The node. */
  nodeId: string;
}

/** Parameters of `gateway.restart.request`. Others are ignored. */
export interface RequestParamsIn {
  /** How long to wait before anything, in milliseconds, at most a minute. */
  delayMs?: number | null;
  /** Why, for a person; at most 200 characters of it are kept. */
  reason?: string | null;
  /** Whether not to wait for runs. */
  skipDeferral?: boolean | null;
}

/** Parameters of what is about a request. */
export interface RequestParams2In {
  /** The request. */
  requestId: string;
}

/** Parameters of `node.pair.request`. */
export interface RequestParams3In {
  /** Its abilities. */
  caps?: string[] | null;
  /** The commands it carries out. */
  commands?: string[] | null;
  /** The version of the part of it that does the work. */
  coreVersion?: string | null;
  /** As in `iPhone`. */
  deviceFamily?: string | null;
  /** What people call it. */
  displayName?: string | null;
  /** As in `iPhone17,1`. */
  modelIdentifier?: string | null;
  /** Names the node. */
  nodeId: string;
  /** What it runs on. */
  platform?: string | null;
  /** Where it connects from. */
  remoteIp?: string | null;
  /** Whether nobody needs to be bothered. */
  silent?: boolean | null;
  /** The version of the part of it that people see. */
  uiVersion?: string | null;
  /** The version of its program. */
  version?: string | null;
}

/** Parameters of `exec.approval.request`. */
export interface RequestParams4In {
  /** For which agent. */
  agentId?: string | null;
  /** The devices whose users may decide; everybody's when absent. */
  approvalReviewerDeviceIds?: string[] | null;
  /** When the caller says somebody is asked. */
  ask?: string | null;
  /** The command as a line. */
  command?: string | null;
  /** Program and arguments. */
  commandArgv?: string[] | null;
  /** Where it would run. */
  cwd?: string | null;
  /** The variables that would be set for it. */
  env?: Record<string, string> | null;
  /** On which kind of machine. */
  host?: string | null;
  /** Names the question; made when it is absent. */
  id?: string | null;
  /** On which node. */
  nodeId?: string | null;
  /** The file of the program. */
  resolvedPath?: string | null;
  /** What the caller says may run. */
  security?: string | null;
  /** For which session. */
  sessionKey?: string | null;
  /** The command as the node prepared it (`system.run.prepare`). */
  systemRunPlan?: PlanIn | null;
  /** How long to wait, in milliseconds. Two minutes when absent, a day at most. */
  timeoutMs?: number | null;
  /** Whether to say at once that the question is put. */
  twoPhase?: boolean | null;
  /**
   * Decisions that are not offered: `allow-always` is the only one that can
   * be left out.
   */
  unavailableDecisions?: string[] | null;
  /** What to look out for. */
  warningText?: string | null;
}

/** Parameters of `sessions.reset`. */
export interface ResetParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** The session. */
  key: string;
}

/** Parameters of `approval.resolve`. */
export interface ResolveAnyParamsIn {
  /** `allow-once`, `allow-always` or `deny`. */
  decision: string;
  /** For how many days `allow-always` is good; for ever when absent. */
  grantExpiresInDays?: number | null;
  /** The question. */
  id: string;
  /** Of which kind it is: `exec`. */
  kind: string;
}

/**
 * Parameters of `sessions.resolve`: exactly one of `key`, `sessionId` and
 * `label`.
 */
export interface ResolveParamsIn {
  /** It belongs to this agent. */
  agentId?: string | null;
  /** By its key, or a short name for it. */
  key?: string | null;
  /** By its label. */
  label?: string | null;
  /** By its transcript. */
  sessionId?: string | null;
  /** It was started by this session. */
  spawnedBy?: string | null;
}

/** Parameters of `exec.approval.resolve`. */
export interface ResolveParams2In {
  /** `allow-once`, `allow-always` or `deny`. */
  decision: string;
  /** The question. */
  id: string;
}

/** Why a command was not carried out. */
export interface ResultErrorIn {
  /** What kind of failure it was. */
  code?: string | null;
  /** More, for a person. */
  message?: string | null;
}

/** Parameters of `node.invoke.result`. */
export interface ResultParamsIn {
  /** Why it was not carried out. */
  error?: ResultErrorIn | null;
  /** The command. */
  id: string;
  /** The node. */
  nodeId: string;
  /** Whether it was carried out. */
  ok: boolean;
  /** The answer. */
  payload?: unknown;
  /** The same, as JSON in a text. Anything but a text is the answer itself. */
  payloadJSON?: unknown;
}

/** Parameters of `device.token.revoke`. */
export interface RevokeParamsIn {
  /** The device. */
  deviceId: string;
  /** `operator` or `node`. */
  role: string;
}

/** Parameters of `exec.approval.grants.revoke`. */
export interface RevokeParams2In {
  /** The consent. */
  grantId: string;
}

/** Parameters of `device.token.rotate`. */
export interface RotateParamsIn {
  /** The device. */
  deviceId: string;
  /** `operator` or `node`. */
  role: string;
  /** What the new token shall allow. Default: what the old one did. */
  scopes?: string[] | null;
}

/** Parameters of `update.run`. */
export interface RunParamsIn {
  /** What to tell it. */
  note?: string | null;
  /**
   * How long after the update the gateway restarts, in milliseconds, at most
   * a minute. Default: 2000.
   */
  restartDelayMs?: number | null;
  /** The conversation that is told when the gateway is back. */
  sessionKey?: string | null;
  /**
   * How long the tool may take, in milliseconds, at least a second. Default:
   * 20 minutes.
   */
  timeoutMs?: number | null;
}

/** Parameters of `chat.send`. */
export interface SendParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** Pictures to look at. */
  attachments?: EnclosureIn[] | null;
  /** Answers are never sent to other channels. */
  deliver?: boolean | null;
  /** Names the run, and makes repeating the call harmless. */
  idempotencyKey: string;
  /** What to say. */
  message: string;
  /** The session, by its key or a short name for it. */
  sessionKey: string;
  /** How long to think, instead of what is set for the session. */
  thinking?: string | null;
  /** How long the run may take; 0 is the default. */
  timeoutMs?: number | null;
}

/** Whether the conversation may be spoken in. */
export type SendPolicyIn = "allow" | "deny";

/** Parameters of `sessions.usage.timeseries`. Unknown ones are ignored. */
export interface SeriesParamsIn {
  /** The agent it belongs to. */
  agentId?: string | null;
  /** The conversation. */
  key?: string | null;
}

/** Parameters of `sessions.abort`. */
export interface SessionsAbortParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** The session. */
  key?: string | null;
  /** The run. */
  runId?: string | null;
}

/** Parameters of `sessions.usage`. */
export interface SessionsParamsIn {
  /** Only those of this agent. Default: the default one. */
  agentId?: string | null;
  /** Those of every agent. */
  agentScope?: AgentScopeIn | null;
  /**
   * Only those somebody began. Nobody is known to have begun any, so this is
   * `["unknown"]`, or there are none.
   */
  creatorKey?: string | null;
  /** The last day. */
  endDate?: string | null;
  /**
   * Whether what was used before a conversation was started over is counted
   * with it.
   */
  groupBy?: GroupByIn | null;
  /** Whether to say what the context is made of. That is not known. */
  includeContextWeight?: boolean | null;
  /** The same as `groupBy: "family"`. */
  includeHistorical?: boolean | null;
  /** Only this conversation. */
  key?: string | null;
  /** So many are told one by one. Default: 50; more than 1000 are not. */
  limit?: number | null;
  /** Where days begin. Default: `utc`. */
  mode?: Mode2In | null;
  /** The days by name. Default: `30d`. */
  range?: RangeIn | null;
  /** The first day, as in `2026-01-27`, together with `endDate`. */
  startDate?: string | null;
  /** With `mode: "specific"`: as `Europe/Vienna`. Counts before `utcOffset`. */
  timeZone?: string | null;
  /** With `mode: "specific"`: as `UTC+5:30`. */
  utcOffset?: string | null;
}

/** Parameters of `sessions.send`. */
export interface SessionsSendParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** Pictures to look at. */
  attachments?: EnclosureIn[] | null;
  /** Names the run. Without one, repeating the call sends the message twice. */
  idempotencyKey?: string | null;
  /** The session. */
  key: string;
  /** What to say. */
  message: string;
  /** How long to think. */
  thinking?: string | null;
  /** How long the run may take; 0 is the default. */
  timeoutMs?: number | null;
}

/** Parameters of `exec.approvals.node.set`. */
export interface SetApprovalsParamsIn {
  /** The hash of the file it replaces. */
  baseHash?: string | null;
  /** The file, as the node reads it. */
  file: Record<string, unknown>;
  /** The node. */
  nodeId: string;
}

/** Parameters of `set-heartbeats`. Others are ignored. */
export interface SetHeartbeatsParamsIn {
  /** Whether they are sent. Required. */
  enabled?: boolean | null;
}

/** Parameters of `config.set`. */
export interface SetParamsIn {
  /** For which text it was made. */
  baseHash?: string | null;
  /** Whether to write nothing. */
  dryRun?: boolean | null;
  /** The text. */
  raw: string;
}

/** Parameters of `exec.approvals.set`. */
export interface SetParams2In {
  /** The hash of the text it replaces. */
  baseHash?: string | null;
  /** What is written. */
  file: ApprovalsFileIn;
}

/** Parameters of `device.pair.setupCode`. */
export interface SetupCodeParamsIn {
  /** What the code lets a device be. Default: `limited`. */
  bootstrapProfile?: ProfileWordIn | null;
  /** Whether to draw the code. Default: yes. */
  includeQr?: boolean | null;
  /** Accepted for clients of OpenClaw; there is no other address to prefer. */
  preferRemoteUrl?: unknown;
  /**
   * Where the device finds the gateway. Default: the first address that can
   * be reached from elsewhere.
   */
  publicUrl?: string | null;
}

/** Parameters of `device.pair.setupStatus`. */
export interface SetupStatusParamsIn {
  /** The code, by its name. */
  setupId: string;
}

/** Parameters of `wizard.start`. */
export interface StartParamsIn {
  /** Where the gateway runs. */
  mode?: ModeIn | null;
  /** Where agents work. */
  workspace?: string | null;
}

/** Parameters of `chat.startup`. */
export interface StartupParamsIn {
  /** The agent, when the session is named in short. */
  agentId?: string | null;
  /** At most so many messages. Default: 200. */
  limit?: number | null;
  /** At most so many bytes of messages, but one message at least. */
  maxBytes?: number | null;
  /** Leaving out so many of the newest. */
  offset?: number | null;
  /** The session; the main one when absent. */
  sessionKey?: string | null;
}

/** Parameters of `update.status`. */
export interface StatusParamsIn {
  /** Accepted; what there is to see is looked at in any case. */
  refreshCheckout?: boolean | null;
}

/** Parameters of `logs.tail`. */
export interface TailParamsIn {
  /** Where the last answer ended. */
  cursor?: number | null;
  /** At most so many lines. Default: 500. */
  limit?: number | null;
  /** At most so many bytes. Default: 250,000. */
  maxBytes?: number | null;
}

/** Parameters of `device.scopes.requestUpgrade`. */
export interface UpgradeParamsIn {
  /** Everything the device wants to be allowed, with what it is allowed now. */
  scopes: string[];
}

/** Whether an answer says what it cost. */
export type UsageWordIn = "off" | "tokens" | "full" | "on";

/** Parameters of `node.pair.verify`. */
export interface VerifyParamsIn {
  /** The node it says it is. */
  nodeId: string;
  /** The token it shows. */
  token: string;
}

/** Parameters of `agent.wait`. */
export interface WaitParamsIn {
  /** The run. */
  runId: string;
  /** How long to wait, in milliseconds. Default: 30,000. */
  timeoutMs?: number | null;
}

/** When an agent is told something. */
export type WakeModeIn = "now" | "next-heartbeat";

/** Parameters of `wake`. */
export interface WakeParamsIn {
  /** The agent; the default one is told. */
  agentId?: unknown;
  /** When: at once, or with the next heartbeat. */
  mode: WakeModeIn;
  /** The session; the main one is told. */
  sessionKey?: unknown;
  /** What to say. */
  text: string;
}

/** What a node can be asked to do when it comes back. */
export type WorkIn = "status.request" | "location.request";

/** What can be asked of the gateway. */
export interface Methods {
  /**
   * Asks an agent, and answers twice.
   *
   * The first answer, `accepted`, comes when the question is on disk, the
   * second under the same `id` when the run has ended. Meanwhile the run is
   * told as `agent` and `chat` events. Repeating the call with the same
   * `idempotencyKey` gets one answer: how the run is. Starting a session
   * over (`/new`, `/reset`) takes `operator.admin`.
   *
   * Asks for operator.write.
   */
  "agent": { params: AgentParamsIn; result: AgentResult };
  /**
   * How an agent presents itself: the one that is named, the one of a
   * session, or the default one.
   *
   * Asks for operator.read.
   */
  "agent.identity.get": { params: IdentityParamsIn; result: Identity };
  /**
   * Waits until a run has ended, but not too long.
   *
   * A run nobody has heard of yet is waited for as well.
   *
   * Asks for operator.write.
   */
  "agent.wait": { params: WaitParamsIn; result: WaitResult };
  /**
   * The agents.
   *
   * Asks for operator.read.
   */
  "agents.list": { params: NothingIn; result: Roster };
  /**
   * One question of any kind. Commands are the only kind so far.
   *
   * Asks for operator.approvals.
   */
  "approval.get": { params: ApprovalParamsIn; result: Described2 };
  /**
   * What was decided in the last thirty days, the newest first.
   *
   * Asks for operator.approvals.
   */
  "approval.history": { params: HistoryParams2In; result: History };
  /**
   * Decides about a question of any kind. The first decision is final.
   *
   * Asks for operator.approvals.
   */
  "approval.resolve": { params: ResolveAnyParamsIn; result: Done2 };
  /**
   * Stops a run, or every run of a session, whether active or waiting.
   *
   * Asks for operator.write.
   */
  "chat.abort": { params: AbortParamsIn; result: Stopped };
  /**
   * The newest messages of a session, the oldest first.
   *
   * What was compacted away is left out. A session that does not exist has
   * no messages.
   *
   * Asks for operator.read.
   */
  "chat.history": { params: HistoryParamsIn; result: HistoryResult };
  /**
   * Adds a message of the agent that no model has said.
   *
   * Asks for operator.admin.
   */
  "chat.inject": { params: InjectParamsIn; result: InjectResult };
  /**
   * One message, in full.
   *
   * Asks for operator.read.
   */
  "chat.message.get": { params: MessageParamsIn; result: OneMessage };
  /**
   * What can be chosen in a chat: models and commands.
   *
   * Asks for operator.read.
   */
  "chat.metadata": { params: MetadataParamsIn; result: ChatMetadata };
  /**
   * Sends a message to the agent of a session.
   *
   * The answer comes when the message is on disk. What the agent says comes
   * as `chat` events, ended by one `final`, `aborted` or `error`. Sending it
   * again under the same `idempotencyKey` changes nothing, so a client may
   * retry. A word such as `/stop` stops what runs in the session instead.
   *
   * Asks for operator.write.
   */
  "chat.send": { params: SendParamsIn; result: SendResult };
  /**
   * What a chat page needs to begin with: the history of a session, and what
   * can be chosen in it.
   *
   * Asks for operator.read.
   */
  "chat.startup": { params: StartupParamsIn; result: Startup };
  /**
   * The commands one can type into a conversation.
   *
   * Asks for operator.read.
   */
  "commands.list": { params: CommandsParamsIn; result: Commands };
  /**
   * Writes the whole configuration file, and says what became of it.
   *
   * Like `config.set`; `note` is told to the session.
   *
   * Asks for operator.admin.
   */
  "config.apply": { params: ChangeParamsIn; result: Outcome };
  /**
   * The configuration file as it is on disk, secrets replaced.
   *
   * `hash` is taken of the text on disk; sending it back with a change shows
   * that nobody changed the file in between.
   *
   * Asks for operator.read.
   */
  "config.get": { params: NothingIn; result: ConfigFile };
  /**
   * Changes some keys of the configuration file, and leaves every other byte.
   *
   * `raw` is a JSON5 object which is merged into the file (RFC 7386): `null`
   * deletes a key, objects are merged, everything else replaces. With `dryRun`
   * nothing is written.
   *
   * Asks for operator.admin.
   */
  "config.patch": { params: ChangeParamsIn; result: Outcome };
  /**
   * The shape of the configuration file, and how to show it in a form.
   *
   * Asks for operator.read.
   */
  "config.schema": { params: NothingIn; result: ConfigShape };
  /**
   * One path of that shape, and what is directly in it.
   *
   * `path` is `gateway.port`, `agents.list[0].name` or `agents.list.*.name`.
   *
   * Asks for operator.read.
   */
  "config.schema.lookup": { params: LookupParamsIn; result: unknown };
  /**
   * Writes the whole configuration file.
   *
   * `raw` is JSON5 and becomes the file as it is. Where secrets were replaced by
   * a placeholder, they stay what they are. `baseHash` is the hash that
   * `config.get` told; without it an existing file is not replaced. What changed
   * is put into force at once, without a restart.
   *
   * Asks for operator.admin.
   */
  "config.set": { params: SetParamsIn; result: Outcome };
  /**
   * Logs in. The first request of every connection, and only that.
   *
   * The gateway speaks first, with the event `connect.challenge`. Any
   * protocol range that reaches 3 or 4 is accepted. Requests sent before the
   * answer wait for it.
   *
   * Asks for anyone.
   */
  "connect": { params: ConnectParamsIn; result: HelloOk };
  /**
   * Lets a device in that waits, for what it asked for.
   *
   * The caller has to hold everything the request asks for; for a node that
   * offers `system.*` commands, `operator.admin`. Everybody who may decide
   * hears of it as `device.pair.resolved`.
   *
   * Asks for operator.pairing.
   */
  "device.pair.approve": { params: RequestParams2In; result: Approved };
  /**
   * The devices that were let in, and those that wait. Whoever is not an
   * administrator sees its own device only.
   *
   * Asks for operator.pairing.
   */
  "device.pair.list": { params: NothingIn; result: Devices };
  /**
   * Turns a device away that waits.
   *
   * Asks for operator.pairing.
   */
  "device.pair.reject": { params: RequestParams2In; result: Rejected };
  /**
   * Forgets a device. Its tokens are revoked and its connections closed with
   * 4001.
   *
   * Asks for operator.pairing.
   */
  "device.pair.remove": { params: DeviceParamsIn; result: Removed };
  /**
   * Gives a device a name of the operator's own.
   *
   * Asks for operator.pairing.
   */
  "device.pair.rename": { params: RenameParamsIn; result: Renamed };
  /**
   * Makes a setup code for a phone: good once, for ten minutes, for one
   * device. It holds the gateway's address and a token of its own, nothing
   * else.
   *
   * Asks for operator.admin.
   */
  "device.pair.setupCode": { params: SetupCodeParamsIn; result: SetupCode };
  /**
   * What became of a setup code: the device that used it, or nothing yet.
   *
   * Asks for operator.admin.
   */
  "device.pair.setupStatus": { params: SetupStatusParamsIn; result: SetupStatus };
  /**
   * Asks for more scopes for the caller's device, which goes on with what it
   * has.
   *
   * Asks for operator.read.
   */
  "device.scopes.requestUpgrade": { params: UpgradeParamsIn; result: Requested2 };
  /**
   * Waits until somebody has decided about such a request, and hands out the
   * token to come back with.
   *
   * Asks for operator.read.
   */
  "device.scopes.waitUpgrade": { params: RequestParams2In; result: Upgraded };
  /**
   * Takes the token of a device back, for good. Its connections are closed
   * with 4001; it has to pair again.
   *
   * Asks for operator.pairing.
   */
  "device.token.revoke": { params: RevokeParamsIn; result: Revoked };
  /**
   * Replaces the token of a device. Connections that rest on the old one are
   * closed with 4001. Only the device itself is told the new one; others get
   * theirs when they next connect.
   *
   * Asks for operator.pairing.
   */
  "device.token.rotate": { params: RotateParamsIn; result: Rotated };
  /**
   * One question about a command.
   *
   * Asks for operator.approvals.
   */
  "exec.approval.get": { params: ApprovalParamsIn; result: Described2 };
  /**
   * Consent that was given once and for all (`allow-always`).
   *
   * Asks for operator.approvals.
   */
  "exec.approval.grants.list": { params: GrantsParamsIn; result: Grants };
  /**
   * Takes consent back that was given once and for all.
   *
   * Asks for operator.approvals.
   */
  "exec.approval.grants.revoke": { params: RevokeParams2In; result: Done2 };
  /**
   * The questions that wait, the oldest first: for whoever reconnects.
   *
   * Asks for operator.approvals.
   */
  "exec.approval.list": { params: NothingIn; result: ExecApproval[] };
  /**
   * Asks for consent to run a command, and answers with the decision.
   *
   * The answer comes when somebody decided, or when the time is over; then
   * `decision` is `null`, which is a no. With `twoPhase` there is a first
   * answer, `accepted`, as soon as the question is put. The question stays
   * when the caller leaves; `exec.approval.waitDecision` takes the waiting up
   * again. Where the words of the command are known (`systemRunPlan`,
   * `commandArgv`), they count, and `command` does not.
   *
   * Asks for operator.approvals.
   */
  "exec.approval.request": { params: RequestParams4In; result: RequestResult };
  /**
   * Decides about a command. The first decision is final.
   *
   * Asks for operator.approvals.
   */
  "exec.approval.resolve": { params: ResolveParams2In; result: Done2 };
  /**
   * Waits for the decision about a question that was put before.
   *
   * Asks for operator.approvals.
   */
  "exec.approval.waitDecision": { params: ApprovalParamsIn; result: Decided };
  /**
   * Which commands may run on this machine, as its owner wrote it down.
   *
   * Asks for operator.admin.
   */
  "exec.approvals.get": { params: NothingIn; result: Policy2 };
  /**
   * Reads what a node consents to run.
   *
   * Asks for operator.admin.
   */
  "exec.approvals.node.get": { params: NodeParamsIn; result: unknown };
  /**
   * Changes what a node consents to run.
   *
   * Asks for operator.admin.
   */
  "exec.approvals.node.set": { params: SetApprovalsParamsIn; result: unknown };
  /**
   * Writes down which commands may run on this machine.
   *
   * `baseHash` is the hash of the text this replaces, from
   * `exec.approvals.get`.
   *
   * Asks for operator.admin.
   */
  "exec.approvals.set": { params: SetParams2In; result: Policy2 };
  /**
   * The key by which the gateway can be recognized.
   *
   * Asks for operator.read.
   */
  "gateway.identity.get": { params: NothingIn; result: GatewayIdentity };
  /**
   * Whether anything goes on that a restart would wait for.
   *
   * Asks for operator.read.
   */
  "gateway.restart.preflight": { params: NothingIn; result: Preflight };
  /**
   * Starts the gateway anew, in the same process.
   *
   * It waits for the runs that are going on, at most five minutes, unless
   * `skipDeferral`. Clients hear `shutdown`, are closed with 1012 and can
   * connect again a moment later. Many requests are one restart.
   *
   * Asks for operator.admin.
   */
  "gateway.restart.request": { params: RequestParamsIn; result: Requested };
  /**
   * How the gateway is.
   *
   * The answer is the last summary, at most a minute old. With `probe` a new
   * one is made, which everybody gets as the event `health`.
   *
   * Asks for operator.read.
   */
  "health": { params: HealthParamsIn; result: HealthSummary };
  /**
   * The last heartbeat that was sent or skipped, or `null`.
   *
   * Asks for operator.read.
   */
  "last-heartbeat": { params: NothingIn; result: unknown };
  /**
   * The newest lines of the log, or those since the last call.
   *
   * To follow it, send the `cursor` of each answer with the next call.
   *
   * Asks for operator.read.
   */
  "logs.tail": { params: TailParamsIn; result: TailResult };
  /**
   * The models that are known, by provider and name.
   *
   * Asks for operator.read.
   */
  "models.list": { params: ModelsParamsIn; result: Models };
  /**
   * One of them.
   *
   * Asks for operator.read.
   */
  "node.describe": { params: NodeParamsIn; result: NodeDescription };
  /**
   * A node says something unasked.
   *
   * `voice.transcript` and `agent.request` ask an agent; `chat.subscribe` and
   * `chat.unsubscribe` follow a session; `exec.started`, `exec.finished` and
   * `exec.denied` tell the agent about commands this node was given, and
   * about no others; `node.presence.alive`, `node.presence.activity` and
   * `node.host.stats` say how it is. Anything else is not handled, which is
   * no error.
   *
   * Asks for role node.
   */
  "node.event": { params: EventParams2In; result: EventResult };
  /**
   * Gives a node a command and waits for its answer.
   *
   * The node gets it as `node.invoke.request` if its platform (as it was when
   * it was approved) or the configuration allows it, it declared it, and it
   * was approved. What a caller of `system.run` says about consent does not
   * count: only what the gateway knows does. `browser.proxy` takes
   * `operator.admin`. A caller that goes away or has waited long enough makes
   * the node hear `node.invoke.cancel`.
   *
   * Asks for operator.write.
   */
  "node.invoke": { params: InvokeParamsIn; result: InvokeResult };
  /**
   * A node says that it is still at a command. Nobody waits longer for it.
   *
   * Asks for role node.
   */
  "node.invoke.progress": { params: ProgressParamsIn; result: Received };
  /**
   * A node says what became of a command.
   *
   * It counts if it comes from the node that was asked, over the connection
   * it was asked on, while somebody waits for it.
   *
   * Asks for role node.
   */
  "node.invoke.result": { params: ResultParamsIn; result: Received };
  /**
   * The nodes whose devices are paired, those that are connected first.
   *
   * Asks for operator.read.
   */
  "node.list": { params: NothingIn; result: NodeList };
  /**
   * Approves exactly what a request asks for.
   *
   * Whoever approves commands has to be able to give them: `operator.write`,
   * and `operator.admin` for those that run programs or look at people, and
   * for a node whose approval was withdrawn before. A node that is no device
   * gets a token, told here and nowhere else.
   *
   * Asks for operator.pairing.
   */
  "node.pair.approve": { params: DecideParamsIn; result: Approved2 };
  /**
   * The nodes that wait for a decision, and those something was approved for.
   * Tokens are never listed.
   *
   * Asks for operator.pairing.
   */
  "node.pair.list": { params: NothingIn; result: Pairings };
  /**
   * Turns a request down.
   *
   * Asks for operator.pairing.
   */
  "node.pair.reject": { params: DecideParamsIn; result: Rejected2 };
  /**
   * Withdraws what was approved for a node. Its device stays paired.
   *
   * Asks for operator.pairing.
   */
  "node.pair.remove": { params: RemoveParamsIn; result: Removed2 };
  /**
   * Asks for a node to be approved. Nodes that connect ask by themselves.
   *
   * A node that waits already keeps waiting for what it asked for first. The
   * request is gone after five minutes.
   *
   * Asks for operator.pairing.
   */
  "node.pair.request": { params: RequestParams3In; result: Requested3 };
  /**
   * Whether a node that shows this token is the one it says it is.
   *
   * Asks for operator.pairing.
   */
  "node.pair.verify": { params: VerifyParamsIn; result: Verified };
  /**
   * A node did some of the work that waited for it.
   *
   * Asks for role node.
   */
  "node.pending.ack": { params: AckParamsIn; result: WorkDone };
  /**
   * Hands this node the work that waits for it, for good.
   *
   * Asks for role node.
   */
  "node.pending.drain": { params: DrainParamsIn; result: Drained };
  /**
   * Keeps work for a node until it comes to get it.
   *
   * Asking twice for the same is asking once. Commands are not kept: a node
   * that is not there cannot be given any.
   *
   * Asks for operator.write.
   */
  "node.pending.enqueue": { params: EnqueueParamsIn; result: Enqueued };
  /**
   * The work that waits for this node, the urgent first. It keeps waiting
   * until the node acknowledges it.
   *
   * Asks for role node.
   */
  "node.pending.pull": { params: NothingIn; result: Pulled };
  /**
   * The same for nodes.
   *
   * A node that names the outdated address it has, as `observedUrl`, gets the
   * one it did not hear of yet, if there is one, instead of another.
   *
   * Asks for role node.
   */
  "node.pluginSurface.refresh": { params: RefreshParamsIn; result: Refreshed };
  /**
   * Calls a node something else.
   *
   * Asks for operator.pairing.
   */
  "node.rename": { params: RenameParams2In; result: Renamed2 };
  /**
   * Where to see the canvas: an address with a pass in it.
   *
   * Paths such as `/__openclaw__/canvas/` are put behind it. The pass is good
   * as long as it is used, ten minutes longer, and no longer than the
   * connection that asked; the one it had before is worth nothing any more.
   *
   * Asks for operator.read.
   */
  "plugin.surface.refresh": { params: RefreshParamsIn; result: Refreshed };
  /**
   * Stops what runs in a session, named by its key or by a run of it.
   *
   * Asks for operator.write.
   */
  "sessions.abort": { params: SessionsAbortParamsIn; result: SessionsAborted };
  /**
   * Leaves out everything but the newest entries of a conversation.
   *
   * Asks for operator.admin.
   */
  "sessions.compact": { params: CompactParamsIn; result: CompactResult };
  /**
   * Creates a session, and says something in it if there is something to
   * say. One that exists gets what is chosen here.
   *
   * Asks for operator.write.
   */
  "sessions.create": { params: CreateParamsIn; result: Created };
  /**
   * Forgets a session and what was said in it. What runs there is stopped.
   * The main session stays.
   *
   * Asks for operator.admin.
   */
  "sessions.delete": { params: DeleteParamsIn; result: Forgotten };
  /**
   * One row of the list, or `null`.
   *
   * Asks for operator.read.
   */
  "sessions.describe": { params: DescribeParamsIn; result: Described };
  /**
   * The sessions, the newest first.
   *
   * Asks for operator.read.
   */
  "sessions.list": { params: ListParamsIn; result: SessionList };
  /**
   * From now on, this client hears of what is said in a session as
   * `session.message`, and of its runs if it asked for those of its sessions
   * only.
   *
   * Asks for operator.read.
   */
  "sessions.messages.subscribe": { params: MessagesParamsIn; result: MessagesSubscribed };
  /**
   * Takes `sessions.messages.subscribe` back.
   *
   * Asks for operator.read.
   */
  "sessions.messages.unsubscribe": { params: NoMessagesParamsIn; result: MessagesSubscribed };
  /**
   * Changes what was chosen for a session: `null` goes back to the default,
   * what is not mentioned stays. A session that does not exist is created.
   *
   * Asks for operator.admin.
   */
  "sessions.patch": { params: PatchParamsIn; result: Patched };
  /**
   * What was said last in some sessions.
   *
   * Asks for operator.read.
   */
  "sessions.preview": { params: PreviewParamsIn; result: Previews };
  /**
   * Starts a session over under a new transcript. What runs there is stopped.
   *
   * Asks for operator.admin.
   */
  "sessions.reset": { params: ResetParamsIn; result: Reset };
  /**
   * The key of a session that is named by its key, its transcript or its
   * label.
   *
   * Asks for operator.read.
   */
  "sessions.resolve": { params: ResolveParamsIn; result: Resolved };
  /**
   * Sends a message to the agent of an existing or new session, as
   * `chat.send` does.
   *
   * Asks for operator.write.
   */
  "sessions.send": { params: SessionsSendParamsIn; result: SendResult };
  /**
   * From now on, this client hears of changes to the list of sessions as
   * `sessions.changed`. With parameters of `sessions.list` it also gets that
   * list.
   *
   * Asks for operator.read.
   */
  "sessions.subscribe": { params: ListParamsIn; result: SessionsSubscribed };
  /**
   * What conversations used, the newest one by one, and all of them by day,
   * model, provider and agent. What was used before a conversation was started
   * over, or in one that was deleted, is in the sums.
   *
   * Asks for operator.read.
   */
  "sessions.usage": { params: SessionsParamsIn; result: SessionsTold };
  /**
   * The newest messages of a conversation with what they used: 200, or as many
   * as `limit` says, up to 1000.
   *
   * Asks for operator.read.
   */
  "sessions.usage.logs": { params: LogsParamsIn; result: LogsTold };
  /**
   * What a conversation used over time, in at most 200 points.
   *
   * Asks for operator.read.
   */
  "sessions.usage.timeseries": { params: SeriesParamsIn; result: SeriesTold };
  /**
   * Switches the heartbeats on or off until the gateway stops.
   *
   * Asks for operator.admin.
   */
  "set-heartbeats": { params: SetHeartbeatsParamsIn; result: Heartbeats2 };
  /**
   * The programs skills need, which a node may run without asking. There are
   * no skills yet, so there are none.
   *
   * Asks for role node.
   */
  "skills.bins": { params: NothingIn; result: Bins };
  /**
   * How things are, for a person: heartbeats, what waits for the main
   * session, the newest sessions and how full they are.
   *
   * Asks for operator.read.
   */
  "status": { params: NothingIn; result: StatusSummary };
  /**
   * Announces a machine, or tells the agent of the main session something.
   *
   * Everybody hears of it as `presence`. A text that begins with `Node:` is
   * about a machine; the agent is told only when something about it changed.
   *
   * Asks for operator.admin.
   */
  "system-event": { params: EventParamsIn; result: Done };
  /**
   * Who is connected, or was a moment ago; the gateway itself comes first.
   *
   * Asks for operator.read.
   */
  "system-presence": { params: NothingIn; result: PresenceEntry[] };
  /**
   * The machine and the process the gateway runs on and in.
   *
   * Asks for operator.read.
   */
  "system.info": { params: NothingIn; result: Info };
  /**
   * Every tool this gateway has, in groups, and the profiles they are in.
   *
   * Asks for operator.read.
   */
  "tools.catalog": { params: CatalogParamsIn; result: Catalog };
  /**
   * The tools `tools.invoke` may use on behalf of a session: what
   * `gateway.tools` and the policies of the configuration leave of them.
   *
   * Asks for operator.read.
   */
  "tools.effective": { params: EffectiveParamsIn; result: Effective };
  /**
   * Uses a tool, without an agent.
   *
   * What comes of it is in the answer even if it is a refusal; only a call
   * that is wrong, or that its caller may not make, is an error. A tool asks
   * for the scope of the method that does the same. The same call under the
   * same `idempotencyKey` is made once within five minutes.
   *
   * Asks for operator.write.
   */
  "tools.invoke": { params: InvokeParams2In; result: Invoked };
  /**
   * Brings the program up to date, by the tool that installed it.
   *
   * The gateway downloads nothing itself. Where the tool cannot be run from
   * here, the status is `skipped` and the reason says what a person can do.
   * Only a new version that starts is a reason for the gateway to restart.
   *
   * Asks for operator.admin.
   */
  "update.run": { params: RunParamsIn; result: RunResult2 };
  /**
   * What installed the program, and what an update would run.
   *
   * Also how the last one went. Nobody is asked whether there is a new
   * version.
   *
   * Asks for operator.admin.
   */
  "update.status": { params: StatusParamsIn; result: Standing };
  /**
   * What answers used and what that cost, day by day: of the default agent, of
   * the one that is named, or with `agentScope: "all"` of all. An answer costs
   * what it cost when it was given; where no price was known then, what it
   * would cost today, and where none is known now, it is counted in
   * `missingCostEntries`. What was told is told again for 30 seconds.
   *
   * Asks for operator.read.
   */
  "usage.cost": { params: CostParamsIn; result: CostTold };
  /**
   * What is left of the quotas of providers. No provider this gateway speaks to
   * says so without a key of another kind, so there are none.
   *
   * Asks for operator.read.
   */
  "usage.status": { params: NothingIn; result: StatusTold };
  /**
   * Tells the agent of the main session something when it is next asked.
   *
   * Asks for operator.write.
   */
  "wake": { params: WakeParamsIn; result: Done };
  /**
   * Ends the wizard. What it has not written down by then is not written.
   *
   * Asks for operator.admin.
   */
  "wizard.cancel": { params: OneIn; result: How };
  /**
   * Answers a question and returns the next one; without an answer, the same
   * one again.
   *
   * Notes want an answer, too. An answer that does not fit ends the wizard.
   *
   * Asks for operator.admin.
   */
  "wizard.next": { params: NextParamsIn; result: Where };
  /**
   * Starts the wizard. There is one at a time.
   *
   * Where an earlier one was interrupted, the first question is whether to go
   * on from there.
   *
   * Asks for operator.admin.
   */
  "wizard.start": { params: StartParamsIn; result: Started };
  /**
   * How the wizard is doing. One that has ended is forgotten.
   *
   * Asks for operator.admin.
   */
  "wizard.status": { params: OneIn; result: How };
}

/** What the gateway says unasked. */
export interface Events {
  /** what an agent is doing */
  "agent": AgentEvent;
  /** what an agent answers */
  "chat": ChatEvent;
  /** the configuration changed */
  "config.changed": ConfigChanged;
  /** a paired device changed */
  "device.pair.changed": DeviceChanged;
  /** a device asks to be let in */
  "device.pair.requested": PendingDevice;
  /** a device that asked was decided about */
  "device.pair.resolved": DeviceDecided;
  /** a setup code was used */
  "device.pair.setup.completed": SetupCompleted;
  /** a command waits for consent */
  "exec.approval.requested": ExecApprovalRequested;
  /** a command that waited was decided about */
  "exec.approval.resolved": ExecApprovalResolved;
  /** a fresh health summary */
  "health": HealthSummary;
  /** a heartbeat of an agent */
  "heartbeat": unknown;
  /** a command is not waited for any more */
  "node.invoke.cancel": NodeInvokeCancel;
  /** a command for the node */
  "node.invoke.request": NodeInvokeRequest;
  /** a node asks for commands */
  "node.pair.requested": NodeRequestRow;
  /** a node that asked was decided about */
  "node.pair.resolved": NodeDecided;
  /** a node came, left or changed */
  "node.presence": NodePresence;
  /** who is connected */
  "presence": PresenceChanged;
  /** a message was added to a transcript */
  "session.message": SessionMessage;
  /** sessions were created, changed or deleted */
  "sessions.changed": SessionsChanged;
  /** the gateway is about to stop */
  "shutdown": Shutdown;
  /** the gateway is alive */
  "tick": Tick;
}
