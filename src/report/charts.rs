//! Charts as SVG. Each has a title and a description for whoever does not see it, and stands beside a table
//! of the same figures.

use std::fmt::Write;

use crate::french::{self, FIXED, number};
use crate::map::safe;

/// Ground that becomes artificialised,
const GAINED: &str = "#c8321a";
/// or ceases to be.
const LOST: &str = "#1f6fb4";
/// What is there.
const STOCK: &str = "#4a4f5c";
/// What is set.
const ALLOWED: &str = "#0b7a4b";
const FONTS: &str = "'Open Sans', 'Segoe UI', Roboto, Arial, sans-serif";

/// Hectares of square metres.
fn ha(m2: f64) -> f64 {
    m2 / 10_000.0
}

fn open(width: f64, height: f64, title: &str, description: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" font-family=\"{FONTS}\" font-size=\"13\"><title>{}</title><desc>{}</desc>",
        safe(title),
        safe(description),
    )
}

/// Text at a place: `anchor` is start, middle or end.
fn text(svg: &mut String, x: f64, y: f64, anchor: &str, content: &str) {
    // Writing to a string cannot fail.
    let _ = write!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        safe(&french::text(content)),
    );
}

fn bar(svg: &mut String, [x, y, width, height]: [f64; 4], fill: &str) {
    let _ = write!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"{fill}\"/>",
        width.max(0.5),
    );
}

/// A bar for each vintage: what is artificialised, and the part of it that is impermeable.
pub(super) fn stock(title: &str, vintages: &[(String, f64, f64)]) -> String {
    let (row, left, width) = (44.0, 70.0, 640.0);
    let most = vintages.iter().map(|v| v.1).fold(1.0, f64::max);
    let scale = (width - left - 110.0) / most;
    let told: Vec<String> = vintages
        .iter()
        .map(|(year, artificial, impermeable)| {
            format!(
                "{year} : {} artificialisés, dont {} imperméables",
                french::hectares(*artificial),
                french::hectares(*impermeable),
            )
        })
        .collect();
    let height = vintages.len() as f64 * row + 30.0;
    let mut svg = open(width, height, title, &told.join(" ; "));
    for (n, (year, artificial, impermeable)) in vintages.iter().enumerate() {
        let y = n as f64 * row + 6.0;
        text(&mut svg, left - 10.0, y + 20.0, "end", year);
        bar(&mut svg, [left, y, artificial * scale, 28.0], STOCK);
        bar(
            &mut svg,
            [left, y + 20.0, impermeable * scale, 8.0],
            "#d98324",
        );
        text(
            &mut svg,
            left + artificial * scale + 8.0,
            y + 19.0,
            "start",
            &french::hectares(*artificial),
        );
    }
    let y = height - 12.0;
    bar(&mut svg, [left, y - 10.0, 16.0, 10.0], STOCK);
    text(&mut svg, left + 22.0, y, "start", "sol artificialisé");
    bar(&mut svg, [left + 160.0, y - 10.0, 16.0, 10.0], "#d98324");
    text(&mut svg, left + 182.0, y, "start", "dont imperméable");
    svg + "</svg>"
}

/// A bar for each share: the first is the territory's own.
pub(super) fn shares(title: &str, rows: &[(String, f64)]) -> String {
    let (row, left, width) = (30.0, 190.0, 640.0);
    let most = rows.iter().map(|r| r.1).fold(0.001, f64::max);
    let scale = (width - left - 80.0) / most;
    let told: Vec<String> = rows
        .iter()
        .map(|(label, share)| format!("{label} : {}", french::percent(*share)))
        .collect();
    let mut svg = open(
        width,
        rows.len() as f64 * row + 6.0,
        title,
        &told.join(" ; "),
    );
    for (n, (label, share)) in rows.iter().enumerate() {
        let y = n as f64 * row + 4.0;
        let fill = if n == 0 { GAINED } else { STOCK };
        text(&mut svg, left - 10.0, y + 16.0, "end", label);
        bar(&mut svg, [left, y, share * scale, 22.0], fill);
        let at = left + share * scale + 8.0;
        text(&mut svg, at, y + 16.0, "start", &french::percent(*share));
    }
    svg + "</svg>"
}

/// Bars to the right for what is gained, to the left for what is lost.
pub(super) fn flux(title: &str, rows: &[(String, f64, f64)]) -> String {
    let (row, left, width) = (28.0, 250.0, 640.0);
    let most_gained = rows.iter().map(|r| r.1).fold(0.0, f64::max);
    let most_lost = rows.iter().map(|r| r.2).fold(0.0, f64::max);
    // Room for the figures on both sides.
    let scale = (width - left - 150.0) / (most_gained + most_lost).max(1.0);
    let zero = left + 70.0 + most_lost * scale;
    let told: Vec<String> = rows
        .iter()
        .map(|(label, gained, lost)| {
            format!(
                "{label} : {} artificialisés, {} désartificialisés",
                french::hectares(*gained),
                french::hectares(*lost),
            )
        })
        .collect();
    let height = rows.len() as f64 * row + 34.0;
    let mut svg = open(width, height, title, &told.join(" ; "));
    for (n, (label, gained, lost)) in rows.iter().enumerate() {
        let y = n as f64 * row + 4.0;
        let short: String = match label.chars().count() > 36 {
            true => label.chars().take(35).chain(['…']).collect(),
            false => label.clone(),
        };
        text(&mut svg, left - 6.0, y + 15.0, "end", &short);
        if *gained > 0.0 {
            bar(&mut svg, [zero, y, gained * scale, 20.0], GAINED);
            let at = zero + gained * scale + 5.0;
            text(&mut svg, at, y + 15.0, "start", &number(ha(*gained), 1));
        }
        if *lost > 0.0 {
            bar(&mut svg, [zero - lost * scale, y, lost * scale, 20.0], LOST);
            let at = zero - lost * scale - 5.0;
            text(&mut svg, at, y + 15.0, "end", &number(-ha(*lost), 1));
        }
    }
    let bottom = rows.len() as f64 * row + 4.0;
    let _ = write!(
        svg,
        "<path d=\"M{zero:.1} 0V{bottom:.1}\" stroke=\"#333\"/>"
    );
    let y = height - 8.0;
    bar(&mut svg, [left, y - 10.0, 16.0, 10.0], GAINED);
    text(&mut svg, left + 22.0, y, "start", "artificialisation (ha)");
    bar(&mut svg, [left + 180.0, y - 10.0, 16.0, 10.0], LOST);
    text(
        &mut svg,
        left + 202.0,
        y,
        "start",
        "désartificialisation (ha)",
    );
    svg + "</svg>"
}

/// One kind of ground at an end of a flow.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) label: String,
    pub(super) colour: String,
}

/// What ground was and became: two columns, and bands between them as wide as the ground.
pub(super) fn flows(title: &str, flows: &[(End, End, f64)]) -> String {
    let (width, gap, column) = (640.0, 10.0, 16.0);
    let total: f64 = flows.iter().map(|f| f.2).sum::<f64>().max(1.0);
    let sums = |of: fn(&(End, End, f64)) -> &End| {
        let mut ends: Vec<(End, f64)> = Vec::new();
        for flow in flows {
            let end = of(flow);
            match ends.iter_mut().find(|(known, _)| known.label == end.label) {
                Some((_, sum)) => *sum += flow.2,
                None => ends.push((end.clone(), flow.2)),
            }
        }
        ends.sort_by(|p, q| q.1.total_cmp(&p.1).then_with(|| p.0.label.cmp(&q.0.label)));
        ends
    };
    let (before, after) = (sums(|f| &f.0), sums(|f| &f.1));
    let most = before.len().max(after.len()) as f64;
    let height = (most * 34.0).max(160.0);
    let scale = (height - most * gap) / total;
    let told: Vec<String> = flows
        .iter()
        .map(|(was, is, m2)| {
            format!(
                "{} vers {} : {}",
                was.label,
                is.label,
                french::hectares(*m2)
            )
        })
        .collect();
    let mut svg = open(width, height + 6.0, title, &told.join(" ; "));
    let (left, right) = (210.0, width - 210.0 - column);
    let place = |ends: &[(End, f64)]| {
        let used: f64 = ends.iter().map(|e| e.1 * scale).sum::<f64>()
            + gap * (ends.len().saturating_sub(1)) as f64;
        let mut y = (height - used) / 2.0;
        let mut tops = Vec::new();
        for (_, sum) in ends {
            tops.push(y);
            y += sum * scale + gap;
        }
        tops
    };
    let (tops_before, tops_after) = (place(&before), place(&after));
    let (mut at_before, mut at_after) = (tops_before.clone(), tops_after.clone());
    let find = |ends: &[(End, f64)], label: &str| ends.iter().position(|e| e.0.label == label);
    for (was, is, m2) in flows {
        let (Some(a), Some(b)) = (find(&before, &was.label), find(&after, &is.label)) else {
            continue;
        };
        let thick = m2 * scale;
        let (y0, y1) = (at_before[a], at_after[b]);
        at_before[a] += thick;
        at_after[b] += thick;
        let (x0, x1) = (left + column, right);
        let middle = (x0 + x1) / 2.0;
        let _ = write!(
            svg,
            "<path d=\"M{x0:.1} {y0:.1}C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}v{thick:.1}C{middle:.1} {:.1} {middle:.1} {:.1} {x0:.1} {:.1}z\" fill=\"#8a93a6\" opacity=\".55\"/>",
            y1 + thick,
            y0 + thick,
            y0 + thick,
        );
    }
    for (ends, tops, x, anchor, at) in [
        (&before, &tops_before, left, "end", left - 6.0),
        (&after, &tops_after, right, "start", right + column + 6.0),
    ] {
        for ((end, sum), top) in ends.iter().zip(tops) {
            let high = (sum * scale).max(1.0);
            let _ = write!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{column}\" height=\"{high:.1}\" fill=\"{}\" stroke=\"#555\" stroke-width=\".6\"/>",
                safe(&end.colour),
            );
            let label: String = match end.label.chars().count() > 24 {
                true => end.label.chars().take(23).chain(['…']).collect(),
                false => end.label.clone(),
            };
            let content = format!("{label} {}", number(ha(*sum), 1));
            text(&mut svg, at, top + high / 2.0 + 4.5, anchor, &content);
        }
    }
    svg + "</svg>"
}

/// Consumption by year, and what is allowed over the decade of the objective.
pub(super) struct Trajectory {
    /// Consumption of each year, in square metres.
    pub(super) years: Vec<(i32, f64)>,
    /// Years of the objective, first and last.
    pub(super) decade: (i32, i32),
    /// What is allowed over the decade, in square metres.
    pub(super) allowed: f64,
    /// What counts of what was consumed, by the last year that is known.
    pub(super) counted: f64,
    /// What the pace comes to at the end of the decade.
    pub(super) projected: f64,
}

/// A round step that parts an axis into four to eight.
fn step(most: f64) -> f64 {
    let power = 10f64.powf((most / 4.0).log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|n| n * power);
    steps
        .into_iter()
        .rfind(|&step| step <= most / 4.0)
        .unwrap_or(power)
}

/// What counts since the objective begins, summed year by year, beside what is allowed.
pub(super) fn trajectory(title: &str, of: &Trajectory) -> String {
    let (width, height, left, bottom) = (660.0, 310.0, 64.0, 260.0);
    let first = of.years.first().map_or(of.decade.0, |y| y.0);
    let last = of.decade.1 + 1;
    let mut sums = Vec::new();
    let mut sum = 0.0;
    for &(year, m2) in of.years.iter().filter(|y| y.0 >= of.decade.0) {
        sum += m2;
        sums.push((year + 1, sum));
    }
    // What is counted apart is not in the line: it ends at what counts.
    let share = if sum > 0.0 { of.counted / sum } else { 1.0 };
    let most_year = of.years.iter().map(|y| y.1).fold(0.0, f64::max);
    let most = [of.allowed, of.projected, of.counted, most_year]
        .into_iter()
        .fold(1.0, f64::max);
    let step = step(most);
    let most = (most / step).ceil() * step;
    let x = |year: f64| {
        left + (year - f64::from(first)) / f64::from(last - first) * (width - left - 140.0)
    };
    let y = |m2: f64| bottom - m2 / most * (bottom - 34.0);
    let mut svg = open(
        width,
        height,
        title,
        &format!(
            "{} comptés depuis {}, {} permis d’ici {last}, {} au rythme actuel",
            french::hectares(of.counted),
            of.decade.0,
            french::hectares(of.allowed),
            french::hectares(of.projected),
        ),
    );
    let mut m2 = 0.0;
    while m2 <= most {
        let _ = write!(
            svg,
            "<path d=\"M{left} {0:.1}H{1:.1}\" stroke=\"#ddd\"/>",
            y(m2),
            width - 140.0
        );
        let decimals = usize::from(step < 10_000.0);
        let label = number(ha(m2), decimals);
        text(&mut svg, left - 8.0, y(m2) + 4.0, "end", &label);
        m2 += step;
    }
    text(&mut svg, 4.0, 12.0, "start", &format!("hectares{FIXED}:"));
    for &(year, m2) in &of.years {
        let wide = x(f64::from(year) + 0.8) - x(f64::from(year) + 0.2);
        bar(
            &mut svg,
            [x(f64::from(year) + 0.2), y(m2), wide, bottom - y(m2)],
            "#b0b5c0",
        );
    }
    for year in (first..=of.decade.1).step_by(3) {
        let at = x(f64::from(year) + 0.5);
        text(&mut svg, at, bottom + 18.0, "middle", &year.to_string());
    }
    let start = format!("M{:.1} {:.1}", x(f64::from(of.decade.0)), y(0.0));
    let _ = write!(
        svg,
        "<path d=\"{start}L{:.1} {:.1}\" stroke=\"{ALLOWED}\" stroke-width=\"2.5\" stroke-dasharray=\"7 4\" fill=\"none\"/>",
        x(f64::from(last)),
        y(of.allowed),
    );
    let mut path = start;
    let mut at = (f64::from(of.decade.0), 0.0);
    for (year, sum) in sums {
        at = (f64::from(year), sum * share);
        let _ = write!(path, "L{:.1} {:.1}", x(at.0), y(at.1));
    }
    let _ = write!(
        svg,
        "<path d=\"{path}\" stroke=\"{GAINED}\" stroke-width=\"2.5\" fill=\"none\"/><path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"{GAINED}\" stroke-width=\"2\" stroke-dasharray=\"2 4\" fill=\"none\"/>",
        x(at.0),
        y(at.1),
        x(f64::from(last)),
        y(of.projected),
    );
    let end = x(f64::from(last)) + 6.0;
    let (mut allowed, mut projected) = (y(of.allowed) + 4.0, y(of.projected) + 4.0);
    if (allowed - projected).abs() < 15.0 {
        // Two labels at one place are read by no one.
        let middle = f64::midpoint(allowed, projected);
        let sign = if allowed <= projected { -1.0 } else { 1.0 };
        (allowed, projected) = (middle + sign * 8.0, middle - sign * 8.0);
    }
    text(
        &mut svg,
        end,
        allowed,
        "start",
        &format!("{} permis", number(ha(of.allowed), 1)),
    );
    text(
        &mut svg,
        end,
        projected,
        "start",
        &format!("{} au rythme", number(ha(of.projected), 1)),
    );
    for (n, (colour, dash, label)) in [
        (GAINED, "", "compté, cumulé"),
        (GAINED, "2 4", "au rythme actuel"),
        (ALLOWED, "7 4", "surface permise"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = left + 150.0 * n as f64;
        let _ = write!(
            svg,
            "<path d=\"M{at:.0} {0:.0}h26\" stroke=\"{colour}\" stroke-width=\"2.5\" stroke-dasharray=\"{dash}\"/>",
            height - 10.0,
        );
        text(&mut svg, at + 32.0, height - 6.0, "start", label);
    }
    bar(
        &mut svg,
        [left + 450.0, height - 16.0, 16.0, 10.0],
        "#b0b5c0",
    );
    text(&mut svg, left + 472.0, height - 6.0, "start", "par an");
    svg + "</svg>"
}

/// The share of a territory among those of its département.
pub(super) fn ranks(title: &str, own: f64, median: f64, others: &[f64]) -> String {
    let (width, height, left) = (640.0, 96.0, 20.0);
    let most = others
        .iter()
        .copied()
        .fold(own.max(median), f64::max)
        .max(0.01);
    let x = |share: f64| left + share / most * (width - 2.0 * left - 30.0);
    let mut svg = open(
        width,
        height,
        title,
        &format!(
            "{} ici, médiane {}, la plus forte {}",
            french::percent(own),
            french::percent(median),
            french::percent(most),
        ),
    );
    let _ = write!(
        svg,
        "<path d=\"M{left} 50H{:.0}\" stroke=\"#bbb\"/>",
        x(most)
    );
    for &share in others {
        let _ = write!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"50\" r=\"5\" fill=\"#8a93a6\" opacity=\".45\"/>",
            x(share)
        );
    }
    let _ = write!(
        svg,
        "<path d=\"M{0:.1} 36v28\" stroke=\"#333\" stroke-width=\"2\"/><circle cx=\"{1:.1}\" cy=\"50\" r=\"8\" fill=\"{GAINED}\"/>",
        x(median),
        x(own),
    );
    let side = |share: f64| match share / most {
        s if s < 0.15 => "start",
        s if s > 0.85 => "end",
        _ => "middle",
    };
    text(
        &mut svg,
        x(own),
        24.0,
        side(own),
        &format!("ici : {}", french::percent(own)),
    );
    text(
        &mut svg,
        x(median),
        84.0,
        side(median),
        &format!("médiane : {}", french::percent(median)),
    );
    svg + "</svg>"
}
