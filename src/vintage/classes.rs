//! A vintage from class rasters: pixels of one class become the ground of one object.

use std::collections::BTreeMap;

use super::{Object, Part, Report, Texts, Vintage};
use crate::crs::Crs;
use crate::error::Result;
use crate::partition::{Builder, ItemId};
use crate::raster::{self, Mosaic, Pixel};
use crate::reference::{ClassCode, ClassList, Reference};
use crate::territory;
use crate::vectorise::{self, Drawing, NO_LABEL};

/// Refuses class rasters that are not there or whose nomenclature is not known. They have no rows.
pub(super) fn require(vintage: &territory::Vintage, reference: &Reference) -> Result<u64> {
    nomenclature(vintage, reference)?;
    for pattern in &vintage.classes {
        raster::find(pattern, &place(vintage))?;
    }
    Ok(0)
}

fn place(vintage: &territory::Vintage) -> String {
    format!("vintage {}", vintage.year)
}

/// Name and classes of the nomenclature of a vintage.
fn nomenclature<'a>(
    vintage: &'a territory::Vintage,
    reference: &'a Reference,
) -> Result<(&'a str, &'a ClassList)> {
    let name = vintage.nomenclature.as_deref().unwrap_or_default();
    Ok((name, reference.raster_classes(name, place(vintage))?))
}

/// Reads the class rasters of `vintage`, which must be in the CRS `target`.
pub fn read(vintage: &territory::Vintage, target: &Crs, reference: &Reference) -> Result<Vintage> {
    let place = place(vintage);
    let (name, classes) = nomenclature(vintage, reference)?;
    let mosaic = Mosaic::open(&vintage.classes, vintage.crs.as_deref(), target, &place)?;
    mosaic.require_nomenclature(name)?;
    let mut builder = Builder::new();
    let extent = builder.item();
    let mut parts = vec![Part::Extent];
    let mut texts = Texts::default();
    let mut objects = Vec::new();
    // The items of each label: those of the ground that it is given to.
    let mut items: Vec<Vec<ItemId>> = vec![Vec::new(); usize::from(NO_LABEL) + 1];
    items.push(vec![extent]);
    let no_class = items.len() as u16 - 1;
    let mut labels: BTreeMap<i64, u16> = BTreeMap::new();
    for (code, class) in classes.iter() {
        let label = match class.ground {
            ClassCode::Uncovered => no_class,
            ClassCode::Ground(cover, usage) => {
                parts.push(Part::Object(objects.len() as u32));
                objects.push(Object {
                    cover,
                    usage,
                    id: texts.keep(""),
                    source: texts.keep(name),
                    ossature: None,
                    id_origine: texts.keep(""),
                    code_or: texts.keep(&code.to_string()),
                    official: None,
                });
                items.push(vec![extent, builder.item()]);
                items.len() as u16 - 1
            }
        };
        labels.insert(code, label);
    }
    let label = |pixel, column, row| match pixel {
        Pixel::Outside => Ok(NO_LABEL),
        Pixel::Nodata => Ok(no_class),
        Pixel::Value(value) => {
            let label = labels.get(&value.into()).copied();
            label.ok_or_else(|| mosaic.not_of(name, value, column, row))
        }
    };
    let arcs = vectorise::trace(&mosaic, label, None)?;
    for line in vectorise::lines(&arcs, mosaic.placing(), Drawing::Exact)? {
        let (left, right) = (&items[line.left as usize], &items[line.right as usize]);
        let differing = left.iter().filter(|i| !right.contains(i));
        for &item in differing.chain(right.iter().filter(|i| !left.contains(i))) {
            builder.line(item, &line.points);
        }
    }
    Ok(Vintage {
        year: vintage.year,
        of: 0,
        departement: vintage.departement.clone(),
        flight: vintage.dates.as_deref().and_then(territory::flight_day),
        is_state: true,
        has_zone_construite: false,
        objects,
        builder,
        drawn: vec![f64::NAN; parts.len()],
        parts,
        report: Report {
            sources: mosaic.files(),
            rows: mosaic.pixels(),
            ..Report::default()
        },
    })
}
