//! Indicators of the user's own: SQL files in a folder. They read the account, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use polars::error::PolarsError;
use polars::prelude::{DataFrame, DataType};
use polars::sql::SQLContext;
use sqlparser::ast::Statement;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token, Tokenizer};

use super::indicator::Indicator;
use super::ours;
use crate::communes::is_plain;
use crate::error::{Error, Result, nearest};

/// Names that a table cannot have: that of the dictionary.
const RESERVED: [&str; 1] = ["dictionary"];
/// Longest message that is told of an engine's.
const LONGEST_MESSAGE: usize = 300;
/// Longest text of an indicator, in bytes.
const LONGEST: usize = 32_768;

/// Beginnings of the names of functions that open files.
const OPENING: [&str; 2] = ["read_", "scan_"];

/// Reads the indicators of a folder, sorted by name; each is parsed, and refused where it does more
/// than select.
pub fn own(folder: &Path) -> Result<Vec<Indicator>> {
    let entries = std::fs::read_dir(folder).map_err(|e| {
        Error::input(
            folder.display(),
            format!("cannot be read: {e}"),
            "give a folder of .sql files",
        )
    })?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("sql"))
        })
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(Error::input(
            folder.display(),
            "holds no .sql file",
            "`millesime indicators explain stock` prints one to begin with",
        ));
    }
    let taken = ours()?;
    let mut seen: Vec<String> = Vec::new();
    let mut read = |path: std::path::PathBuf| {
        let place = path.display().to_string();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if !is_plain(&name) {
            return Err(Error::input(
                place,
                "has a name that a table cannot have",
                "name it with letters, digits, `-` and `_`",
            ));
        }
        let lower = name.to_lowercase();
        let is_ours = taken.iter().any(|indicator| indicator.name == lower);
        if is_ours || RESERVED.contains(&lower.as_str()) || seen.contains(&lower) {
            return Err(Error::input(
                place,
                format!("`{name}` is one of our tables, or another of yours"),
                "give your file another name, different in more than capitals: ours are never replaced",
            ));
        }
        seen.push(lower);
        let sql = std::fs::read_to_string(&path).map_err(|e| {
            Error::input(
                &place,
                format!("cannot be read: {e}"),
                "write it as text in UTF-8",
            )
        })?;
        let sql = sql.strip_prefix('\u{feff}').unwrap_or(&sql);
        if sql.len() > LONGEST {
            return Err(Error::input(
                place,
                format!("is {} bytes long", sql.len()),
                format!("write at most {LONGEST}: larger queries exhaust the engine"),
            ));
        }
        let mut indicator = Indicator::parse(&name, &place, sql)?;
        indicator.is_own = true;
        check(&indicator)?;
        Ok(indicator)
    };
    paths.into_iter().map(&mut read).collect()
}

/// Refuses what is no SQL, what is more than one query, and what opens files.
fn check(indicator: &Indicator) -> Result<()> {
    let dialect = GenericDialect {};
    let bad = |at: Option<Location>, what: String, advice: &str| {
        Err(Error::input(place(indicator, at), what, advice))
    };
    let tokens = Tokenizer::new(&dialect, &indicator.sql).tokenize_with_location();
    let tokens = match tokens {
        Ok(tokens) => tokens,
        Err(e) => return bad(Some(e.location), e.message, "mend the SQL"),
    };
    let mut meaning = tokens
        .iter()
        .filter(|t| !matches!(t.token, Token::Whitespace(_)))
        .peekable();
    while let Some(token) = meaning.next() {
        let is_called = meaning
            .peek()
            .is_some_and(|next| next.token == Token::LParen);
        if let Token::Word(word) = &token.token
            && is_called
            && OPENING
                .iter()
                .any(|o| word.value.to_lowercase().starts_with(o))
        {
            return bad(
                Some(token.span.start),
                format!("`{}` would open a file", word.value),
                "an indicator reads the tables of the account alone: see `millesime indicators list`",
            );
        }
    }
    match Parser::parse_sql(&dialect, &indicator.sql) {
        Ok(statements) => match statements.as_slice() {
            [Statement::Query(query)] if query.order_by.is_none() => bad(
                None,
                "does not say the order of its rows".to_owned(),
                "end it with ORDER BY, on columns that tell rows apart: the same figures are to make the \
                 same file",
            ),
            [Statement::Query(_)] => Ok(()),
            _ => bad(
                None,
                "is not one query".to_owned(),
                "write one SELECT, with what it needs before it in WITH",
            ),
        },
        Err(e) => {
            let text = e.to_string();
            let (what, at) = parted(&text);
            bad(at, what.to_owned(), "mend the SQL")
        }
    }
}

/// A message of the parser, and the place that it ends with.
fn parted(message: &str) -> (&str, Option<Location>) {
    let message = message
        .strip_prefix("sql parser error: ")
        .unwrap_or(message);
    let Some((what, at)) = message.rsplit_once(" at Line: ") else {
        return (message, None);
    };
    let location = at.split_once(", Column: ").and_then(|(line, column)| {
        Some(Location {
            line: line.trim().parse().ok()?,
            column: column.trim().parse().ok()?,
        })
    });
    (what, location)
}

/// What is said where an indicator cannot be computed. What the message quotes is looked for in the
/// SQL: the engine does not say where it is.
fn refusal(indicator: &Indicator, error: &PolarsError) -> Error {
    if !indicator.is_own {
        return Error::Internal(format!("{}: {error}", indicator.place));
    }
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => &message[..end],
        None => message,
    };
    // The name that is not known is quoted first, or ends the message.
    let quoted = message.split(['\'', '"', '`']).nth(1);
    let named = quoted.or_else(|| message.split_whitespace().last());
    let tokens = Tokenizer::new(&GenericDialect {}, &indicator.sql).tokenize_with_location();
    let at = tokens
        .into_iter()
        .flatten()
        .find_map(|token| match token.token {
            Token::Word(word) if named.is_some_and(|n| word.value.eq_ignore_ascii_case(n)) => {
                Some(token.span.start)
            }
            _ => None,
        });
    Error::input(
        place(indicator, at),
        message,
        "`millesime indicators list` tells the tables that it may read, and their columns",
    )
}

/// Runs an indicator. The engine panics on some queries: for the user's, that is a refusal too.
pub(super) fn execute(context: &mut SQLContext, indicator: &Indicator) -> Result<DataFrame> {
    let run = |context: &mut SQLContext| {
        let lazy = context.execute(&indicator.sql)?;
        lazy.collect()
    };
    if !indicator.is_own {
        return run(context).map_err(|e| refusal(indicator, &e));
    }
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = catch_unwind(AssertUnwindSafe(|| run(context)));
    std::panic::set_hook(quiet);
    let frame = done
        .map_err(|_| {
            Error::input(
                &indicator.place,
                "cannot be computed: the engine gives up on it",
                "write it in another way",
            )
        })?
        .map_err(|e| refusal(indicator, &e))?;
    published(indicator, frame)
}

/// Refuses columns that cannot be published, and makes whole numbers of one kind.
fn published(indicator: &Indicator, mut frame: DataFrame) -> Result<DataFrame> {
    let bad = |what: String, advice: &str| Err(Error::input(&indicator.place, what, advice));
    let mut names: Vec<String> = Vec::new();
    for n in 0..frame.width() {
        let column = &frame.columns()[n];
        let name = column.name().to_string();
        let kind = column.dtype().clone();
        let is_whole = kind.is_integer();
        let is_kept = is_whole || matches!(kind, DataType::String | DataType::Boolean);
        if !is_kept && !kind.is_float() {
            return bad(
                format!("its column `{name}` is of the type {kind}"),
                "give text, numbers, or yes and no: CAST what is of another type",
            );
        }
        let area = name.strip_suffix(AREA);
        let published = area.map_or(name.clone(), |stem| format!("{stem}_m2"));
        if name.is_empty() || names.contains(&published) {
            return bad(
                format!("its column `{name}` has no name, or that of another once published"),
                "give each a name of its own with AS; `x_half_cm2` is published as `x_m2`",
            );
        }
        names.push(published);
        let is_right = match name.as_str() {
            "commune" | "departement" => kind == DataType::String,
            "year" | "year_before" | "year_after" => is_whole,
            "territory" | "level" | "dates" => false,
            _ => area.is_none() || is_whole || kind.is_float(),
        };
        if !is_right {
            return bad(
                format!("its column `{name}` is of the type {kind}, or has a name that is ours"),
                "`commune` and `departement` are text, years and areas are numbers; `territory`, `level` and \
                 `dates` are added to what is by commune",
            );
        }
        let to = match (is_whole, kind.is_float()) {
            (true, _) => DataType::Int64,
            (_, true) => DataType::Float64,
            _ => continue,
        };
        let cast = column.cast(&to).map_err(|e| refusal(indicator, &e))?;
        frame
            .replace_column(n, cast)
            .map_err(|e| refusal(indicator, &e))?;
    }
    Ok(frame)
}

/// Ending of columns of areas.
const AREA: &str = "_half_cm2";

fn place(indicator: &Indicator, at: Option<Location>) -> String {
    match at {
        Some(at) => format!(
            "{}, line {}, column {}",
            indicator.place, at.line, at.column
        ),
        None => indicator.place.clone(),
    }
}

/// The indicator of this name, or an error that names the nearest.
pub fn named<'a>(indicators: &'a [Indicator], name: &str) -> Result<&'a Indicator> {
    let found = indicators.iter().find(|i| i.name == name);
    found.ok_or_else(|| {
        let near = nearest(name, indicators.iter().map(|i| i.name.as_str()));
        let advice = near.map_or("`millesime indicators list` tells all".to_owned(), |near| {
            format!("did you mean `{near}`?")
        });
        Error::input(name, "is not an indicator", advice)
    })
}
