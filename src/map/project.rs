//! A project of QGIS, ready to be opened: every vintage by cover and by use, what changed over every
//! period, in a GeoPackage beside it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use gdal::DriverManager;
use gdal::errors::GdalError;
use gdal::vector::{FieldDefn, Geometry, LayerOptions, OGRFieldType, OGRwkbGeometryType};

use super::layers::{self, KINDS, Source, add, sources};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::publish::{self, Class, classes, renderer, xml};
use crate::reference::Reference;
use crate::vector::{Layer, Opening};

/// The layers.
const DATA: &str = "couches.gpkg";
/// The project.
const PROJECT: &str = "projet.qgs";

/// Writes a project of a run into a new folder, with the stages that productions kept in theirs.
pub fn project(
    out: &Path,
    stages: &[PathBuf],
    series: &str,
    into: &Path,
    reference: &Reference,
) -> Result<()> {
    publish::require_new(into)?;
    let mut sources = sources(out)?;
    for folder in stages {
        sources.extend(layers::stages(folder)?);
    }
    let name = into.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| Error::unwritable(into, "it has no name"))?;
    // Aside first: a project is whole or not there.
    let aside = into.with_file_name(format!(".partial.{name}"));
    // What an interrupted call left; it may not be there.
    let _ = fs::remove_dir_all(&aside);
    let written = fs::create_dir_all(&aside)
        .map_err(|e| Error::unwritable(&aside, e))
        .and_then(|()| write_into(&sources, series, &aside, reference))
        .and_then(|()| {
            // An empty folder of that name may be there.
            let _ = fs::remove_dir(into);
            fs::rename(&aside, into).map_err(|e| Error::unwritable(into, e))
        });
    if written.is_err() {
        let _ = fs::remove_dir_all(&aside);
    }
    written
}

fn write_into(sources: &[Source], series: &str, into: &Path, reference: &Reference) -> Result<()> {
    let mut bounds = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    let crs = copy(sources, series, &into.join(DATA), &mut bounds)?;
    let text = write(sources, &crs, bounds, reference)?;
    let path = into.join(PROJECT);
    fs::write(&path, text).map_err(|e| Error::unwritable(&path, e))
}

/// Copies the layers into a GeoPackage; gives their CRS.
fn copy(sources: &[Source], series: &str, path: &Path, bounds: &mut [f64; 4]) -> Result<Crs> {
    let failed = |e: GdalError| Error::unwritable(path, e);
    publish::fix_settings().map_err(failed)?;
    let driver = DriverManager::get_driver_by_name("GPKG").map_err(failed)?;
    let mut dataset = driver.create_vector_only(path).map_err(failed)?;
    let mut whole = None;
    for source in sources {
        let crs = crs_of(source)?;
        let system = crs.spatial_ref()?;
        whole.get_or_insert(crs);
        let columns = source.columns();
        dataset
            .create_layer(LayerOptions {
                name: &source.name,
                srs: Some(&system),
                ty: OGRwkbGeometryType::wkbPolygon,
                options: None,
            })
            .and_then(|layer| {
                columns.iter().try_for_each(|column| {
                    FieldDefn::new(column, OGRFieldType::OFTString)?.add_to_layer(&layer)
                })
            })
            .map_err(failed)?;
        let transaction = dataset.start_transaction().map_err(failed)?;
        {
            let layer = transaction.layer_by_name(&source.name).map_err(failed)?;
            source.scan(series, |row| {
                let geometry = Geometry::from_wkb(row.geometry).map_err(failed)?;
                let extent = geometry.envelope();
                *bounds = [
                    bounds[0].min(extent.MinX),
                    bounds[1].min(extent.MinY),
                    bounds[2].max(extent.MaxX),
                    bounds[3].max(extent.MaxY),
                ];
                add(&layer, geometry, &row).map_err(failed)
            })?;
        }
        transaction.commit().map_err(failed)?;
    }
    dataset.close().map_err(failed)?;
    whole.ok_or_else(|| Error::Internal("a project of no layer".to_owned()))
}

/// The CRS of a layer.
pub(super) fn crs_of(source: &Source) -> Result<Crs> {
    let layer = Layer::open(&source.path, Opening::default())?;
    let crs = layer.crs().cloned();
    crs.ok_or_else(|| Error::unreadable(&source.path, "it has no CRS"))
}

/// One layer of the project: a source, looked at in one way.
struct Look<'a> {
    id: String,
    title: String,
    source: &'a Source,
    renderer: String,
    is_shown: bool,
}

fn write(
    sources: &[Source],
    crs: &Crs,
    [west, south, east, north]: [f64; 4],
    reference: &Reference,
) -> Result<String> {
    let changes: Vec<Class> = KINDS
        .iter()
        .map(|(value, label, colour)| Class {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            colour: (*colour).to_owned(),
        })
        .collect();
    let last = sources
        .iter()
        .rfind(|s| !s.is_changes && !s.is_stage)
        .map(|s| s.name.as_str());
    let mut looks = Vec::new();
    for source in sources {
        if source.is_changes {
            looks.push(Look {
                id: source.name.clone(),
                title: source.title.clone(),
                source,
                renderer: renderer("changement", &changes),
                is_shown: true,
            });
            continue;
        }
        for (axis, column, nomenclature) in [
            ("couverture", "cs", &reference.cover),
            ("usage", "us", &reference.usage),
        ] {
            looks.push(Look {
                id: format!("{}_{axis}", source.name),
                title: format!("{}, {axis}", source.title),
                source,
                renderer: renderer(column, &classes(nomenclature)),
                is_shown: axis == "couverture" && Some(source.name.as_str()) == last,
            });
        }
    }
    // What changed lies on top.
    looks.sort_by_key(|look| !look.source.is_changes);
    let system = format!(
        "<spatialrefsys><wkt>{}</wkt></spatialrefsys>",
        xml(crs.definition())
    );
    let mut text = format!(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n\
         <qgis projectname=\"OCS GE\" version=\"3.22.0\">\n  <title>OCS GE</title>\n  \
         <projectCrs>{system}</projectCrs>\n  <properties><SpatialRefSys><ProjectionsEnabled \
         type=\"int\">1</ProjectionsEnabled></SpatialRefSys></properties>\n  <layer-tree-group>\n"
    );
    // Writing to a string cannot fail.
    for (name, is_changes, is_stage) in [
        ("Changements", true, false),
        ("Millésimes", false, false),
        ("Étapes", false, true),
    ] {
        let is_in =
            |look: &&Look| (look.source.is_changes, look.source.is_stage) == (is_changes, is_stage);
        if is_stage && !looks.iter().any(|look| is_in(&look)) {
            continue;
        }
        let _ = writeln!(
            text,
            "    <layer-tree-group name=\"{name}\" checked=\"Qt::Checked\" expanded=\"1\">"
        );
        for look in looks.iter().filter(is_in) {
            let checked = if look.is_shown {
                "Qt::Checked"
            } else {
                "Qt::Unchecked"
            };
            let _ = writeln!(
                text,
                "      <layer-tree-layer id=\"{}\" name=\"{}\" checked=\"{checked}\" expanded=\"0\" \
                 providerKey=\"ogr\" source=\"./{DATA}|layername={}\"/>",
                look.id,
                xml(&look.title),
                look.source.name
            );
        }
        text.push_str("    </layer-tree-group>\n");
    }
    text.push_str("  </layer-tree-group>\n");
    let _ = writeln!(
        text,
        "  <mapcanvas name=\"theMapCanvas\"><units>meters</units><extent><xmin>{west}</xmin>\
         <ymin>{south}</ymin><xmax>{east}</xmax><ymax>{north}</ymax></extent>\
         <destinationsrs>{system}</destinationsrs></mapcanvas>\n  <projectlayers>"
    );
    for look in &looks {
        let _ = writeln!(
            text,
            "    <maplayer type=\"vector\" geometry=\"Polygon\"><id>{}</id>\
             <datasource>./{DATA}|layername={}</datasource><layername>{}</layername>\
             <srs>{system}</srs><provider encoding=\"UTF-8\">ogr</provider>\n{}    </maplayer>",
            look.id,
            look.source.name,
            xml(&look.title),
            look.renderer
        );
    }
    text.push_str("  </projectlayers>\n");
    // A theme for each look at a vintage, and one for what changed: views side by side, in one click.
    text.push_str("  <visibility-presets>\n");
    for look in &looks {
        let _ = writeln!(
            text,
            "    <visibility-preset name=\"{}\" has-expanded-info=\"0\"><layer id=\"{}\" visible=\"1\"/>\
             </visibility-preset>",
            xml(&look.title),
            look.id
        );
    }
    text.push_str("  </visibility-presets>\n</qgis>\n");
    Ok(text)
}
