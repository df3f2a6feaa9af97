//! The figures of a report as tables: CSV and XLSX.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::Territory;
use super::figures::Figures;
use crate::error::{Error, Result};

/// What the columns are.
const COLUMNS: [&str; 7] = [
    "rubrique",
    "chiffre",
    "période",
    "valeur_exacte",
    "unité",
    "valeur_affichée",
    "requête",
];

fn rows(figures: &Figures) -> impl Iterator<Item = [String; 7]> {
    figures.all.iter().map(|figure| {
        let question = figure.question.and_then(|n| figures.questions.get(n - 1));
        [
            figure.rubric.clone(),
            figure.label.clone(),
            figure.period.clone(),
            figure.exact.clone(),
            figure.unit.to_owned(),
            figure.text.clone(),
            question.cloned().unwrap_or_default(),
        ]
    })
}

/// As CSV.
pub(super) fn csv(figures: &Figures) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::Internal(format!("figures as CSV: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|e| failed(&e))?;
    for row in rows(figures) {
        writer.write_record(row).map_err(|e| failed(&e))?;
    }
    writer.into_inner().map_err(|e| failed(&e))
}

/// As a workbook.
pub(super) fn workbook(figures: &Figures, territory: &Territory) -> Result<Vec<u8>> {
    let write = || -> std::result::Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        // A fixed day, so that the same figures are the same bytes.
        let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&day));
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet();
        let name: String = territory.code.chars().take(31).collect();
        sheet.set_name(name)?;
        for (column, name) in (0u16..).zip(COLUMNS) {
            sheet.write_with_format(0, column, name, &bold)?;
        }
        for (row, cells) in (1u32..).zip(rows(figures)) {
            for (column, cell) in (0u16..).zip(&cells) {
                match (COLUMNS[usize::from(column)], cell.parse::<f64>()) {
                    ("valeur_exacte", Ok(number)) => sheet.write(row, column, number)?,
                    _ => sheet.write(row, column, cell)?,
                };
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        for (column, width) in (0u16..).zip([22.0, 44.0, 14.0, 18.0, 8.0, 18.0, 90.0]) {
            sheet.set_column_width(column, width)?;
        }
        workbook.save_to_buffer()
    };
    write().map_err(|e| Error::Internal(format!("figures as XLSX: {e}")))
}
