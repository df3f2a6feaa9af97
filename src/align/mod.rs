//! Several vintages and the communes on one partition of the ground.
//!
//! Vintages are taken as they are (`mode = "none"`): one overlay of all their linework, in which
//! overlaps within a layer are resolved by content, never by the order of the input.

mod cause;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

pub use cause::{Cause, cause};

use crate::communes::{Commune, Communes, NO_DEPARTEMENT, WHOLE};
use crate::error::{Error, Result, suggest};
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::partition::{Builder, FaceId, ItemId, Overlay, Partition};
use crate::vintage::{Object, Part, Report, Vintage};

/// No commune, no object, no département.
pub const NONE: u32 = u32::MAX;

/// The ground: one partition, and what every face of it is.
pub struct Ground {
    /// The faces.
    pub partition: Partition,
    /// The communes, sorted by code.
    pub communes: Vec<Commune>,
    /// The commune of each face, or [`NONE`].
    pub commune: Vec<u32>,
    /// The départements, sorted.
    pub departements: Vec<Arc<str>>,
    /// The département of each face; [`NONE`] for what is not in the frame.
    pub departement: Vec<u32>,
    /// The vintages, by year and département.
    pub vintages: Vec<OnGround>,
    /// Exempted ground, by the first year that it applies to.
    pub exempted: Vec<(u16, Vec<bool>)>,
    /// What the overlay found.
    pub report: OverlayReport,
}

/// A vintage on the partition.
pub struct OnGround {
    /// Nominal year.
    pub year: u16,
    /// The only département that it is about.
    pub departement: Option<String>,
    /// Day of flight.
    pub flight: Option<f64>,
    /// Whether it describes the state of the ground, and not only where it changed.
    pub is_state: bool,
    /// Its objects.
    pub objects: Vec<Object>,
    /// The partition of the vintage alone.
    pub partition: Partition,
    /// The object of each of its faces, or [`NONE`].
    pub object: Vec<u32>,
    /// For each face of the ground, the vintage's face that it is part of.
    pub face: Vec<FaceId>,
    /// For each face of the ground, whether it lies in the zone construite, where that is known.
    pub zone: Option<Vec<bool>>,
    /// What was found when reading it.
    pub report: Report,
    /// What was found when laying it.
    pub laid: LaidReport,
}

/// What was found when a vintage was laid on the ground. Areas are in m².
#[derive(Clone, Debug, Default, Serialize)]
pub struct LaidReport {
    /// Ground that the vintage's data reach.
    pub extent_m2: String,
    /// Ground that it covers.
    pub covered_m2: String,
    /// Sum of its objects' areas less that of their union.
    pub overlaps_m2: String,
    /// Ground that several of its objects claim: the smallest object has it.
    pub overlap_faces: u64,
    /// Holes in it that it encloses on all sides.
    pub gaps_m2: String,
    /// Their number.
    pub gap_faces: u64,
    /// Ground that it covers outside all communes.
    pub outside_communes_m2: String,
    /// Ground that it covers outside the only département that it is about: in no account.
    pub other_departements_m2: String,
    /// Parts whose rings cross themselves or one another, and cover what an odd number of rings
    /// enclose: their area is not the one drawn.
    pub redrawn_parts: u64,
    /// How far the areas of these parts differ from those drawn, in all.
    pub redrawn_m2: f64,
    /// Ids of the objects of these parts, the first hundred.
    pub redrawn_ids: Vec<String>,
    /// Parts that are too thin for the grid, and cover nothing.
    pub collapsed_parts: u64,
    /// Ids of the objects of these parts, the first hundred.
    pub collapsed_ids: Vec<String>,
}

/// What the overlay found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OverlayReport {
    /// Faces of the partition.
    pub faces: u64,
    /// Edges of the partition.
    pub edges: u64,
    /// Passes of the noding that moved an edge.
    pub noding_passes: u32,
    /// No point of an input edge has moved further than this, rounding to the grid included, m.
    pub drift_bound_m: f64,
    /// The largest difference between a commune's area as drawn and as laid, m².
    pub largest_commune_difference_m2: f64,
    /// The commune that has it.
    pub largest_commune_difference: String,
    /// Ground that several communes claim, m²: the smallest code has it.
    pub commune_overlaps_m2: String,
}

/// Ground that is exempted from the year on.
pub struct ExemptedLayer {
    /// First year that it applies to.
    pub from: u16,
    /// Its linework, any number of items.
    pub builder: Builder,
    /// Items of a smaller area are not exempted, in half square centimetres.
    pub minimum: i64,
}

/// A part whose area on the grid differs from the drawn one by more than this has rings that
/// cross: rounding to the grid alone moves less.
const REDRAWN_M2: f64 = 5.0;

/// Where the items of each layer start in the common overlay.
struct Layers {
    /// First item of each layer, in order.
    starts: Vec<ItemId>,
}

impl Layers {
    /// The layer of an item, and its number in the layer.
    fn locate(&self, item: ItemId) -> (usize, usize) {
        let layer = self.starts.partition_point(|&s| s <= item) - 1;
        (layer, (item - self.starts[layer]) as usize)
    }
}

/// Lays everything on one partition. `commune_overlap` is the share of the smaller commune that
/// two communes may both claim.
pub fn lay(
    communes: Option<Communes>,
    mut vintages: Vec<Vintage>,
    exempted: Vec<ExemptedLayer>,
    commune_overlap: f64,
) -> Result<Ground> {
    vintages.sort_by(|a, b| (a.year, &a.departement).cmp(&(b.year, &b.departement)));
    let mut builder = Builder::new();
    let mut starts = Vec::new();
    let mut communes = communes;
    let commune_items = communes.as_mut().map(|c| std::mem::take(&mut c.builder));
    starts.push(builder.append(commune_items.unwrap_or_default()));
    for vintage in &mut vintages {
        starts.push(builder.append(std::mem::take(&mut vintage.builder)));
    }
    let mut exempt_from = Vec::new();
    let mut exempt_minimum = Vec::new();
    for layer in exempted {
        exempt_from.push(layer.from);
        exempt_minimum.push(layer.minimum);
        starts.push(builder.append(layer.builder));
    }
    let layers = Layers { starts };
    let overlay = builder.build();
    overlay
        .verify()
        .map_err(|defect| Error::Internal(format!("the partition is not one: {defect}")))?;
    let areas = overlay.item_areas();

    let mut report = OverlayReport {
        faces: overlay.partition.face_count() as u64 - 1,
        edges: overlay.partition.edge_count() as u64,
        noding_passes: overlay.noding_passes(),
        drift_bound_m: f64::from(overlay.noding_passes() + 1) * std::f64::consts::FRAC_1_SQRT_2
            / 100.0,
        ..OverlayReport::default()
    };
    let has_communes = communes.is_some();
    let mut commune = match &communes {
        Some(communes) => {
            let commune =
                assign_communes(&overlay, &layers, communes, commune_overlap, &mut report)?;
            require_meeting(&overlay, &layers, &commune, vintages.len())?;
            commune
        }
        None => vec![NONE; overlay.partition.face_count()],
    };

    let count = overlay.partition.face_count();
    let first_exemption = 1 + vintages.len();
    let mut objects: Vec<Vec<u32>> = vec![vec![NONE; count]; vintages.len()];
    let mut zones: Vec<Option<Vec<bool>>> = vintages
        .iter()
        .map(|v| v.has_zone_construite.then(|| vec![false; count]))
        .collect();
    let mut reached: Vec<Vec<bool>> = vec![vec![false; count]; vintages.len()];
    let mut exempt: Vec<Vec<bool>> = vec![vec![false; count]; exempt_from.len()];
    let mut laid: Vec<Tally> = vintages.iter().map(|_| Tally::default()).collect();
    for face in 0..count {
        let area = overlay.partition.area(face as FaceId);
        for &item in overlay.items(face as FaceId) {
            let (layer, n) = layers.locate(item);
            if layer == 0 {
                continue;
            }
            if layer >= first_exemption {
                let number = layer - first_exemption;
                exempt[number][face] |= areas[item as usize] >= exempt_minimum[number];
                continue;
            }
            let v = layer - 1;
            reached[v][face] = true;
            match vintages[v].parts[n] {
                Part::Extent => {}
                Part::ZoneConstruite => {
                    if let Some(zone) = &mut zones[v] {
                        zone[face] = true;
                    }
                    reached[v][face] = objects[v][face] != NONE;
                }
                Part::Object(object) => {
                    let kept = objects[v][face];
                    if kept == NONE {
                        objects[v][face] = object;
                        laid[v].winner = (areas[item as usize], face);
                        continue;
                    }
                    laid[v].overlaps += area;
                    if laid[v].last_overlap != face {
                        laid[v].last_overlap = face;
                        laid[v].overlap_faces += 1;
                    }
                    // The smallest claimant has the ground: it is the finer drawing. Then content
                    // decides, so that the order of the input does not.
                    let list = &vintages[v].objects;
                    let winning = laid[v].winner.0;
                    let challenger = (areas[item as usize], &list[object as usize]);
                    if challenger < (winning, &list[kept as usize]) {
                        objects[v][face] = object;
                        laid[v].winner = (areas[item as usize], face);
                    }
                }
            }
        }
    }

    // The frame: communes, what vintages reach, and, where there are no communes, the holes that
    // a vintage encloses.
    let keeps_gaps = !has_communes && vintages.iter().any(|v| v.is_state);
    let mut in_frame: Vec<bool> = (0..count)
        .map(|f| f != 0 && (commune[f] != NONE || reached.iter().any(|r| r[f])))
        .collect();
    if keeps_gaps {
        let framed: Vec<u32> = in_frame
            .iter()
            .map(|&is| if is { 0 } else { NONE })
            .collect();
        for gap in enclosed_gaps(&overlay.partition, &framed) {
            in_frame[gap as usize] = true;
        }
    }
    let list = match communes {
        Some(communes) => communes.list,
        None => {
            require_one_departement(&vintages)?;
            for face in 0..count {
                if in_frame[face] {
                    commune[face] = 0;
                }
            }
            vec![Commune {
                code: WHOLE.into(),
                name: "".into(),
                departement: whole_departement(&vintages).into(),
            }]
        }
    };
    let (departements, departement) =
        assign_departements(&list, &vintages, &commune, &objects, &in_frame);
    require_departements(&vintages, &departements)?;

    let mut on_ground = Vec::new();
    for (v, vintage) in vintages.into_iter().enumerate() {
        let object = std::mem::take(&mut objects[v]);
        let own = vintage.departement.as_deref().and_then(|own| {
            departements
                .iter()
                .position(|d| &**d == own)
                .map(|n| n as u32)
        });
        let laid = laid[v].report(
            &overlay,
            &vintage,
            &object,
            &reached[v],
            &commune,
            &areas,
            v,
            &layers,
            &departement,
            own,
        );
        let dissolved = overlay.partition.dissolve(&object);
        on_ground.push(OnGround {
            year: vintage.year,
            departement: vintage.departement,
            flight: vintage.flight,
            is_state: vintage.is_state,
            objects: vintage.objects,
            object: dissolved
                .members
                .iter()
                .map(|&m| object[m as usize])
                .collect(),
            partition: dissolved.partition,
            face: dissolved.merged,
            zone: zones[v].take(),
            report: vintage.report,
            laid,
        });
    }
    Ok(Ground {
        partition: overlay.partition,
        communes: list,
        commune,
        departements,
        departement,
        vintages: on_ground,
        exempted: exempt_from.into_iter().zip(exempt).collect(),
        report,
    })
}

/// Sums over the faces of one vintage.
#[derive(Default)]
struct Tally {
    /// Area of the item that has the current face, and the face.
    winner: (i64, usize),
    overlaps: i64,
    overlap_faces: u64,
    last_overlap: usize,
}

impl Tally {
    #[expect(clippy::too_many_arguments, reason = "a report reads everything")]
    fn report(
        &self,
        overlay: &Overlay,
        vintage: &Vintage,
        object: &[u32],
        reached: &[bool],
        commune: &[u32],
        areas: &[i64],
        number: usize,
        layers: &Layers,
        departement: &[u32],
        own_departement: Option<u32>,
    ) -> LaidReport {
        let sum = |keep: &dyn Fn(usize) -> bool| -> i64 {
            (1..object.len())
                .filter(|&f| keep(f))
                .map(|f| overlay.partition.area(f as FaceId))
                .sum()
        };
        let covered = sum(&|f| object[f] != NONE);
        let gaps: Vec<FaceId> = enclosed_gaps(&overlay.partition, object);
        let start = layers.starts[number + 1] as usize;
        let parts = || {
            let drawn = vintage.parts.iter().zip(&vintage.drawn).enumerate();
            drawn.filter_map(|(n, (part, &drawn))| match part {
                Part::Object(o) if drawn.is_finite() => Some((*o, drawn, areas[start + n])),
                _ => None,
            })
        };
        let collapsed: Vec<u32> = parts()
            .filter(|(_, _, laid)| *laid == 0)
            .map(|(o, _, _)| o)
            .collect();
        let redrawn: Vec<(u32, f64)> = parts()
            .filter(|(_, _, laid)| *laid != 0)
            .map(|(o, drawn, laid)| (o, (laid as f64 / HALF_CM2_PER_M2 as f64 - drawn).abs()))
            .filter(|(_, difference)| *difference > REDRAWN_M2)
            .collect();
        let elsewhere = sum(&|f| {
            object[f] != NONE
                && departement[f] != NONE
                && own_departement.is_some_and(|d| d != departement[f])
        });
        let ids = |o: &u32| vintage.objects[*o as usize].id.to_string();
        LaidReport {
            extent_m2: format_m2(sum(&|f| reached[f])),
            covered_m2: format_m2(covered),
            overlaps_m2: format_m2(self.overlaps),
            overlap_faces: self.overlap_faces,
            gaps_m2: format_m2(gaps.iter().map(|&f| overlay.partition.area(f)).sum()),
            gap_faces: gaps.len() as u64,
            outside_communes_m2: format_m2(sum(&|f| object[f] != NONE && commune[f] == NONE)),
            other_departements_m2: format_m2(elsewhere),
            redrawn_parts: redrawn.len() as u64,
            redrawn_m2: redrawn.iter().map(|(_, difference)| difference).sum(),
            redrawn_ids: redrawn
                .iter()
                .take(100)
                .map(|(o, _)| ids(o))
                .filter(|i| !i.is_empty())
                .collect(),
            collapsed_parts: collapsed.len() as u64,
            collapsed_ids: collapsed
                .iter()
                .take(100)
                .map(ids)
                .filter(|i| !i.is_empty())
                .collect(),
        }
    }
}

/// Connected pieces of uncovered ground that do not reach the outside.
fn enclosed_gaps(partition: &Partition, object: &[u32]) -> Vec<FaceId> {
    let covered: Vec<u32> = object.iter().map(|&o| u32::from(o != NONE)).collect();
    let dissolved = partition.dissolve(&covered);
    // Faces of `partition` that lie in a merged, uncovered face other than the outside.
    (1..covered.len() as FaceId)
        .filter(|&f| covered[f as usize] == 0 && dissolved.merged[f as usize] != 0)
        .collect()
}

fn assign_communes(
    overlay: &Overlay,
    layers: &Layers,
    communes: &Communes,
    tolerance: f64,
    report: &mut OverlayReport,
) -> Result<Vec<u32>> {
    let count = overlay.partition.face_count();
    let mut commune = vec![NONE; count];
    let mut areas = vec![0i64; communes.list.len()];
    let mut shared: BTreeMap<(u32, u32), i64> = BTreeMap::new();
    for (face, owner) in commune.iter_mut().enumerate() {
        let area = overlay.partition.area(face as FaceId);
        let mut claims: Vec<u32> = overlay
            .items(face as FaceId)
            .iter()
            .map(|&item| layers.locate(item))
            .filter(|(layer, _)| *layer == 0)
            .map(|(_, n)| communes.owners[n])
            .collect();
        claims.sort_unstable();
        claims.dedup();
        if let [first, others @ ..] = claims.as_slice() {
            *owner = *first;
            areas[*first as usize] += area;
            for other in others {
                *shared.entry((*first, *other)).or_default() += area;
            }
        }
    }
    for (&(a, b), &area) in &shared {
        let (p, q) = (&communes.list[a as usize], &communes.list[b as usize]);
        let drawn = communes.drawn[a as usize].min(communes.drawn[b as usize]);
        let square_metres = area as f64 / HALF_CM2_PER_M2 as f64;
        if square_metres > tolerance * drawn {
            return Err(Error::input(
                "communes",
                format!(
                    "{} ({}) and {} ({}) overlap by {square_metres:.0} m²",
                    p.code, p.name, q.code, q.name
                ),
                "give communes that share their limits",
            ));
        }
    }
    report.commune_overlaps_m2 = format_m2(shared.values().sum());
    for (n, &area) in areas.iter().enumerate() {
        let difference = area as f64 / HALF_CM2_PER_M2 as f64 - communes.drawn[n];
        if difference.abs() > report.largest_commune_difference_m2.abs() {
            report.largest_commune_difference_m2 = difference;
            report.largest_commune_difference = communes.list[n].code.to_string();
        }
    }
    Ok(commune)
}

/// Refuses communes and vintages that lie apart.
fn require_meeting(
    overlay: &Overlay,
    layers: &Layers,
    commune: &[u32],
    vintages: usize,
) -> Result<()> {
    let is_of_vintage = |&item: &ItemId| (1..=vintages).contains(&layers.locate(item).0);
    let meets = (0..commune.len() as FaceId)
        .any(|f| commune[f as usize] != NONE && overlay.items(f).iter().any(is_of_vintage));
    if meets {
        return Ok(());
    }
    Err(Error::input(
        "communes and vintages",
        "no commune lies where a vintage is",
        "check that both are of the same territory, and their CRS",
    ))
}

/// Refuses vintages of several départements where no commune tells which ground is whose.
fn require_one_departement(vintages: &[Vintage]) -> Result<()> {
    let first = vintages.first().and_then(|v| v.departement.as_deref());
    match vintages.iter().find(|v| v.departement.as_deref() != first) {
        Some(vintage) => Err(Error::input(
            format!("vintage {}", vintage.year),
            "is not of the same département as the others, and there are no communes",
            "add [communes], which tell the départements, or leave `departement` out",
        )),
        None => Ok(()),
    }
}

/// The département of a territory without communes: that of its vintages, if they have one.
fn whole_departement(vintages: &[Vintage]) -> &str {
    let declared = vintages.first().and_then(|v| v.departement.as_deref());
    match declared {
        Some(one)
            if vintages
                .iter()
                .all(|v| v.departement.as_deref() == Some(one)) =>
        {
            one
        }
        _ => NO_DEPARTEMENT,
    }
}

/// Refuses a vintage that is about a département in which there is no ground.
fn require_departements(vintages: &[Vintage], departements: &[Arc<str>]) -> Result<()> {
    let is_lost = |v: &&Vintage| {
        let own = v.departement.as_deref();
        own.is_some_and(|own| departements.iter().all(|d| &**d != own))
    };
    match vintages.iter().find(is_lost) {
        Some(vintage) => {
            let own = vintage.departement.as_deref().unwrap_or_default();
            Err(Error::input(
                format!("vintage {}", vintage.year),
                format!("is said to be about the département {own}, where there is no ground"),
                suggest(own, departements.iter().map(|d| &**d)),
            ))
        }
        None => Ok(()),
    }
}

/// The département of each face of the frame: its commune's; else the only one there is; else
/// that of a vintage which covers it.
fn assign_departements(
    communes: &[Commune],
    vintages: &[Vintage],
    commune: &[u32],
    objects: &[Vec<u32>],
    in_frame: &[bool],
) -> (Vec<Arc<str>>, Vec<u32>) {
    let mut departements: Vec<Arc<str>> = communes.iter().map(|c| c.departement.clone()).collect();
    departements.sort();
    departements.dedup();
    let of_communes = departements.clone();
    for vintage in vintages {
        departements.extend(vintage.departement.as_deref().map(Arc::from));
    }
    if of_communes.len() != 1 {
        departements.push(NO_DEPARTEMENT.into());
    }
    departements.sort();
    departements.dedup();
    let place = |name: &str| {
        departements
            .iter()
            .position(|d| &**d == name)
            .map_or(NONE, |n| n as u32)
    };
    let of_commune: Vec<u32> = communes.iter().map(|c| place(&c.departement)).collect();
    let of_vintage: Vec<Option<u32>> = vintages
        .iter()
        .map(|v| v.departement.as_deref().map(place))
        .collect();
    let elsewhere = match of_communes.as_slice() {
        [only] => place(only),
        _ => place(NO_DEPARTEMENT),
    };
    let departement: Vec<u32> = (0..commune.len())
        .map(|f| {
            if !in_frame[f] {
                return NONE;
            }
            if commune[f] != NONE {
                return of_commune[commune[f] as usize];
            }
            (0..vintages.len())
                .find_map(|v| of_vintage[v].filter(|_| objects[v][f] != NONE))
                .unwrap_or(elsewhere)
        })
        .collect();
    let mut used = vec![false; departements.len()];
    for &d in departement.iter().filter(|&&d| d != NONE) {
        used[d as usize] = true;
    }
    // Only those that have ground are kept.
    let mut numbers = vec![NONE; departements.len()];
    let mut kept = Vec::new();
    for (n, name) in departements.into_iter().enumerate() {
        if used[n] {
            numbers[n] = kept.len() as u32;
            kept.push(name);
        }
    }
    let renumber = |d: u32| if d == NONE { NONE } else { numbers[d as usize] };
    (kept, departement.into_iter().map(renumber).collect())
}
