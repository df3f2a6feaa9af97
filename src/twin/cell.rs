//! One cell, from its plan to its picture.

use super::cadastre::Cadastre;
use super::canvas::Canvas;
use super::chance::{Draw, Subject, chance};
use super::contour::Lattice;
use super::countryside::Countryside;
use super::layout::{Cell, Layout};
use super::palette::ROAD;
use super::plan::{CellPlan, seams_around};
use super::register::{Class, Way};
use super::scene::{Layer, Picture, Scene, Since};
use super::shapes::{Vector, band, centre, curve, to_grid};
use super::shore;
use super::sites::Site;
use super::village::Village;

/// The number by which the crossings of local roads are drawn; those of rivers and railways are
/// far below.
const LOCAL_ROAD: usize = 1_000_000;
/// Side of a cell in which sites have their full size, m.
const FULL_SIZE: f64 = 1_600.0;
/// Least frontage and depth of a site, m.
const LEAST_SITE: (f64, f64) = (26.0, 24.0);
/// How far from the middle of a cell its village may stand, in sides of a cell.
const STRAY: f64 = 0.16;
/// Room around a village beyond which more is not better, m.
const AMPLE_ROOM: f64 = 250.0;

/// Paints a cell at each of these years; one without a plan is the shore.
pub(super) fn paint(
    layout: &Layout,
    plan: Option<&CellPlan>,
    cell: Cell,
    years: &[u16],
) -> Picture {
    let outline = outline(layout, cell);
    let mut canvas = Canvas {
        cadastre: Cadastre::new(outline.clone()),
        scene: Scene::new(to_grid(&outline)),
        chance: chance(layout.seed, Subject::Cell, &[cell.0, cell.1]),
    };
    match plan {
        Some(plan) => paint_land(layout, plan, cell, years, &mut canvas),
        None => shore::paint(layout, &outline, &mut canvas.scene, &mut canvas.chance),
    }
    canvas
        .scene
        .register
        .ways
        .append(&mut canvas.cadastre.roads);
    canvas.scene.finish(years.len())
}

/// The limit of a cell, not closed.
fn outline(layout: &Layout, cell: Cell) -> Vec<Vector> {
    let sides = layout.sides(cell).into_iter();
    sides
        .flat_map(|mut side| {
            // The last point of a side is the first of the next.
            side.line.pop();
            side.line
        })
        .collect()
}

fn paint_land(layout: &Layout, plan: &CellPlan, cell: Cell, years: &[u16], canvas: &mut Canvas) {
    for passage in &plan.passages {
        let way = passage.way(layout, cell);
        passage.paint(layout.relief(), &mut canvas.scene, &way, &mut canvas.chance);
        canvas.cadastre.add_barrier(way, passage.kept_clear());
    }
    let village = Village {
        middle: settle_middle(layout, cell, canvas),
        houses: plan.houses,
        growth: &plan.growth,
    };
    let countryside = countryside(layout, cell, years, &village);
    countryside.paint_nature(&mut canvas.scene, &mut canvas.chance);
    countryside.paint_parcels(&mut canvas.scene, &mut canvas.chance);
    countryside.dig_ponds(&mut canvas.scene, &mut canvas.chance);
    let is_lived_in = plan.houses > 0;
    if is_lived_in {
        lay_roads(layout, cell, village.middle, canvas);
    }
    for &site in &plan.sites {
        place_site(site, layout, &village, years.len(), canvas);
    }
    if is_lived_in {
        countryside.settle_farms(canvas, &village.away());
        village.lay_streets(canvas);
    }
    village.settle(canvas);
}

fn countryside<'a>(
    layout: &'a Layout,
    cell: Cell,
    years: &[u16],
    village: &Village,
) -> Countryside<'a> {
    let corners = layout.corners(cell);
    let (middle, radius) = (village.middle, village.radius());
    let periods = years.windows(2);
    Countryside {
        relief: layout.relief(),
        corners,
        lattice: Lattice::around(
            &outline(layout, cell),
            (layout.pitch / 130.0).clamp(8.0, 16.0),
        ),
        // Less than half a cell, so that woods pass unbroken from cell to cell.
        clearing: (
            middle,
            (radius * 1.7).min(0.42 * layout.pitch - STRAY * layout.pitch / 2.0),
        ),
        village: (middle, radius + 40.0),
        periods: periods.map(|pair| f64::from(pair[1] - pair[0])).collect(),
    }
}

/// Where the village stands: near the middle of the cell, and away from rivers and railways.
fn settle_middle(layout: &Layout, cell: Cell, canvas: &mut Canvas) -> Vector {
    let middle = centre(&layout.corners(cell));
    let reach = STRAY * layout.pitch;
    let room = |place: Vector| canvas.cadastre.clearance(place).min(AMPLE_ROOM);
    let chance = &mut canvas.chance;
    (0..10).fold(middle, |best, _| {
        let shift = Vector::new(chance.between(-reach, reach), chance.between(-reach, reach));
        let place = middle + shift;
        if room(place) > room(best) {
            place
        } else {
            best
        }
    })
}

/// Lays the roads that meet in the village, from three or four sides of the cell.
fn lay_roads(layout: &Layout, cell: Cell, middle: Vector, canvas: &mut Canvas) {
    let east = Vector::towards(canvas.chance.between(-0.4, 0.4), 1.0);
    let half_width = canvas.chance.between(2.5, 3.2);
    for (n, seam) in seams_around(cell).into_iter().enumerate() {
        let is_from_west_or_east = n % 2 == 0;
        if !is_from_west_or_east && canvas.chance.happens(0.2) {
            continue;
        }
        let place = layout.crossing(seam, LOCAL_ROAD);
        let towards = |axis: Vector| axis * (middle - place).dot(axis).signum();
        let inward = towards(Layout::across(seam));
        let arriving = towards(if is_from_west_or_east {
            east
        } else {
            east.left()
        });
        let pull = 0.4 * place.distance(middle);
        let pieces = ((place.distance(middle) / 22.0) as usize).max(10);
        let mut line = curve((place, inward * pull), (middle, arriving * pull), pieces);
        line.insert(0, place - inward * 12.0);
        let road = band(&line, half_width);
        canvas
            .scene
            .paint(Layer::Road, ROAD, Since::BEGINNING, &road);
        let mut way = Way::new(Class::Local, line, half_width, Since::BEGINNING);
        way.start = 1;
        canvas.cadastre.add_road(way);
    }
}

/// Finds room for a site and draws it; in small cells sites are small.
fn place_site(site: Site, layout: &Layout, village: &Village, dates: usize, canvas: &mut Canvas) {
    let scale = (layout.pitch / FULL_SIZE).min(1.0);
    let (frontage, depth) = site.size();
    let size = (
        (frontage * scale).max(LEAST_SITE.0),
        (depth * scale).max(LEAST_SITE.1),
    );
    let surroundings = if site.is_of_village() {
        village.edge()
    } else {
        village.away()
    };
    let lot = canvas.find(size, &surroundings);
    site.paint(canvas.draft(&lot), dates);
}
