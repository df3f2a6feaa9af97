//! How far a job is: told by the library, shown by whoever runs it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

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

/// Passes on what it is told, and measures how long each phase takes.
pub struct Clock<'a> {
    progress: &'a dyn Progress,
    begun: Mutex<Vec<(String, Instant)>>,
}

impl<'a> Clock<'a> {
    /// Begins.
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            begun: Mutex::new(Vec::new()),
        }
    }

    /// Seconds of each phase, the last one ending now; those of one name are added up.
    pub fn finish(self) -> BTreeMap<String, f64> {
        // A thread that failed while it told its phase has left the list whole.
        let begun = self.begun.into_inner().unwrap_or_else(|e| e.into_inner());
        let ends = begun.iter().skip(1).map(|(_, at)| *at);
        let ends: Vec<Instant> = ends.chain([Instant::now()]).collect();
        let mut seconds = BTreeMap::new();
        for ((name, start), end) in begun.into_iter().zip(ends) {
            *seconds.entry(name).or_insert(0.0) += (end - start).as_secs_f64();
        }
        seconds
    }
}

impl Progress for Clock<'_> {
    fn phase(&self, name: &str, steps: Option<u64>) {
        self.progress.phase(name, steps);
        let mut begun = self.begun.lock().unwrap_or_else(|e| e.into_inner());
        begun.push((name.to_owned(), Instant::now()));
    }

    fn advance(&self, steps: u64) {
        self.progress.advance(steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_of_one_name_are_added_up() {
        let clock = Clock::new(&Quiet);
        for name in ["reading", "writing", "reading"] {
            clock.phase(name, None);
        }
        let seconds = clock.finish();
        assert_eq!(seconds.keys().collect::<Vec<_>>(), ["reading", "writing"]);
        assert!(seconds.values().all(|s| *s >= 0.0));
    }
}
