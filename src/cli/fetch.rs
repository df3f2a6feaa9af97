//! `millesime fetch`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::error::Result;
use millesime::fetch::{self, BASE, Done, Fetch};
use millesime::reference::Reference;

use super::Outcome;
use super::progress::Bar;

#[derive(Args)]
pub struct Flags {
    /// The département, such as 32, 2A or 974.
    #[arg(long)]
    departement: String,
    /// Years, separated by commas; all that are known, when not given.
    #[arg(long, value_delimiter = ',')]
    years: Vec<u16>,
    /// Folder of the archives; those that are there are not fetched again.
    #[arg(long, default_value = "ocs-ge")]
    into: PathBuf,
    /// Address that archives are fetched from.
    #[arg(long, default_value = BASE)]
    base_url: String,
    /// Tell which vintages are known to be published, and do nothing else.
    #[arg(long)]
    list: bool,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let reference = Reference::load(None)?;
    if flags.list {
        let mut out = std::io::stdout().lock();
        for vintage in fetch::known(&flags.departement, &reference)? {
            let told = writeln!(out, "{} {}", vintage.departement, vintage.year);
            super::printed(told)?;
        }
        return Ok(Outcome::Done);
    }
    let what = Fetch {
        departement: &flags.departement,
        years: flags.years,
        base: &flags.base_url,
        into: &flags.into,
    };
    let done = fetch::fetch(&what, &reference, &Bar::new())?;
    super::printed(print(&done, &flags.into.display().to_string()))?;
    Ok(Outcome::Done)
}

fn print(done: &Done, into: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for archive in &done.archives {
        writeln!(
            out,
            "{}: {into}/{}, {} bytes, sha256 {}",
            archive.year, archive.file, archive.bytes, archive.sha256
        )?;
    }
    for year in &done.missing {
        writeln!(out, "{year}: the server has no archive of that name")?;
    }
    match &done.territory {
        Some(path) => writeln!(out, "{}: add your communes to it", path.display()),
        None => Ok(()),
    }
}
