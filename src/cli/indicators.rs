//! `millesime indicators`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use millesime::error::{Error, Result, suggest};
use millesime::indicators::{self, Account, Indicator};
use millesime::publish;

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Every indicator, with its title; then the tables of the account that their SQL reads.
    List {
        /// Folder of indicators of your own.
        #[arg(long)]
        indicators: Option<PathBuf>,
    },
    /// The SQL of an indicator, with what it measures.
    Explain {
        /// The indicator.
        name: String,
        /// Folder of indicators of your own.
        #[arg(long)]
        indicators: Option<PathBuf>,
    },
    /// Compute an indicator on the outputs of a run, and print it as CSV.
    Run {
        /// The indicator.
        name: String,
        /// Folder of the outputs of a run.
        #[arg(long, default_value = "out")]
        out: PathBuf,
        /// Level of the territories; communes when not given.
        #[arg(long)]
        level: Option<String>,
        /// Folder of indicators of your own.
        #[arg(long)]
        indicators: Option<PathBuf>,
    },
    /// Compute every indicator at every level again on the outputs of a run, without its vintages.
    All(Again),
}

/// What is computed again from an account.
#[derive(Args)]
struct Again {
    /// Folder of the outputs of a run.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// Folder of the tables; it must not be there yet.
    #[arg(long)]
    into: PathBuf,
    /// Folder of indicators of your own.
    #[arg(long)]
    indicators: Option<PathBuf>,
    /// Number of threads; all cores when not given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    match flags.command {
        Command::List { indicators } => {
            let (known, tables) = (known(indicators)?, Account::schema()?);
            super::printed(list(&known, &tables))?;
        }
        Command::Explain { name, indicators } => {
            let known = known(indicators)?;
            let indicator = indicators::named(&known, &name)?;
            super::printed(std::io::stdout().write_all(indicator.sql.as_bytes()))?;
        }
        Command::All(again) => all(again)?,
        Command::Run {
            name,
            out,
            level,
            indicators,
        } => {
            let known = known(indicators)?;
            indicators::named(&known, &name)?;
            let account = publish::read_account(&out)?;
            run(&account, known, &name, level.as_deref())?;
        }
    }
    Ok(Outcome::Done)
}

/// Writes the tables of an account, with their dictionary and their workbooks.
fn all(again: Again) -> Result<()> {
    if let Some(threads) = again.threads {
        super::run::set_threads(threads)?;
    }
    publish::require_new(&again.into)?;
    millesime::memory::keep_freed();
    let known = known(again.indicators)?;
    let account = publish::read_account(&again.out)?;
    let levels = account.levels()?;
    let levels: Vec<&str> = levels.iter().map(String::as_str).collect();
    let (about, separator) = publish::Package::read(&again.out)?;
    let staging = publish::Staging::new(&again.into)?.separated_by(separator);
    let mut publisher = publish::Publisher::new(&staging);
    indicators::compute(&account, &known, &levels, &mut |table| publisher.add(table))?;
    publisher.finish(&about)?;
    staging.finish()
}

/// Ours, and those of a folder.
fn known(folder: Option<PathBuf>) -> Result<Vec<Indicator>> {
    let mut known = indicators::ours()?;
    if let Some(folder) = folder {
        known.extend(indicators::own(&folder)?);
    }
    Ok(known)
}

fn list(known: &[Indicator], tables: &[(String, Vec<String>)]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let width = known.iter().map(|i| i.name.len()).max().unwrap_or(0);
    for indicator in known {
        let title = match indicator.header.titre.as_str() {
            "" => &indicator.header.title,
            titre => titre,
        };
        writeln!(out, "{:width$}  {title}", indicator.name)?;
    }
    writeln!(out, "\nTables of the account, which the SQL reads:")?;
    for (name, columns) in tables {
        writeln!(out, "{name}: {}", columns.join(", "))?;
    }
    Ok(())
}

fn run(account: &Account, known: Vec<Indicator>, name: &str, level: Option<&str>) -> Result<()> {
    let levels = account.levels()?;
    if let Some(level) = level
        && !levels.iter().any(|l| l == level)
    {
        return Err(Error::input(
            "--level",
            format!("the run has no level `{level}`"),
            suggest(level, levels.iter().map(String::as_str)),
        ));
    }
    // An indicator may read those before it.
    let needed = |i: &Indicator| i.name == name || indicators::is_read_by_others(&i.name);
    let asked: Vec<Indicator> = known.into_iter().filter(needed).collect();
    let levels: Vec<&str> = level.into_iter().collect();
    let mut found = None;
    indicators::compute(account, &asked, &levels, &mut |table| {
        if table.indicator.name == name && table.level.as_deref() == level {
            found = Some(table);
        }
        Ok(())
    })?;
    let table = found.ok_or_else(|| {
        Error::input(
            name,
            "is not among the figures of this run",
            "it is of OCS GE and the run has no vintage, of ENAF and it has no table, or it is not by \
             territory",
        )
    })?;
    publish::csv(std::io::stdout().lock(), &table.frame)
}
