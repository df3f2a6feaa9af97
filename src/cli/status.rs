//! `millesime status`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::error::Result;
use millesime::fetch::{self, BASE, Line, Standing};
use millesime::reference::Reference;

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// The département, such as 32, 2A or 974; all of them, when not given.
    #[arg(long)]
    departement: Option<String>,
    /// Folder of archives that `millesime fetch` filled: tells which were published again since.
    #[arg(long)]
    into: Option<PathBuf>,
    /// Address that archives are fetched from.
    #[arg(long, default_value = BASE)]
    base_url: String,
    /// No more than what is new, published again or no longer offered.
    #[arg(long)]
    news: bool,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let reference = Reference::load(None)?;
    let departement = flags.departement.as_deref();
    let mut lines = fetch::status(
        &flags.base_url,
        departement,
        flags.into.as_deref(),
        &reference,
    )?;
    if flags.news {
        lines.retain(|line| {
            let standing = line.standing.as_ref();
            standing.is_some_and(|s| !matches!(s, Standing::Known | Standing::Here))
        });
    }
    super::printed(print(&lines))?;
    Ok(Outcome::Done)
}

fn print(lines: &[Line]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if lines.is_empty() {
        return writeln!(out, "nothing is new");
    }
    writeln!(
        out,
        "{:<4} {:<28} {:<10} {:<11} standing",
        "dep", "product", "years", "published"
    )?;
    for line in lines {
        let years = match line.years {
            (first, Some(last)) => format!("{first}-{last}"),
            (year, None) => year.to_string(),
        };
        let standing = match &line.standing {
            None => String::new(),
            Some(Standing::Known) => "known".to_owned(),
            Some(Standing::New) => "new".to_owned(),
            Some(Standing::Here) => "here".to_owned(),
            Some(Standing::Gone) => "no longer offered".to_owned(),
            Some(Standing::Republished { file, published }) => format!(
                "published again: {file} is of {}; remove it and fetch again",
                published.as_deref().unwrap_or("an earlier day")
            ),
        };
        writeln!(
            out,
            "{:<4} {:<28} {years:<10} {:<11} {standing}",
            line.departement,
            line.product.name(),
            line.published,
        )?;
    }
    Ok(())
}
