//! `millesime collection`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::collection::{EXAMPLE, publish};
use millesime::error::{Error, Result};

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// The file that says what is published.
    #[arg(required_unless_present = "example")]
    description: Option<PathBuf>,
    /// Folder of the collection; new or empty.
    #[arg(long, required_unless_present = "example")]
    out: Option<PathBuf>,
    /// Print a commented file.
    #[arg(long)]
    example: bool,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let mut stdout = std::io::stdout().lock();
    if flags.example {
        super::printed(write!(stdout, "{EXAMPLE}"))?;
        return Ok(Outcome::Done);
    }
    let (Some(description), Some(out)) = (flags.description, flags.out) else {
        return Err(Error::Internal("clap asks for both".to_owned()));
    };
    let summary = publish(&description, &out)?;
    super::printed(writeln!(
        stdout,
        "{} items, {} files; in {}",
        summary.items,
        summary.files,
        out.join("collection.json").display()
    ))?;
    Ok(Outcome::Done)
}
