//! How far a job is: told by the library, shown by whoever runs it.

/// Is told how far a job is.
pub trait Progress: Sync {
    /// A phase begins, of so many steps where that is known.
    fn phase(&self, name: &str, steps: Option<u64>);

    /// So many steps more are done.
    fn advance(&self, steps: u64);
}

/// Shows nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn phase(&self, _: &str, _: Option<u64>) {}

    fn advance(&self, _: u64) {}
}
