//! From a class raster and reference layers to a vintage of OCS GE: vectorise, confront the sources,
//! generalise, deliver.

mod decided;
mod frame;
mod fused;
mod probabilities;
mod product;
mod quality;

pub use decided::DECIDED_KEY;
pub use probabilities::seen_covers;
pub use product::DECISIONS;
pub use quality::{Extent, Quality};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::communes;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::fuse::{self, Origin, SourceReport};
use crate::generalise::{Plots, Rules, Wide, Widths, absorb, grow_buildings, simplify, widen};
use crate::predict::{SeenCovers, digest};
use crate::progress::{Clock, Progress};
use crate::publish::Staging;
use crate::raster;
use crate::reference::Reference;
use crate::territory::{self, Produce, Territory};
use frame::Frame;
use fused::Fused;

/// How often widths and units are looked at in turn: what one mends the other may undo.
const ROUNDS: usize = 4;

/// A vintage to be produced.
pub struct Production<'a> {
    /// The territory.
    pub territory: &'a Territory,
    /// The vintage, given by classes.
    pub vintage: &'a territory::Vintage,
    /// The layers that it is made with.
    pub sources: Produce,
    /// Whether to write every stage.
    pub keeps_stages: bool,
}

/// What was produced, for people.
pub struct Summary {
    /// Where it is.
    pub out: PathBuf,
    /// How good it is.
    pub quality: Quality,
    /// What was read of sources.
    pub sources: Vec<SourceReport>,
    /// Faces of one thing each, before they were generalised.
    pub faces: usize,
    /// Seconds of each phase.
    pub seconds: BTreeMap<String, f64>,
    /// Sources that were not given.
    pub missing: Vec<&'static str>,
}

impl Production<'_> {
    /// Refuses files that are not there before any work starts.
    pub fn require(&self, reference: &Reference) -> Result<()> {
        self.reading(reference)
            .map_err(|e| e.within(format!("vintage {}", self.vintage.year)))
    }

    fn reading(&self, reference: &Reference) -> Result<()> {
        for pattern in &self.vintage.classes {
            raster::find(pattern, &format!("vintage {}", self.vintage.year))?;
        }
        if let Some(communes) = &self.territory.communes {
            communes::require(communes)?;
        }
        fuse::require(&self.sources, reference)
    }

    /// The vintage before, where both come with what a model saw.
    fn before(&self) -> Option<&territory::Vintage> {
        self.vintage.probabilities.as_ref()?;
        let own = &self.vintage.departement;
        let is_before = |v: &&territory::Vintage| {
            let is_one = v.departement.is_none() || own.is_none() || v.departement == *own;
            is_one && v.year < self.vintage.year && v.probabilities.is_some()
        };
        let vintages = self.territory.vintages.iter().filter(is_before);
        vintages.max_by_key(|v| v.year)
    }

    /// What a model saw at the date of the vintage before, and of this one.
    fn seen_before(
        &self,
        crs: &Crs,
        reference: &Reference,
    ) -> Result<Option<(SeenCovers, SeenCovers)>> {
        let Some(before) = self.before() else {
            return Ok(None);
        };
        let open = |vintage| seen_covers(vintage, crs, reference);
        Ok(open(before)?.zip(open(self.vintage)?))
    }

    /// The folder of the vintage in a folder of productions.
    pub fn folder(&self) -> String {
        match &self.vintage.departement {
            Some(departement) => format!("{}-{departement}", self.vintage.year),
            None => self.vintage.year.to_string(),
        }
    }

    /// Makes the vintage in the folder `out`.
    pub fn produce(
        &self,
        out: &Path,
        crs: &Crs,
        reference: &Reference,
        progress: &dyn Progress,
    ) -> Result<Summary> {
        self.require(reference)?;
        let clock = Clock::new(progress);
        let progress: &dyn Progress = &clock;
        let staging = Staging::new(out)?;
        let rules = Rules::new(reference)?;
        let frame = Frame::read(self.territory, self.vintage, crs)?;
        let mut fused = Fused::new(self, crs, reference, &rules, progress)?;
        let ground = frame.ground(&fused);
        if ground == 0 {
            return Err(Error::input(
                format!("vintage {}", self.vintage.year),
                "nothing is told of the ground of its communes",
                "check that classes and communes are of one territory, and `departement`",
            ));
        }
        fused.zones = frame.cut_polygons(&fused.zones);
        let product = product::Product {
            production: self,
            crs,
            reference,
            fused: &fused,
        };
        if self.keeps_stages {
            progress.phase("stages", None);
            for (n, origin) in Origin::ALL.into_iter().enumerate() {
                let (plots, _) = frame.cut(&fused.plots(origin)?.dissolve());
                product.write_stage(&staging, n, origin, &plots)?;
            }
        }
        progress.phase("deciding", None);
        let decided = fused.plots(Origin::FichiersFonciers)?.dissolve();
        let faces = decided.faces().count();
        let mut wide = Wide::default();
        let plots = generalise(&decided, &rules, &mut wide, progress)?;
        // The limits of communes are the last lines laid, so that they bend as little as may be;
        // what they cut off goes to neighbours along lines that are there.
        let (mut plots, laid) = frame.cut(&plots);
        plots.measure_zone(&fused.zones);
        let plots = absorb(&plots, &rules, &[]);
        progress.phase("writing", None);
        if self.keeps_stages {
            product.write_generalised(&staging, &plots)?;
        }
        let extent = Extent {
            laid,
            drawn: frame.area(),
        };
        let quality = Quality::new(&plots, &fused, &rules, &wide, extent)?;
        product.write(&staging, &plots)?;
        let decisions = fused.decide(Origin::FichiersFonciers)?;
        product.write_decisions(&staging, &decisions)?;
        let path = staging.path(decided::DECIDED)?;
        decided::write(&path, &fused, &decisions, crs, reference)?;
        product.write_quality(&staging, &quality)?;
        let seconds = clock.finish();
        let record = json!({
            "program": crate::publish::PROGRAM,
            "version": env!("CARGO_PKG_VERSION"),
            "year": self.vintage.year,
            "sources": fused.gathered.reports,
            "missing": self.missing(),
            "faces": faces,
            "seconds": seconds,
            "seen_before": self.before().map(|before| json!({
                "year": before.year, "probabilities": before.probabilities,
            })),
            "outputs": [
                product::OBJECTS, product::ZONES, product::DECISIONS, decided::DECIDED, &product.name(),
                "stages", "couverture.qml", "usage.qml", "quality.json", "quality.html",
            ],
        });
        write_text(&staging.path("manifest.json")?, &format!("{record:#}\n"))?;
        staging.finish()?;
        Ok(Summary {
            out: out.to_owned(),
            quality,
            faces,
            seconds,
            missing: self.missing(),
            sources: fused.gathered.reports,
        })
    }

    /// The sources that were not given.
    fn missing(&self) -> Vec<&'static str> {
        let given: Vec<&str> = self.sources.sources().map(|(key, _)| key).collect();
        ["bd_topo", "bd_foret", "rpg", "fichiers_fonciers"]
            .into_iter()
            .filter(|key| !given.contains(key))
            .collect()
    }

    /// What the production follows from: whether it must be made again.
    fn description(&self, reference: &Reference) -> Result<Value> {
        let mut files = Vec::new();
        for pattern in &self.vintage.classes {
            files.extend(raster::find(pattern, "classes")?);
        }
        files.extend(self.vintage.probabilities.clone());
        files.extend(
            self.before()
                .and_then(|before| before.probabilities.clone()),
        );
        files.extend(self.territory.communes.iter().map(|c| c.path.clone()));
        for (_, source) in self.sources.sources() {
            list(&source.path, &mut files)?;
        }
        files.sort();
        let files: Vec<(String, String)> = files
            .iter()
            .map(|path| Ok((path.display().to_string(), digest(path)?)))
            .collect::<Result<_>>()?;
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "vintage": format!("{:?}", self.vintage),
            "sources": format!("{:?}", self.sources),
            "crs": self.territory.crs,
            "communes": format!("{:?}", self.territory.communes),
            "files": files,
            "tables": reference.digest(),
        }))
    }

    /// Makes the vintage unless it was made already from the same.
    pub fn produce_once(
        &self,
        out: &Path,
        crs: &Crs,
        reference: &Reference,
        progress: &dyn Progress,
    ) -> Result<Value> {
        self.require(reference)?;
        let what = self.description(reference)?;
        let record = out.with_extension("json");
        let made: Value = std::fs::read_to_string(&record)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let made_here = results(out);
        let digests = || {
            [&made_here.objects, &made_here.zones, &made_here.decided]
                .into_iter()
                .map(|path| digest(path))
                .collect::<Result<Vec<_>>>()
        };
        let is_whole =
            made["of"] == what && digests().is_ok_and(|found| made["sha256"] == json!(found));
        if !is_whole {
            self.produce(out, crs, reference, progress)?;
            let text = json!({ "of": what, "sha256": digests()? });
            write_text(&record, &format!("{text:#}\n"))?;
        }
        Ok(what)
    }
}

/// Where a production left a vintage.
pub struct Results {
    /// Its objects.
    pub objects: PathBuf,
    /// Its zone construite.
    pub zones: PathBuf,
    /// What was decided before it was generalised.
    pub decided: PathBuf,
}

/// Where a production leaves a vintage in the folder `out`.
pub fn results(out: &Path) -> Results {
    Results {
        objects: out.join(product::OBJECTS),
        zones: out.join(product::ZONES),
        decided: out.join(decided::DECIDED),
    }
}

/// Brings plots to the specification.
fn generalise(
    plots: &Plots,
    rules: &Rules,
    wide: &mut Wide,
    progress: &dyn Progress,
) -> Result<Plots> {
    progress.phase("generalising", None);
    let mut plots = grow_buildings(plots, rules)?;
    plots = absorb(&plots, rules, &[]);
    for _ in 0..ROUNDS {
        plots = widen(&plots, rules, Widths::OfUse, wide)?;
        plots = widen(&plots, rules, Widths::OfGround, wide)?;
        plots = absorb(&plots, rules, &[]);
    }
    plots = simplify(&plots, rules);
    Ok(absorb(&plots, rules, &[]))
}

/// All files of a folder, or the one file.
fn list(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|e| Error::unreadable(path, e))?;
    for entry in entries {
        list(
            &entry.map_err(|e| Error::unreadable(path, e))?.path(),
            files,
        )?;
    }
    Ok(())
}

fn write_text(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|e| Error::unwritable(path, e))
}
