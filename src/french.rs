//! French numbers and typography, for whatever the public reads.

/// A narrow space that does not break: between thousands, and before `;`, `!` and `?`.
pub const NARROW: char = '\u{202f}';
/// A space that does not break: before units and `:`, within guillemets.
pub const FIXED: char = '\u{a0}';

/// A number with so many decimals: narrow spaces between thousands, a comma, a true minus sign.
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) => (whole, Some(rest)),
        None => (text.as_str(), None),
    };
    let mut out = String::new();
    let is_nothing = text.bytes().all(|b| b == b'0' || b == b'.');
    if value < 0.0 && !is_nothing {
        out.push('−');
    }
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            out.push(NARROW);
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push(',');
        out.push_str(rest);
    }
    out
}

/// A number with its unit, which stay on one line.
pub fn with_unit(value: f64, decimals: usize, unit: &str) -> String {
    format!("{}{FIXED}{unit}", number(value, decimals))
}

/// Square metres as hectares to the tenth, as figures are published; what is there and rounds to
/// nothing says so.
pub fn hectares(m2: f64) -> String {
    let ha = m2 / 10_000.0;
    if m2 != 0.0 && ha.abs() < 0.05 {
        let sign = if m2 < 0.0 { "−" } else { "" };
        return format!("moins de {sign}0,1{FIXED}ha");
    }
    with_unit(ha, 1, "ha")
}

/// As [`hectares`], with the sign of what is gained.
pub fn signed_hectares(m2: f64) -> String {
    if m2 / 10_000.0 >= 0.05 {
        format!("+{}", hectares(m2))
    } else {
        hectares(m2)
    }
}

/// A share of one as a percentage to the tenth.
pub fn percent(share: f64) -> String {
    with_unit(share * 100.0, 1, "%")
}

/// A small area, in whole square metres.
pub fn square_metres(m2: f64) -> String {
    with_unit(m2, 0, "m²")
}

/// Text as it is printed in French: spaces that do not break where the sign or the unit asks for them,
/// curved apostrophes.
pub fn text(plain: &str) -> String {
    let signs: Vec<char> = plain.chars().collect();
    let mut out = String::with_capacity(plain.len());
    for (n, &sign) in signs.iter().enumerate() {
        let before = n.checked_sub(1).map(|n| signs[n]);
        let after = signs.get(n + 1).copied();
        match sign {
            // Neither a page nor a PDF can hold most of them.
            sign if sign.is_control() && sign != '\n' => {}
            ' ' if before.is_some_and(|c| c.is_ascii_digit()) && is_thousands(&signs[n + 1..]) => {
                out.push(NARROW);
            }
            ' ' if matches!(after, Some(';' | '!' | '?')) => out.push(NARROW),
            ' ' if matches!(after, Some(':' | '»' | '%')) || before == Some('«') => {
                out.push(FIXED)
            }
            ' ' if before.is_some_and(|c| c.is_ascii_digit()) && is_unit(&signs[n + 1..]) => {
                out.push(FIXED);
            }
            '\'' if before.is_some_and(char::is_alphabetic) => out.push('’'),
            _ => out.push(sign),
        }
    }
    out
}

/// Whether text begins with three digits and no more.
fn is_thousands(rest: &[char]) -> bool {
    rest.len() >= 3
        && rest[..3].iter().all(char::is_ascii_digit)
        && rest.get(3).is_none_or(|c| !c.is_ascii_digit())
}

/// Whether text begins with a unit.
fn is_unit(rest: &[char]) -> bool {
    ["ha", "m²", "km²", "km", "m", "cm", "€"]
        .iter()
        .any(|unit| {
            let length = unit.chars().count();
            rest.len() >= length
                && unit.chars().zip(rest).all(|(a, b)| a == *b)
                && rest.get(length).is_none_or(|c| !c.is_alphanumeric())
        })
}

/// The text between the tags of a page, as [`text`] has it; styles, scripts and code stay as they are.
pub fn page(html: &str) -> String {
    const VERBATIM: [&str; 4] = ["style", "script", "code", "pre"];
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        // Templates write an apostrophe as its number.
        out.push_str(&text(&rest[..open].replace("&#x27;", "'")));
        rest = &rest[open..];
        let name: String = rest[1..]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let end = match VERBATIM.contains(&name.as_str()) {
            true => rest.find(&format!("</{name}>")),
            false => rest.find('>').map(|n| n + 1),
        };
        let end = end.unwrap_or(rest.len()).max(1);
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    out + &text(rest)
}

/// A day such as 2019-01-01 as it is said: `1er janvier 2019`; what is none, as it is.
pub fn day(date: &str) -> String {
    const MONTHS: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let parts: Vec<&str> = date.split('-').collect();
    let &[year, month, day] = parts.as_slice() else {
        return date.to_owned();
    };
    let month = month.parse::<usize>().ok();
    let month = month.and_then(|n| MONTHS.get(n.checked_sub(1)?));
    match (day.parse::<u8>(), month) {
        (Ok(1), Some(month)) => format!("1er {month} {year}"),
        (Ok(day), Some(month)) => format!("{day} {month} {year}"),
        _ => date.to_owned(),
    }
}

/// Names one after the other: `A`, `A et B`, `A, B et C`.
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} et {last}", before.join(", ")),
    }
}

/// `la commune de Saint-Xandre`, `la commune d’Eauze`, `la commune du Mans`, `des Angles`.
pub fn of_name(name: &str) -> String {
    let rest = |article: &str| name.strip_prefix(article);
    if let Some(rest) = rest("Le ") {
        return format!("du {rest}");
    }
    if let Some(rest) = rest("Les ") {
        return format!("des {rest}");
    }
    let first = name.chars().next().unwrap_or(' ').to_lowercase().next();
    let is_vowel = first.is_some_and(|c| "aeiouyàâäéèêëîïôöùûüœ".contains(c));
    // `Yvetot`, `Yerres` are said with an apostrophe; an h may go either way, and mostly does.
    if is_vowel || first == Some('h') {
        return format!("d’{name}");
    }
    format!("de {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_french() {
        assert_eq!(number(1_234_567.891, 1), "1\u{202f}234\u{202f}567,9");
        assert_eq!(number(-0.04, 1), "0,0");
        assert_eq!(number(-12.5, 0), "−12");
        assert_eq!(hectares(123_456.0), "12,3\u{a0}ha");
        assert_eq!(hectares(120.0), "moins de 0,1\u{a0}ha");
        assert_eq!(hectares(0.0), "0,0\u{a0}ha");
        assert_eq!(signed_hectares(5_000.0), "+0,5\u{a0}ha");
        assert_eq!(percent(0.1234), "12,3\u{a0}%");
    }

    #[test]
    fn spaces_do_not_break_where_signs_ask_for_them() {
        assert_eq!(text("l'essai : oui ?"), "l’essai\u{a0}: oui\u{202f}?");
        assert_eq!(
            text("2 500 m², en 2018 2019"),
            "2\u{202f}500\u{a0}m², en 2018 2019"
        );
        assert_eq!(
            text("« mot » de 12 ha ; 3 haies"),
            "«\u{a0}mot\u{a0}» de 12\u{a0}ha\u{202f}; 3 haies"
        );
        let html = "<p title='a ; b'>a ; b</p><style>a ; b</style><code>x : y</code>";
        let expected = "<p title='a ; b'>a\u{202f}; b</p><style>a ; b</style><code>x : y</code>";
        assert_eq!(page(html), expected);
    }

    #[test]
    fn days_and_lists_are_french() {
        assert_eq!(day("2019-01-01"), "1er janvier 2019");
        assert_eq!(day("2016-12-28"), "28 décembre 2016");
        assert_eq!(day("hier"), "hier");
        assert_eq!(text("a\u{1}b\u{0}c"), "abc");
        let names = ["A", "B", "C"].map(str::to_owned);
        assert_eq!(list(&names), "A, B et C");
        assert_eq!(list(&names[..1]), "A");
    }

    #[test]
    fn names_take_their_article() {
        assert_eq!(of_name("Le Mans"), "du Mans");
        assert_eq!(of_name("Les Angles"), "des Angles");
        assert_eq!(of_name("Eauze"), "d’Eauze");
        assert_eq!(of_name("La Rochelle"), "de La Rochelle");
        assert_eq!(of_name("L'Haÿ"), "de L'Haÿ");
    }
}
