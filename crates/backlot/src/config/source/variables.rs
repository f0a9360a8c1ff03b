//! Environment variables that look like misspelled ones of Backlot, each with the nearest valid name.

use std::collections::BTreeSet;

use super::environment::{MAX_ENTRIES, WIX_NAMES};
use super::{Origin, renamed};
use crate::config::error::ConfigProblem;
use crate::config::keys::SECTIONS;

/// Variables of tests and builds, which are not keys.
const OTHERS: [&str; 2] = ["BACKLOT_BLESS", "BACKLOT_TEST_POSTGRES"];
/// The maximum edit distance of a misspelled name.
const NEAR: usize = 3;

/// Finds misspelled names among variables that have a value.
pub(crate) fn misspelt(names: impl Iterator<Item = String>) -> Vec<ConfigProblem> {
    let mut known: BTreeSet<String> = OTHERS.iter().map(|it| (*it).to_owned()).collect();
    known.extend(WIX_NAMES.iter().map(|(name, _)| (*name).to_owned()));
    for section in SECTIONS.iter() {
        let entries = if section.name.ends_with("[]") {
            MAX_ENTRIES
        } else {
            1
        };
        for key in &section.keys {
            known.extend((0..entries).map(|index| key.variable(index)));
        }
    }
    let mut found: Vec<String> = names
        .filter(|name| !known.contains(name) && !is_of_kubernetes(name))
        .collect();
    found.sort_unstable();
    found.iter().filter_map(|name| told(name, &known)).collect()
}

/// A service called `backlot` puts such names into every pod.
fn is_of_kubernetes(name: &str) -> bool {
    name == "BACKLOT_PORT"
        || name.starts_with("BACKLOT_PORT_")
        || name.starts_with("BACKLOT_SERVICE_")
}

fn told(name: &str, known: &BTreeSet<String>) -> Option<ConfigProblem> {
    if let Some(new) = renamed::variable(name) {
        return Some(ConfigProblem {
            origin: Some(Origin::Variable(name.to_owned())),
            key: String::new(),
            cause: format!("the variable was renamed to {new}"),
            remedy: Some(format!("set {new}, which has the same meaning")),
        });
    }
    let nearest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(candidate, name), candidate))
        .min();
    let near = nearest.filter(|(distance, candidate)| *distance <= NEAR.max(candidate.len() / 6));
    let is_ours = name.starts_with("BACKLOT_");
    // Other names may belong to other programs, unless they differ from ours by a letter or two only.
    let near = near.filter(|(distance, _)| is_ours || *distance <= 2);
    if near.is_none() && !is_ours {
        return None;
    }
    Some(ConfigProblem {
        origin: Some(Origin::Variable(name.to_owned())),
        key: String::new(),
        cause: "unknown variable".to_owned(),
        remedy: Some(match near {
            Some((_, nearest)) => format!("did you mean {nearest}?"),
            None => "docs/configuration.md names the variable of each key".to_owned(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_told_with_the_nearest_name() {
        for (name, nearest) in [
            ("BACKLOT_SERVR_LISTEN", "BACKLOT_SERVER_LISTEN"),
            ("BACKLOT_SERVER_LISTEN_", "BACKLOT_SERVER_LISTEN"),
            ("BACKLOT_CORS_ORIGIN", "BACKLOT_CORS_ORIGINS"),
            ("BACKLOT_DATABSE_URL", "BACKLOT_DATABASE_URL"),
            ("BACKLOT_API_0_PTH", "BACKLOT_API_0_PATH"),
            ("BACKLOTT_SERVER_LISTEN", "BACKLOT_SERVER_LISTEN"),
            ("WIX_CLIENT_SECRT", "WIX_CLIENT_SECRET"),
        ] {
            let told = misspelt(std::iter::once(name.to_owned()));
            let [problem] = &told[..] else {
                unreachable!("{name}")
            };
            let text = problem.to_string();
            assert!(text.contains(&format!("did you mean {nearest}?")), "{text}");
        }
        let strange = misspelt(std::iter::once("BACKLOT_QUITE_SOMETHING_ELSE".to_owned()));
        assert_eq!(strange.len(), 1);
        for fine in [
            "BACKLOT_SERVER_LISTEN",
            "BACKLOT_API_0_PATH",
            "BACKLOT_PORT_8080_TCP_ADDR",
            "BACKLOT_SERVICE_HOST",
            "WIX_CLIENT_ID",
            "WIX_API_KEY",
            "PATH",
        ] {
            let told = misspelt(std::iter::once(fine.to_owned()));
            assert_eq!(told, [], "{fine}");
        }
    }
}
