//! Progress bars on a terminal; nothing elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use millesime::progress::Progress;

/// A bar for the phase that goes on.
pub struct Bar {
    is_shown: bool,
    bar: Mutex<ProgressBar>,
}

impl Bar {
    /// A bar that shows when stderr is a terminal.
    pub fn new() -> Self {
        Self {
            is_shown: std::io::stderr().is_terminal(),
            bar: Mutex::new(ProgressBar::hidden()),
        }
    }
}

impl Progress for Bar {
    fn phase(&self, name: &str, steps: Option<u64>) {
        let Ok(mut bar) = self.bar.lock() else {
            return;
        };
        bar.finish_and_clear();
        if !self.is_shown {
            return;
        }
        *bar = steps.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = match steps {
            Some(_) => {
                "{elapsed:>4} {msg:<32} {wide_bar} {human_pos}/{human_len} ({per_sec}, {eta})"
            }
            None => "{elapsed:>4} {msg:<32} {spinner}",
        };
        // A template that does not parse leaves indicatif's own.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
    }

    fn advance(&self, steps: u64) {
        if self.is_shown
            && let Ok(bar) = self.bar.lock()
        {
            bar.inc(steps);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Ok(bar) = self.bar.lock() {
            bar.finish_and_clear();
        }
    }
}
