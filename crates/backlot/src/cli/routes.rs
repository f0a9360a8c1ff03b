//! `backlot routes`: every route with the policy in force.

use std::io::Write as _;

use backlot_server::{RateInForce, RouteInForce};

use super::arguments::Routes;
use super::{environment, read_source, runtime};
use crate::config::routes_of;
use crate::data_folder::DataFolder;
use crate::secrets::give_secrets;
use crate::wording::bytes;

const HEADINGS: [&str; 7] = ["METHODS", "PATH", "AUTH", "ROLES", "PLANS", "BODY", "RATE"];

pub(super) fn run(arguments: &Routes) -> anyhow::Result<()> {
    let mut source = read_source(arguments.config.config.as_deref())?;
    let data = DataFolder::present(arguments.config.data.as_deref());
    source.set_data_folder(&data);
    runtime()?.block_on(give_secrets(&mut source, data.path(), &environment))?;
    let routes = routes_of(&source, &environment)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &routes)?;
        writeln!(out)?;
        return Ok(());
    }
    for listener in ["public", "admin"] {
        writeln!(out, "{listener} listener")?;
        let rows = routes.iter().filter(|route| route.listener == listener);
        let rows: Vec<[String; 7]> = rows.map(row).collect();
        let widths: [usize; 7] = std::array::from_fn(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default().max(HEADINGS[column].len())
        });
        print(&mut out, &HEADINGS.map(str::to_owned), widths)?;
        for row in &rows {
            print(&mut out, row, widths)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn print(
    out: &mut impl std::io::Write,
    row: &[String; 7],
    widths: [usize; 7],
) -> std::io::Result<()> {
    let cells = row.iter().zip(widths);
    let line = cells.fold("  ".to_owned(), |line, (cell, width)| {
        format!("{line}{cell:width$}  ")
    });
    writeln!(out, "{}", line.trim_end())
}

fn row(route: &RouteInForce) -> [String; 7] {
    let body = route.body_limit_bytes.map_or_else(|| "-".to_owned(), bytes);
    let rates: Vec<String> = route.rate_limits.iter().map(rate).collect();
    [
        route.methods.join(","),
        route.path.clone(),
        route.authentication.to_owned(),
        or_dash(route.roles.join(",")),
        or_dash(route.plans.join(",")),
        body,
        or_dash(rates.join(", ")),
    ]
}

fn or_dash(text: String) -> String {
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

fn rate(rate: &RateInForce) -> String {
    let per = match rate.per_milliseconds {
        1_000 => "s".to_owned(),
        60_000 => "min".to_owned(),
        3_600_000 => "h".to_owned(),
        per if per.is_multiple_of(1000) => format!("{} s", per / 1000),
        per => format!("{per} ms"),
    };
    format!("{}/{per} by {}", rate.requests, rate.by)
}
