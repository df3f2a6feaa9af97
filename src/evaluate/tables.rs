//! Scores as CSV.

use std::path::Path;

use super::{CAVEAT, Evaluation};
use crate::error::{Error, Result};
use crate::grid::format_m2;
use crate::publish::require_new;

/// Writes the scores into the folder `out`: `scores.csv`, `verdicts.csv`, `communes.csv` and
/// `vintages.csv`.
pub fn write(evaluation: &Evaluation, out: &Path) -> Result<()> {
    require_new(out)?;
    std::fs::create_dir_all(out).map_err(|e| Error::unwritable(out, e))?;
    let scores = evaluation.scores.iter().map(|s| {
        let mut row = vec![
            CAVEAT.to_owned(),
            s.years.0.to_string(),
            s.years.1.to_string(),
            s.method.name().to_owned(),
            s.kind.clone(),
        ];
        let counts = [
            s.true_objects,
            s.found_objects,
            s.seen_objects,
            s.right_objects,
        ];
        row.extend(counts.map(|n| n.to_string()));
        row.extend([s.recall_by_object(), s.precision_by_object()].map(share));
        let areas = [
            s.true_area,
            s.seen_area,
            s.common_area,
            s.missed_off_outlines,
            s.false_off_outlines,
        ];
        row.extend(areas.map(format_m2));
        row.extend([s.recall_by_area(), s.precision_by_area()].map(share));
        row
    });
    let columns = "about,year_before,year_after,method,kind,true_objects,found_objects,\
                   seen_objects,right_objects,recall_by_object,precision_by_object,true_m2,seen_m2,\
                   common_m2,missed_off_outlines_m2,false_off_outlines_m2,recall_by_area,\
                   precision_by_area";
    table(&out.join("scores.csv"), columns, scores)?;
    let verdicts = evaluation.verdicts.iter().map(|v| {
        let mut row = vec![
            CAVEAT.to_owned(),
            v.years.0.to_string(),
            v.years.1.to_string(),
            v.verdict.name().to_owned(),
        ];
        row.extend(v.codes.iter().cloned());
        row.extend([v.true_area, v.false_area].map(format_m2));
        row
    });
    let columns = "about,year_before,year_after,verdict,cs_before,us_before,cs_after,us_after,\
                   truly_changed_m2,not_changed_m2";
    table(&out.join("verdicts.csv"), columns, verdicts)?;
    let communes = evaluation.communes.iter().map(|c| {
        let mut row = vec![
            CAVEAT.to_owned(),
            c.years.0.to_string(),
            c.years.1.to_string(),
            c.method.name().to_owned(),
            c.commune.to_string(),
        ];
        let pairs = [c.stock, c.gained, c.lost, c.net()];
        row.extend(pairs.into_iter().flatten().map(format_m2));
        row
    });
    let columns = "about,year_before,year_after,method,commune,true_stock_after_m2,\
                   stock_after_m2,true_artificialised_m2,artificialised_m2,\
                   true_desartificialised_m2,desartificialised_m2,true_net_m2,net_m2";
    table(&out.join("communes.csv"), columns, communes)?;
    let vintages = evaluation.vintages.iter().map(|v| {
        let about = if v.is_specified { "specified" } else { "all" };
        let (departement, year) = (v.departement.to_string(), v.year.to_string());
        let mut row = vec![CAVEAT.to_owned(), departement, year, about.to_owned()];
        row.extend([v.area, v.cover, v.usage, v.both].map(format_m2));
        row.extend([v.cover, v.usage, v.both].map(|area| share(v.share(area))));
        row
    });
    let columns = "about,departement,year,ground,area_m2,right_cover_m2,right_use_m2,right_both_m2,\
                   right_cover,right_use,right_both";
    table(&out.join("vintages.csv"), columns, vintages)
}

/// A share; nothing where there is nothing to divide by.
fn share(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.4}")
    } else {
        String::new()
    }
}

fn table(path: &Path, columns: &str, rows: impl Iterator<Item = Vec<String>>) -> Result<()> {
    let failed = |e: csv::Error| Error::unwritable(path, e);
    let mut writer = csv::Writer::from_path(path).map_err(failed)?;
    writer.write_record(columns.split(',')).map_err(failed)?;
    for row in rows {
        writer.write_record(&row).map_err(failed)?;
    }
    writer.flush().map_err(|e| Error::unwritable(path, e))
}
