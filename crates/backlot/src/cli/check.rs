//! `backlot check`: whether the configuration is good, and what the files of collections would change. All that is
//! found is reported together, and any finding ends it with 1.

use std::io::Write as _;

use super::arguments::Check;
use super::configured::Configured;
use super::{environment, misspelt_variables, runtime};
use crate::collections::Plan;
use crate::config::{ConfigError, ConfigProblem, Mode};
use crate::secrets::{give_secrets, missing_secrets};
use crate::user_error::user_error;

pub(super) fn run(arguments: &Check) -> anyhow::Result<()> {
    let mut configured = Configured::read(&arguments.config)?;
    let runtime = runtime()?;
    let mut errors = ConfigError(misspelt_variables());
    let mut out = std::io::stdout();
    let data = configured.data_path().to_owned();
    tell_folder(&configured, arguments)?;
    let is_later = configured.database.is_of_an_earlier_program();

    // The master key first: secrets are read with it.
    if let Err(problem) = runtime.block_on(check_master_key(&configured, is_later)) {
        errors.0.push(problem);
    } else if !is_later {
        let given = give_secrets(&mut configured.source, &data, &environment);
        if let Err(error) = runtime.block_on(given) {
            errors.0.push(plain(error.to_string()));
        }
        let missing = missing_secrets(&configured.source, &data);
        match runtime.block_on(missing) {
            Ok(missing) => errors.0.extend(missing),
            Err(error) => errors.0.push(plain(error.to_string())),
        }
    }
    // What only production needs may be missing on a developer's machine; all else is checked.
    let has_app = configured.source.parse()?.app.id.is_some();
    let mode = if arguments.production || has_app {
        Mode::Serve
    } else {
        Mode::Dev
    };
    let checked = crate::config::check(
        &configured.source,
        mode,
        &data,
        &environment,
        arguments.production,
    );
    match checked {
        Ok(checked) => {
            for warning in checked.warnings {
                writeln!(out, "warning: {warning}")?;
            }
            for note in checked.notes {
                writeln!(out, "note: {note}")?;
            }
            for skipped in checked.skipped {
                writeln!(out, "not checked: {skipped}")?;
            }
        }
        Err(problems) => {
            // A missing secret is reported once.
            let is_new = |problem: &ConfigProblem| {
                errors
                    .0
                    .iter()
                    .all(|it| it.key != problem.key || it.key.is_empty())
            };
            let new: Vec<ConfigProblem> = problems.0.into_iter().filter(is_new).collect();
            errors.0.extend(new);
        }
    }
    let plan = compare(&configured, is_later, &runtime, &mut errors)?;
    write!(out, "{plan}")?;
    // A database that does not answer is met in several checks.
    let mut told: Vec<ConfigProblem> = Vec::new();
    for problem in errors.0 {
        if !told.contains(&problem) {
            told.push(problem);
        }
    }
    let errors = ConfigError(told);
    if !errors.0.is_empty() {
        return Err(errors.into());
    }
    verdict(&plan, configured.flags())?;
    writeln!(out, "the configuration is good")?;
    Ok(())
}

/// Says which data is looked at, and how the data of `backlot dev` is.
fn tell_folder(configured: &Configured, arguments: &Check) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "data folder: {}", configured.data_path().display())?;
    if let Some((command, other)) = configured.data().other()
        && command == "dev"
        && !other.is_used()
        && arguments.config.data.is_none()
    {
        let other = other.path().display();
        writeln!(
            out,
            "note: `backlot {command}` keeps its own data and secrets in {other}: `backlot check --data {other}`"
        )?;
    }
    Ok(())
}

/// What the files of collections change.
fn compare(
    configured: &Configured,
    is_later: bool,
    runtime: &tokio::runtime::Runtime,
    errors: &mut ConfigError,
) -> anyhow::Result<Plan> {
    let mut out = std::io::stdout();
    let files = match configured.collections() {
        Ok(files) => Some(files),
        Err(error) => {
            match error.downcast::<ConfigError>() {
                Ok(problems) => errors.0.extend(problems.0),
                Err(error) => errors.0.push(plain(error.to_string())),
            }
            None
        }
    };
    let mut plan = Plan::default();
    match files {
        None => {}
        Some(files) if !configured.database.exists() => {
            for file in &files {
                writeln!(out, "{}: new", file.definition.id)?;
            }
        }
        Some(_) if is_later => writeln!(
            out,
            "not checked: what the files of collections change: the database {} is of an earlier version, and the next \
             start brings it up to this one",
            configured.database
        )?,
        Some(files) => {
            let compared = runtime.block_on(async {
                let store = configured.open().await?;
                anyhow::Ok(Plan::make(&store, &files).await?)
            });
            match compared {
                Ok(changes) => plan = changes,
                Err(error) => errors.0.push(plain(error.to_string())),
            }
        }
    }
    Ok(plan)
}

/// Something that is wrong, and stands at no line.
fn plain(cause: String) -> ConfigProblem {
    ConfigProblem {
        origin: None,
        key: String::new(),
        cause,
        remedy: None,
    }
}

/// Whether the master key is there, is one, and opens what is sealed.
async fn check_master_key(configured: &Configured, is_later: bool) -> Result<(), ConfigProblem> {
    let place = configured
        .master_key()
        .map_err(|error| plain(error.to_string()))?;
    place.check().map_err(|error| plain(error.to_string()))?;
    if !configured.database.exists() || is_later {
        return Ok(());
    }
    let opened = async {
        let store = configured.open().await?;
        crate::secrets::unlock(&store, &place, false).await
    };
    opened
        .await
        .map(drop)
        .map_err(|error| plain(error.to_string()))
}

fn verdict(plan: &Plan, flags: &str) -> anyhow::Result<()> {
    if plan.breaks() {
        return Err(user_error(
            "the files of collections cannot be applied: items break their new rules\n  hint: every line that says \
             \"refused\" names what to mend first",
        ));
    }
    if plan.loses() {
        return Err(user_error(format!(
            "the files of collections are not applied by a start: data would be lost\n  hint: `backlot migrate{flags}` asks, \
             and applies them then"
        )));
    }
    Ok(())
}
