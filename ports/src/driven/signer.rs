//! The key of this machine.

/// Says which device this is, and proves it.
///
/// # Contract
///
/// - The same key for as long as there is one in the state directory.
/// - The private half is never handed out.
pub trait Signer: Send + Sync {
    /// The name of this device.
    fn device(&self) -> &str;

    /// The public half of the key, in base64url without padding.
    fn public_key(&self) -> String;

    /// A signature under `message`, in base64url without padding.
    fn sign(&self, message: &str) -> String;
}
