//! What the gateway offers.

mod canvas;
mod conversations;
mod doorkeeper;
mod hooks;
mod presenter;
mod probe;
mod relay;
mod responses;
mod rpc;
mod slack;
mod token_counter;
mod tools;

pub use canvas::Canvas;
pub use conversations::{Answer, AskError, Conversations, Outcome, Question, Reply};
pub use doorkeeper::{Circumstances, Credentials, Doorkeeper, Knock, Refusal, Welcome};
pub use hooks::{HookAnswer, HookCall, HookEnd, HookEntry, HookKnock, HookRefusal, Hooks};
pub use presenter::{Appearance, Presenter};
pub use probe::{Part, Probe, Readiness};
pub use relay::{
    Copied, Meaning, Meant, Misread, Passed, Passing, PassingBody, Relay, RelayRefusal, Relayed,
    UsageRow,
};
pub use responses::{KeptResponse, Responses};
pub use rpc::{ErrorCode, Reply as RpcReply, Rpc, RpcError};
pub use slack::{SlackBody, SlackDelivery, SlackInbox, SlackRefusal};
pub use token_counter::{CountError, TokenCount, TokenCounter};
pub use tools::{ToolInvocation, ToolOrigin, ToolRefusal, Tools};
