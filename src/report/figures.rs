//! The figures of a report: what is printed, the exact value behind it, and the question whose answer is
//! the polygons behind that.

use serde::Serialize;

use crate::french;

/// A figure.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figure {
    /// What it is of.
    pub(super) rubric: String,
    /// What it is.
    pub(super) label: String,
    /// The year or the period.
    pub(super) period: String,
    /// The exact value, in square metres unless the unit says otherwise.
    pub(super) exact: String,
    /// Unit of the exact value.
    pub(super) unit: &'static str,
    /// What is printed.
    pub(super) text: String,
    /// Number of the question among those of the report.
    pub(super) question: Option<usize>,
}

/// The figures of a report, and the questions behind them.
#[derive(Default)]
pub(super) struct Figures {
    /// Every figure that was printed.
    pub(super) all: Vec<Figure>,
    /// The questions, in the order in which they first came up.
    pub(super) questions: Vec<String>,
    /// What the figures to come are of.
    pub(super) rubric: String,
}

impl Figures {
    /// Begins a part of the report.
    pub(super) fn begin(&mut self, rubric: &str) {
        rubric.clone_into(&mut self.rubric);
    }

    fn add(
        &mut self,
        label: &str,
        period: &str,
        (exact, unit): (&str, &'static str),
        text: String,
        question: Option<String>,
    ) -> Figure {
        let question = question.map(|question| {
            let known = self.questions.iter().position(|q| *q == question);
            known.unwrap_or_else(|| {
                self.questions.push(question);
                self.questions.len() - 1
            }) + 1
        });
        let figure = Figure {
            rubric: self.rubric.clone(),
            label: label.to_owned(),
            period: period.to_owned(),
            exact: exact.to_owned(),
            unit,
            text,
            question,
        };
        self.all.push(figure.clone());
        figure
    }

    /// An area, from the text of the table that it stands in.
    pub(super) fn area(
        &mut self,
        label: &str,
        period: &str,
        exact: &str,
        question: Option<String>,
    ) -> Figure {
        let text = printed(exact, french::hectares);
        self.add(label, period, (exact, "m²"), text, question)
    }

    /// An area that is won or lost: a difference, of which no polygons are the sum.
    pub(super) fn balance(&mut self, label: &str, period: &str, exact: &str) -> Figure {
        let text = printed(exact, french::signed_hectares);
        self.add(label, period, (exact, "m²"), text, None)
    }

    /// A share of one.
    pub(super) fn share(&mut self, label: &str, period: &str, exact: &str) -> Figure {
        let text = printed(exact, french::percent);
        self.add(label, period, (exact, "part"), text, None)
    }
}

/// A value as it is printed.
fn printed(exact: &str, how: fn(f64) -> String) -> String {
    exact.parse().map_or_else(|_| NONE.to_owned(), how)
}

/// What is printed where there is no figure.
const NONE: &str = "non calculé";
