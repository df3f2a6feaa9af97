//! Laying communes, vintages, exemptions and corrections on one partition.

use std::collections::BTreeMap;

use super::departements::{
    assign_departements, require_departements, require_one_departement, whole_departement,
};
use super::report::{Laid, OverlayReport, enclosed_gaps};
use super::series::{PUBLISHED, Series, Version};
use super::shift::Shift;
use super::{Evidence, Ground, NONE, OnGround};
use crate::communes::{Commune, Communes, WHOLE};
use crate::crossings::{Crossing, CrossingLayer};
use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::partition::{Builder, FaceId, ItemId, Overlay};
use crate::vintage::{Part, Vintage};

/// Ground that is exempted from the year on.
pub struct ExemptedLayer {
    /// First year that it applies to.
    pub from: u16,
    /// Its linework, any number of items.
    pub builder: Builder,
    /// Items of a smaller area are not exempted, in half square centimetres.
    pub minimum: i64,
}

/// What is laid beside communes and vintages.
#[derive(Default)]
pub struct Beside {
    /// Exempted ground.
    pub exempted: Vec<ExemptedLayer>,
    /// Layers of zones that figures are crossed with.
    pub crossings: Vec<CrossingLayer>,
    /// The linework of corrections.
    pub corrections: Builder,
}

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

/// Lays everything on one partition; gives the ground, the vintages as they are, and the vintages
/// as they are once moved back by their `shifts` where these are significant. Vintages are in
/// [`order`](super::order). `commune_overlap` is the share of the smaller commune that two communes may both claim.
pub fn lay(
    communes: Option<Communes>,
    mut vintages: Vec<Vintage>,
    shifts: &[Option<Shift>],
    beside: Beside,
    commune_overlap: f64,
) -> Result<(Ground, Series, Series)> {
    let shift = |v: usize| shifts.get(v)?.as_ref().filter(|shift| shift.is_corrected());
    let moved: Vec<Option<Builder>> = vintages
        .iter()
        .enumerate()
        .map(|(v, vintage)| {
            shift(v).map(|shift| vintage.builder.moved(|point| shift.undone(point)))
        })
        .collect();
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
    for layer in beside.exempted {
        exempt_from.push(layer.from);
        exempt_minimum.push(layer.minimum);
        starts.push(builder.append(layer.builder));
    }
    let mut crossed = beside.crossings;
    for layer in &mut crossed {
        starts.push(builder.append(std::mem::take(&mut layer.builder)));
    }
    starts.push(builder.append(beside.corrections));
    let is_moved: Vec<bool> = moved.iter().map(Option::is_some).collect();
    for builder_of_moved in moved {
        starts.push(builder.append(builder_of_moved.unwrap_or_default()));
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
    let first_crossing = first_exemption + exempt_from.len();
    let corrections = first_crossing + crossed.len();
    let first_moved = corrections + 1;
    let mut objects: Vec<Vec<u32>> = vec![vec![NONE; count]; vintages.len()];
    let mut moved_objects: Vec<Vec<u32>> = is_moved
        .iter()
        .map(|&is| if is { vec![NONE; count] } else { Vec::new() })
        .collect();
    let mut zones: Vec<Option<Vec<bool>>> = vintages
        .iter()
        .map(|v| v.has_zone_construite.then(|| vec![false; count]))
        .collect();
    let mut reached: Vec<Vec<bool>> = vec![vec![false; count]; vintages.len()];
    let mut exempt: Vec<Vec<bool>> = vec![vec![false; count]; exempt_from.len()];
    let mut crossings: Vec<Crossing> = crossed
        .iter_mut()
        .map(|layer| Crossing {
            name: std::mem::take(&mut layer.name),
            period: layer.period,
            zones: std::mem::take(&mut layer.zones),
            zone: vec![NONE; count],
        })
        .collect();
    let mut zone_winner = vec![0i64; crossings.len()];
    let mut moved_winner = vec![0i64; vintages.len()];
    let mut corrected = Vec::new();
    let mut laid: Vec<Tally> = vintages.iter().map(|_| Tally::default()).collect();
    for face in 0..count {
        let area = overlay.partition.area(face as FaceId);
        for &item in overlay.items(face as FaceId) {
            let (layer, n) = layers.locate(item);
            if layer == 0 {
                continue;
            }
            if layer >= first_moved {
                let v = layer - first_moved;
                if let Part::Object(object) = vintages[v].parts[n] {
                    let list = &vintages[v].objects;
                    let kept = &mut moved_objects[v][face];
                    let challenger = (areas[item as usize], &list[object as usize]);
                    if *kept == NONE || challenger < (moved_winner[v], &list[*kept as usize]) {
                        *kept = object;
                        moved_winner[v] = areas[item as usize];
                    }
                }
                continue;
            }
            if layer == corrections {
                corrected.push((face as FaceId, n as ItemId));
                continue;
            }
            if layer >= first_crossing {
                let number = layer - first_crossing;
                // The smallest claimant has the ground, as among objects.
                let challenger = (areas[item as usize], crossed[number].owners[n]);
                let (winner, zone) = (&mut zone_winner[number], &mut crossings[number].zone[face]);
                if *zone == NONE || challenger < (*winner, *zone) {
                    (*winner, *zone) = challenger;
                }
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
                        laid[v].winner = areas[item as usize];
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
                    let winning = laid[v].winner;
                    let challenger = (areas[item as usize], &list[object as usize]);
                    if challenger < (winning, &list[kept as usize]) {
                        objects[v][face] = object;
                        laid[v].winner = areas[item as usize];
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
                official: None,
            }]
        }
    };
    let (departements, departement) =
        assign_departements(&list, &vintages, &commune, &objects, &in_frame);
    require_departements(&vintages, &departements)?;

    let (mut on_ground, mut versions, mut pool) = (Vec::new(), Vec::new(), Vec::new());
    let mut moved_versions = Vec::new();
    for (v, vintage) in vintages.into_iter().enumerate() {
        let object = std::mem::take(&mut objects[v]);
        let own = vintage.departement.as_deref().and_then(|own| {
            departements
                .iter()
                .position(|d| &**d == own)
                .map(|n| n as u32)
        });
        let first = layers.starts[v + 1] as usize;
        let laid = Laid {
            partition: &overlay.partition,
            vintage: &vintage,
            areas: &areas[first..first + vintage.parts.len()],
            object: &object,
            reached: &reached[v],
            commune: &commune,
            departement: &departement,
            own_departement: own,
            overlaps: laid[v].overlaps,
            overlap_faces: laid[v].overlap_faces,
        }
        .report();
        let mut object = object;
        let before = pool.len() as u32;
        for object in object.iter_mut().filter(|o| **o != NONE) {
            *object += before;
        }
        // Where a moved vintage has nothing, at the edge of its data, it says what it says in place.
        let in_place = |(moved, own): (u32, &u32)| match moved {
            NONE => *own,
            moved => moved + before,
        };
        let moved = std::mem::take(&mut moved_objects[v]);
        let moved: Vec<u32> = moved.into_iter().zip(&object).map(in_place).collect();
        pool.extend(vintage.objects);
        let version = Version::new(&overlay.partition, &object);
        moved_versions.push(match moved.is_empty() {
            true => version.clone(),
            false => Version::new(&overlay.partition, &moved),
        });
        versions.push(version);
        on_ground.push(OnGround {
            year: vintage.year,
            of: vintage.of,
            departement: vintage.departement,
            flight: vintage.flight,
            is_state: vintage.is_state,
            zone: zones[v].take(),
            report: vintage.report,
            laid,
        });
    }
    let published = |versions: Vec<Version>| Series {
        name: PUBLISHED,
        is_official: true,
        verdicts: vec![Vec::new(); versions.len()],
        judged: Vec::new(),
        versions,
    };
    let ground = Ground {
        partition: overlay.partition,
        communes: list,
        commune,
        departements,
        departement,
        objects: pool,
        vintages: on_ground,
        crossings,
        exempted: exempt_from.into_iter().zip(exempt).collect(),
        corrected,
        evidence: Evidence::default(),
        report,
    };
    Ok((ground, published(versions), published(moved_versions)))
}

/// Sums over the faces of one vintage.
#[derive(Default)]
struct Tally {
    /// Area of the item that has the current face.
    winner: i64,
    overlaps: i64,
    overlap_faces: u64,
    last_overlap: usize,
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
        let code = communes.list[n].code.to_string();
        report.commune_differences_m2.insert(code, difference);
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
