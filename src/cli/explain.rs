//! `millesime explain`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::error::{Error, Result};
use millesime::explain::{Explanation, Told, explain};

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    /// Year of the vintage; with the code of a département after a dash where there are several.
    #[arg(long)]
    vintage: String,
    /// Easting,northing in the CRS of the vintage, m.
    #[arg(long, value_parser = place, allow_hyphen_values = true)]
    at: (f64, f64),
    /// Folder of produced vintages.
    #[arg(long, default_value = "produced")]
    out: PathBuf,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let folder = flags.out.join(&flags.vintage);
    let (x, y) = flags.at;
    let Some(explanation) = explain(&folder, flags.at)? else {
        return Err(Error::input(
            folder.display(),
            format!("says nothing of the place {x},{y}"),
            "give a place on the ground of the vintage, in its CRS",
        ));
    };
    super::printed(print(&explanation))?;
    Ok(Outcome::Done)
}

/// Two numbers with a comma between them.
fn place(text: &str) -> std::result::Result<(f64, f64), String> {
    let wrong = || "give easting,northing, such as 664000.5,6360000".to_owned();
    let (x, y) = text.split_once(',').ok_or_else(wrong)?;
    match (x.trim().parse::<f64>(), y.trim().parse::<f64>()) {
        (Ok(x), Ok(y)) if x.is_finite() && y.is_finite() => Ok((x, y)),
        _ => Err(wrong()),
    }
}

fn print(explanation: &Explanation) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let value = |told: &Told, name: &str| {
        let found = told.iter().find(|(n, _)| n == name);
        found.map_or(String::new(), |(_, value)| value.clone())
    };
    let decided = |name: &str| value(&explanation.decided, name);
    let or = |text: String, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text
        }
    };
    let seen = or(decided("seen_cs"), "nothing");
    let confidence = match decided("confidence").parse::<f64>() {
        Ok(confidence) => format!(", confidence {confidence:.2}"),
        Err(_) => String::new(),
    };
    writeln!(
        out,
        "seen: {seen} (class {}{confidence})",
        decided("seen_class")
    )?;
    writeln!(
        out,
        "cover: {} by {}",
        decided("code_cs"),
        or(decided("cover_by"), "what is seen")
    )?;
    for line in decided("cover_others").lines() {
        writeln!(out, "  not {line}")?;
    }
    let place = match decided("in_zone").as_str() {
        "true" => "in the zone construite",
        _ => "outside the zone construite",
    };
    let by = match decided("use_by") {
        by if by.is_empty() => String::new(),
        by => format!(", by {by}"),
    };
    writeln!(
        out,
        "use: {} by the rule {}{by}, {place}",
        decided("code_us"),
        decided("use_rule")
    )?;
    for line in decided("use_others").lines() {
        writeln!(out, "  else {line}")?;
    }
    let became = |name: &str| {
        let object = explanation.object.as_ref();
        object.is_some_and(|object| value(object, name) != decided(name))
    };
    if became("code_cs") || became("code_us") {
        writeln!(
            out,
            "generalised: smaller or narrower than it may be, it went to a neighbour"
        )?;
    }
    match &explanation.object {
        Some(object) => writeln!(
            out,
            "in the vintage: {} {} ({}, {}, {} m²)",
            value(object, "code_cs"),
            value(object, "code_us"),
            value(object, "id"),
            value(object, "source"),
            value(object, "area_m2"),
        ),
        None => writeln!(out, "in the vintage: nothing"),
    }
}
