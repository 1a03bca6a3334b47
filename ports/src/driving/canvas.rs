//! Who may see the canvas.

/// Says whether the canvas is shown, and to whom.
///
/// A pass is a secret in the address of a page. It lets whoever has it look, and
/// do nothing else.
///
/// # Contract
///
/// - A pass is of 128 random bits at least, and finding out whether one is good
///   takes as long for a good one as for one that is nearly good.
/// - A pass that is not used becomes worthless, and so does one whose holder
///   went away.
pub trait Canvas: Send + Sync {
    /// Whether there is anything to see.
    fn is_shown(&self) -> bool;

    /// Whether `pass` lets somebody in. A good one stays good for longer.
    fn is_good(&self, pass: &str) -> bool;

    /// A new pass, for somebody whose browser shows nothing else.
    fn issue(&self) -> String;
}
