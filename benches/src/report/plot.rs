//! Draws how cost grows.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use super::tables::thousands;
use crate::runner::Growth;

const SIZE: (u32, u32) = (1200, 900);

/// A peer's colour is the same in every panel, and can be told from the others' also by those who see red and green alike.
const COLOURS: [(&str, RGBColor); 10] = [
    ("kolo", RGBColor(0, 0, 0)),
    ("tokio current_thread", RGBColor(230, 159, 0)),
    ("tokio LocalRuntime", RGBColor(213, 94, 0)),
    ("smol", RGBColor(86, 180, 233)),
    ("futures LocalPool", RGBColor(200, 190, 50)),
    ("monoio", RGBColor(0, 114, 178)),
    ("compio", RGBColor(0, 158, 115)),
    ("glommio", RGBColor(204, 121, 167)),
    ("asyncio", RGBColor(150, 150, 150)),
    ("uvloop", RGBColor(90, 90, 90)),
];

fn colour(contender: &str) -> RGBColor {
    let found = COLOURS.iter().find(|(peer, _)| contender.starts_with(peer));
    found.map_or(RED, |&(_, colour)| colour)
}

/// One panel for each kind of work, both axes logarithmic.
pub fn draw(path: &Path, growths: &[Growth]) -> Result<(), String> {
    try_draw(path, growths).map_err(|error| error.to_string())
}

fn try_draw(path: &Path, growths: &[Growth]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    for (panel, growth) in root.split_evenly((2, 2)).iter().zip(growths) {
        let figures = growth
            .curves
            .iter()
            .flat_map(|(_, medians)| medians.iter().copied().flatten());
        let highest = figures.clone().fold(1.0, f64::max) * 2.0;
        let lowest = figures.fold(f64::INFINITY, f64::min).min(highest / 2.0) / 2.0;
        let (Some(&smallest), Some(&largest)) = (growth.sizes.first(), growth.sizes.last()) else {
            continue;
        };
        let (smallest, largest) = (smallest as f64, largest as f64);
        // The names need room: more than half as much again, on the logarithmic axis.
        let right = largest * (largest / smallest).powf(0.7);
        let mut chart = ChartBuilder::on(panel)
            .caption(growth.title, ("sans-serif", 18))
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((smallest..right).log_scale(), (lowest..highest).log_scale())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_labels(growth.sizes.len())
            .x_label_formatter(&|n| thousands(*n as usize))
            .y_label_formatter(&|cost| thousands(*cost as usize))
            .x_desc("n")
            .y_desc("ns for one operation")
            .draw()?;
        for (name, medians) in &growth.curves {
            let width = if name.starts_with("kolo") { 4 } else { 2 };
            let style = colour(name).stroke_width(width);
            let points = growth
                .sizes
                .iter()
                .zip(medians)
                .filter_map(|(&n, &median)| Some((n as f64, median?)));
            chart
                .draw_series(LineSeries::new(points, style))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::MiddleRight)
            .label_font(("sans-serif", 11))
            .draw()?;
    }
    root.present()?;
    Ok(())
}
