//! The tables of a level as one workbook: a sheet of sources, then a sheet for each table, under
//! French labels with their units.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::Staging;
use super::tables::{Cell, cells};
use crate::error::{Error, Result};
use crate::grid::HALF_CM2_PER_M2;
use crate::indicators::{Dictionary, Table};

/// A longer table is left to its CSV: a spreadsheet would not be of help with it.
pub(super) const LONGEST: usize = 200_000;
/// Longest name of a sheet.
const NAME: usize = 31;
/// Longest text of a cell.
const TEXT: usize = 32_767;
/// A name that spreadsheets keep for themselves.
const KEPT: &str = "history";
/// Widest column, in characters.
const WIDEST: usize = 60;
/// Narrowest: areas of a département fit.
const NARROWEST: usize = 16;
/// Widths of the columns of the sheet of sources.
const WIDTHS: [usize; 7] = [28, 50, 100, 60, 10, 24, 12];
/// Points of a line of text.
const LINE: f64 = 15.0;
/// Lines of the labels of columns, at most.
const MOST_LINES: usize = 5;
/// Columns that stay in view, at most.
const FROZEN: usize = 4;
/// As spreadsheets number sizes of paper.
const A4: u8 = 9;
/// The sheet of sources.
const SOURCES: &str = "sources";

/// Formats of cells.
struct Formats {
    header: Format,
    wrapped: Format,
    area: Format,
    share: Format,
    whole: Format,
    number: Format,
}

/// The workbook of one level; that of communes, and of what is not by territory, for none.
pub struct Sheets {
    path: PathBuf,
    tables: Vec<Table>,
}

impl Sheets {
    /// Of these tables.
    pub fn new(staging: &Staging, level: Option<&str>, tables: &[Table]) -> Result<Self> {
        let name = match level {
            Some(level) => format!("tables/{level}/millesime-{level}.xlsx"),
            None => "tables/millesime.xlsx".to_owned(),
        };
        Ok(Self {
            path: staging.path(name)?,
            tables: tables.to_vec(),
        })
    }

    /// Writes it.
    pub fn write(self) -> Result<()> {
        let failed = |e: XlsxError| Error::Internal(format!("{}: {e}", self.path.display()));
        let dictionary = Dictionary::load()?;
        let mut workbook = Workbook::new();
        // A date of our own, so that the same figures make the same bytes.
        let date = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&date));
        let formats = Formats::new();
        sources(workbook.add_worksheet(), &self.tables, &formats).map_err(failed)?;
        let mut taken = BTreeSet::from([SOURCES.to_owned(), KEPT.to_owned()]);
        for table in &self.tables {
            // What has no rows is told among the sources.
            if table.rows > LONGEST || table.rows == 0 {
                continue;
            }
            let (name, columns) = (&table.indicator.name, cells(&table.frame)?);
            let sheet = workbook.add_worksheet();
            let named = sheet.set_name(sheet_name(name, &mut taken)).map(|_| ());
            named
                .and_then(|()| fill(sheet, name, &columns, &dictionary, &formats))
                .map_err(failed)?;
        }
        let bytes = workbook.save_to_buffer().map_err(failed)?;
        std::fs::write(&self.path, bytes).map_err(|e| Error::unwritable(&self.path, e))
    }
}

/// A name of a sheet that none has yet.
fn sheet_name(table: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name: String = table.chars().take(NAME).collect();
    let mut number = 2;
    // Sheets are told apart in any case of letters.
    while !taken.insert(name.to_lowercase()) {
        let end = format!("-{number}");
        name = table.chars().take(NAME - end.len()).collect();
        name += &end;
        number += 1;
    }
    name
}

/// What every table is and where it comes from.
fn sources(
    sheet: &mut Worksheet,
    tables: &[Table],
    formats: &Formats,
) -> std::result::Result<(), XlsxError> {
    sheet.set_name(SOURCES)?;
    let labels = [
        "Table",
        "Titre",
        "Définition",
        "Source",
        "Compte",
        "Unités",
        "Lignes",
    ];
    for (column, label) in labels.iter().enumerate() {
        sheet.write_with_format(0, column as u16, *label, &formats.header)?;
    }
    for (n, table) in tables.iter().enumerate() {
        let row = n as u32 + 1;
        let header = &table.indicator.header;
        let height = table.rows;
        let texts = [
            table.indicator.name.as_str(),
            &header.titre,
            &header.définition,
            &header.source,
            header.subject.name(),
            &header.unit,
        ];
        for (column, text) in texts.iter().enumerate() {
            sheet.write_with_format(row, column as u16, *text, &formats.wrapped)?;
        }
        let lines = |text: &str, width: usize| text.chars().count().div_ceil(width);
        let most = texts
            .iter()
            .zip(WIDTHS)
            .map(|(text, width)| lines(text, width));
        sheet.set_row_height(row, most.max().unwrap_or(1).max(1) as f64 * LINE)?;
        match height > LONGEST {
            true => sheet.write(row, 6, format!("{height} : voir le fichier CSV"))?,
            false => sheet.write(row, 6, height as f64)?,
        };
    }
    for (column, width) in (0u16..).zip(WIDTHS) {
        sheet.set_column_width(column, width as f64)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    for_print(sheet)
}

/// Pages across, as wide as the sheet, each with the labels of its columns.
fn for_print(sheet: &mut Worksheet) -> std::result::Result<(), XlsxError> {
    sheet.set_landscape();
    sheet.set_paper_size(A4);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

fn fill(
    sheet: &mut Worksheet,
    table: &str,
    columns: &[(String, Vec<Cell>)],
    dictionary: &Dictionary,
    formats: &Formats,
) -> std::result::Result<(), XlsxError> {
    let mut lines = 1;
    for (n, (name, values)) in columns.iter().enumerate() {
        let column = n as u16;
        let label = match dictionary.meaning(table, name) {
            Some(meaning) if meaning.unit.is_empty() => meaning.label_fr.clone(),
            Some(meaning) => format!("{} ({})", meaning.label_fr, meaning.unit),
            None => name.clone(),
        };
        sheet.write_with_format(0, column, &label, &formats.header)?;
        let mut width = 0;
        for (row, value) in (1..).zip(values) {
            match value {
                Cell::Empty => continue,
                // Codes are text: a leading zero stays.
                Cell::Text(text) => {
                    let text = dictionary.value(name, text).unwrap_or(text);
                    width = width.max(text.chars().count());
                    let cut: String = text.chars().take(TEXT).collect();
                    sheet.write_string(row, column, cut)?
                }
                Cell::Flag(true) => sheet.write_string(row, column, "oui")?,
                Cell::Flag(false) => sheet.write_string(row, column, "non")?,
                Cell::Integer(number) => {
                    let format = match name.starts_with("year") || name.ends_with("year") {
                        true => &formats.whole,
                        false => &formats.number,
                    };
                    sheet.write_number_with_format(row, column, *number as f64, format)?
                }
                Cell::Area(half_cm2) => {
                    let square_metres = *half_cm2 as f64 / HALF_CM2_PER_M2 as f64;
                    sheet.write_number_with_format(row, column, square_metres, &formats.area)?
                }
                Cell::Number(number) if name.ends_with("share") || name == "reduction" => {
                    sheet.write_number_with_format(row, column, *number, &formats.share)?
                }
                Cell::Number(number) => {
                    sheet.write_number_with_format(row, column, *number, &formats.area)?
                }
            };
        }
        let width = (width + 2).clamp(NARROWEST, WIDEST);
        sheet.set_column_width(column, width as f64)?;
        lines = lines.max(label.chars().count().div_ceil(width));
    }
    // Some programs do not find the height of what is wrapped by themselves.
    sheet.set_row_height(0, (lines.min(MOST_LINES) + 1) as f64 * LINE)?;
    // The territory stays in view: its code, and its name beside it.
    let named = columns.iter().take(FROZEN).position(|c| c.0 == "name");
    sheet.set_freeze_panes(1, named.map_or(0, |n| n as u16 + 1))?;
    for_print(sheet)?;
    if let (Some(last), Some(rows)) = (columns.len().checked_sub(1), columns.first()) {
        sheet.autofilter(0, 0, rows.1.len() as u32, last as u16)?;
    }
    Ok(())
}

impl Formats {
    fn new() -> Self {
        Self {
            header: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            area: Format::new().set_num_format("#,##0.00"),
            share: Format::new().set_num_format("0.00%"),
            whole: Format::new().set_num_format("0"),
            number: Format::new().set_num_format("#,##0"),
        }
    }
}
