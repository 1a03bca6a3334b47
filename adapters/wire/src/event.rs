//! What clients are told without having asked (`ws-protocol.md` 7, 8.3, 8.5).

use bytes::Bytes;
use domain::{agent::FailureKind, client::Protocol, ids::RunId, run::Delta, time::Timestamp};
use ports::event::{AgentRecord, AgentStep, Body, ChatRecord, ChatState, Event};
use serde::Serialize;

use crate::{
    answers::Answers,
    json::{Object, push_number, push_text},
};

/// Which of the two ways to write a delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// What is new, beside everything so far.
    Plain,
    /// Everything so far as if it were new, for clients that may have missed
    /// the deltas before.
    Merged,
}

/// Whether clients of `protocol` know what `event` is about.
pub fn is_known_to(protocol: Protocol, event: &Event) -> bool {
    let status = matches!(&event.body, Body::Chat(ChatRecord { state: ChatState::Status(_), .. }));
    protocol != Protocol::V3 || !status
}

/// All of the frame of `event` that every client of `protocol` gets alike.
/// [`push_tail`] completes it.
pub fn event(protocol: Protocol, event: &Event, form: Form, answers: &mut Answers) -> Bytes {
    let name = event.kind().as_str();
    let mut out = Vec::with_capacity(expected_length(&event.body));
    let (kind, payload) = match protocol {
        Protocol::V3 | Protocol::V4 => ("{\"type\":\"event\",\"event\":\"", "\",\"payload\":"),
        Protocol::Brief => ("{\"type\":\"broadcast\",\"event\":\"", "\",\"data\":"),
    };
    for part in [kind, name, payload] {
        out.extend_from_slice(part.as_bytes());
    }
    push_body(&mut out, protocol, &event.body, form, answers);
    if let Some(state) = event.state.filter(|_| protocol != Protocol::Brief) {
        out.extend_from_slice(b",\"stateVersion\":");
        Object::write(&mut out, |it| {
            it.number("presence", state.presence).number("health", state.health);
        });
    }
    out.into()
}

/// Good enough not to grow the buffer of a long answer step by step.
fn expected_length(body: &Body) -> usize {
    const FRAME: usize = 384;
    match body {
        Body::Chat(ChatRecord { state: ChatState::Delta(delta), .. })
        | Body::Agent(AgentRecord { step: AgentStep::Assistant(delta), .. }) => {
            FRAME + delta.text.len() + delta.text.len() / 16
        }
        _ => FRAME,
    }
}

/// The end of the frame of an event: the client's own number of it, which
/// events meant for one client do not have, and the brief does not know.
pub fn push_tail(out: &mut Vec<u8>, protocol: Protocol, seq: Option<u64>) {
    if let Some(seq) = seq.filter(|_| protocol != Protocol::Brief) {
        out.extend_from_slice(b",\"seq\":");
        push_number(out, seq);
    }
    out.push(b'}');
}

/// The first frame on every connection, spelled the same for everybody: nothing
/// is known about the client yet.
pub fn push_challenge(out: &mut Vec<u8>, nonce: &str, at: Timestamp) {
    Object::write(out, |frame| {
        frame.text("type", "event").text("event", "connect.challenge");
        frame.object("payload", |it| {
            it.text("nonce", nonce).number("ts", at.as_millis());
        });
    });
}

fn push_body(
    out: &mut Vec<u8>,
    protocol: Protocol,
    body: &Body,
    form: Form,
    answers: &mut Answers,
) {
    match body {
        Body::Tick(at) => Object::write(out, |it| {
            it.number("ts", at.as_millis());
        }),
        Body::Health(health) => push_value(out, health),
        Body::Presence(presence) => Object::write(out, |it| {
            it.with("presence", |out| push_value(out, presence));
        }),
        Body::Heartbeat(heartbeat) => out.extend_from_slice(heartbeat.as_str().as_bytes()),
        Body::Agent(record) => push_agent(out, protocol, record, form, answers),
        Body::Chat(record) => push_chat(out, protocol, record, form, answers),
        Body::Shutdown { reason, restart_expected_ms } => Object::write(out, |it| {
            it.text("reason", reason);
            match restart_expected_ms {
                Some(pause) => it.number("restartExpectedMs", *pause),
                // As the gateway of protocol 3 says that it stays away.
                None if protocol == Protocol::V3 => it.raw("restartExpectedMs", "null"),
                None => it,
            };
        }),
        Body::SessionsChanged(changed) => push_value(out, changed),
        Body::SessionMessage(message) => push_value(out, message),
        Body::Notice(_, payload) => out.extend_from_slice(payload.as_str().as_bytes()),
    }
}

fn push_value(out: &mut Vec<u8>, value: &impl Serialize) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        // Cannot happen for types whose keys are texts; keeps the frame whole.
        out.truncate(start);
        out.extend_from_slice(b"{}");
    }
}

fn push_chat(
    out: &mut Vec<u8>,
    protocol: Protocol,
    record: &ChatRecord,
    form: Form,
    answers: &mut Answers,
) {
    let newer = protocol != Protocol::V3;
    Object::write(out, |it| {
        it.text("runId", record.run.as_str()).text("sessionKey", &record.session_key);
        it.text_if("agentId", newer.then_some(record.agent.as_str()));
        it.number("seq", record.seq);
        match &record.state {
            ChatState::Status(phase) => {
                it.text("state", "status").text("phase", phase);
            }
            ChatState::Delta(delta) => {
                it.text("state", "delta");
                match form {
                    Form::Plain if newer => {
                        it.text("deltaText", delta.added());
                    }
                    Form::Merged if newer => {
                        it.with("deltaText", |out| push_whole(out, &record.run, delta, answers));
                        it.raw("replace", "true");
                    }
                    Form::Plain | Form::Merged => (),
                }
                push_message(it, record.at, |out| push_whole(out, &record.run, delta, answers));
            }
            ChatState::Final { message, stop_reason } => {
                it.text("state", "final");
                it.text_if("stopReason", stop_reason.as_deref().filter(|_| newer));
                if let Some(message) = message {
                    it.raw("message", message.as_str());
                }
            }
            ChatState::Aborted { reason, text } => {
                it.text("state", "aborted").text("stopReason", reason.as_str());
                if let Some(text) = text.as_ref().filter(|text| newer && !text.is_empty()) {
                    push_message(it, record.at, |out| push_text(out, text));
                }
            }
            ChatState::Error { message, kind } => {
                it.text("state", "error").text("errorMessage", message);
                it.text_if("errorKind", kind.filter(|_| newer).map(error_kind));
            }
        }
    });
}

fn push_whole(out: &mut Vec<u8>, run: &RunId, delta: &Delta, answers: &mut Answers) {
    out.push(b'"');
    answers.push_text(out, run, delta);
    out.push(b'"');
}

fn push_message(it: &mut Object<'_>, at: Timestamp, text: impl FnOnce(&mut Vec<u8>)) {
    it.object("message", |message| {
        message.text("role", "assistant");
        message.with("content", |out| {
            out.push(b'[');
            Object::write(out, |part| {
                part.text("type", "text").with("text", text);
            });
            out.push(b']');
        });
        message.number("timestamp", at.as_millis());
    });
}

fn push_agent(
    out: &mut Vec<u8>,
    protocol: Protocol,
    record: &AgentRecord,
    form: Form,
    answers: &mut Answers,
) {
    let newer = protocol != Protocol::V3;
    let stream = match &record.step {
        AgentStep::Assistant(_) => "assistant",
        AgentStep::Usage { .. } => "usage",
        AgentStep::Started { .. }
        | AgentStep::Model { .. }
        | AgentStep::Fallback { .. }
        | AgentStep::Ended { .. }
        | AgentStep::Failed { .. } => "lifecycle",
    };
    Object::write(out, |it| {
        it.text("runId", record.run.as_str()).text("stream", stream);
        it.object("data", |data| push_step(data, newer, record, form, answers));
        it.text("sessionKey", &record.session_key);
        if newer {
            it.text("sessionId", record.session_id.as_str());
            it.text("agentId", record.agent.as_str());
        }
        it.number("seq", record.seq).number("ts", record.at.as_millis());
    });
}

fn push_step(
    data: &mut Object<'_>,
    newer: bool,
    record: &AgentRecord,
    form: Form,
    answers: &mut Answers,
) {
    match &record.step {
        AgentStep::Started { at } => {
            data.text("phase", "start").number("startedAt", at.as_millis());
        }
        AgentStep::Model { provider, model } => {
            data.text("phase", "model").text("provider", provider).text("model", model);
        }
        AgentStep::Fallback { from, reason } => {
            data.text("phase", "fallback_step");
            data.text("fallbackStepType", "fallback_step");
            data.text("fallbackStepFromModel", from);
            data.text("fallbackStepFromFailureReason", reason.as_str());
        }
        AgentStep::Assistant(delta) => {
            data.with("text", |out| push_whole(out, &record.run, delta, answers));
            match form {
                Form::Plain => {
                    data.text("delta", delta.added());
                }
                // Protocol 3 cannot say that a delta begins anew; its clients
                // read the whole text when there is no delta.
                Form::Merged if newer => {
                    data.with("delta", |out| push_whole(out, &record.run, delta, answers));
                    data.raw("replace", "true");
                }
                Form::Merged => (),
            }
        }
        AgentStep::Usage { output_tokens } => {
            data.number("outputTokens", *output_tokens);
        }
        AgentStep::Ended { started_at, ended_at, stopped } => {
            data.text("phase", "end");
            data.number("startedAt", started_at.as_millis());
            data.number("endedAt", ended_at.as_millis());
            if let Some(reason) = stopped {
                data.raw("aborted", "true");
                if newer {
                    data.text("status", "cancelled").text("stopReason", reason.as_str());
                }
            }
        }
        AgentStep::Failed { started_at, ended_at, error } => {
            data.text("phase", "error").text("error", error);
            data.number("startedAt", started_at.as_millis());
            data.number("endedAt", ended_at.as_millis());
        }
    }
}

/// The kinds of failure protocol 4 has words for.
fn error_kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::RateLimit => "rate_limit",
        FailureKind::Timeout | FailureKind::Unreachable | FailureKind::Disconnected => "timeout",
        FailureKind::ContextLength => "context_length",
        FailureKind::Auth
        | FailureKind::Billing
        | FailureKind::Overloaded
        | FailureKind::Format
        | FailureKind::UnknownModel => "unknown",
    }
}

#[cfg(test)]
mod tests;
