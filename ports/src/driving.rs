//! What the gateway offers.

mod conversations;
mod doorkeeper;
mod probe;
mod responses;
mod rpc;

pub use conversations::{Answer, AskError, Conversations, Outcome, Question, Reply};
pub use doorkeeper::{Circumstances, Credentials, Doorkeeper, Knock, Refusal, Welcome};
pub use probe::{Part, Probe, Readiness};
pub use responses::{KeptResponse, Responses};
pub use rpc::{ErrorCode, Reply as RpcReply, Rpc, RpcError};
