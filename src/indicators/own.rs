//! Indicators of the user's own: SQL files in a folder. They read the account, and nothing else.

use std::path::Path;

use polars::error::PolarsError;
use sqlparser::ast::Statement;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token, Tokenizer};

use super::indicator::Indicator;
use super::ours;
use crate::communes::is_plain;
use crate::error::{Error, Result, nearest};

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
    let read = |path: std::path::PathBuf| {
        let place = path.display().to_string();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if !is_plain(&name) {
            return Err(Error::input(
                place,
                "has a name that a table cannot have",
                "name it with letters, digits, `-` and `_`",
            ));
        }
        if taken.iter().any(|indicator| indicator.name == name) {
            return Err(Error::input(
                place,
                format!("`{name}` is one of our tables"),
                "give your file another name: ours are never replaced",
            ));
        }
        let sql = std::fs::read_to_string(&path).map_err(|e| Error::unreadable(&path, e))?;
        let mut indicator = Indicator::parse(&name, &place, &sql)?;
        indicator.is_own = true;
        check(&indicator)?;
        Ok(indicator)
    };
    paths.into_iter().map(read).collect()
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
pub(super) fn refusal(indicator: &Indicator, error: &PolarsError) -> Error {
    if !indicator.is_own {
        return Error::Internal(format!("{}: {error}", indicator.place));
    }
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
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
